// SPDX-License-Identifier: Apache-2.0
// The Program without time: can every instance start some day? Instances start in order, a started one always ends, and
// what an instance needs are counts, so the answer does not depend on durations or on who goes first.
// Contract: exact for the instances it comes to; a budget bounds how many these are.
#pragma once

#include <cstdint>
#include <vector>

#include "mappings/program.hpp"

namespace einloom {

// An instance and the dependence it waits for.
struct Wait {
  int statement = -1, dependence = -1;
  std::vector<std::int64_t> position;
};

// Enough for the first thousands of tiles of every plan; a plan that blocks itself mostly does so in its first ones.
inline constexpr std::int64_t kUntimedInstances = 1 << 16;

// Instances that wait for each other in a circle, each for the next; empty when the first `budget` instances, in an
// order that needs as few of them at once as possible, can all start.
[[nodiscard]] std::vector<Wait> find_circle(const Program& program, std::int64_t budget = kUntimedInstances);

}  // namespace einloom
