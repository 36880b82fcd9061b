// SPDX-License-Identifier: Apache-2.0
// Counting in loop trees where a loop's trip count grows with the index of the loop around it (TripGrowth), in closed
// form. A statement inside such a loop acts in every iteration of the one around it.
#pragma once

#include <cstdint>
#include <vector>

#include "mappings/program.hpp"

namespace einloom {

// sum of floor((slope * x + base) / divisor) over 0 <= x < count; slope, base >= 0.
[[nodiscard]] std::int64_t floor_sum(std::int64_t count, std::int64_t slope, std::int64_t base, std::int64_t divisor);

// Positions along some of a statement's effective loops, and their numbers in order.
class LevelSpace {
 public:
  LevelSpace(const Program& program, const Statement& statement);  // all of them
  // `levels`: positions in `effective`, ascending; a growing loop's parent is there where the loop is.
  LevelSpace(const Program& program, const Statement& statement, const std::vector<int>& levels);

  [[nodiscard]] std::int64_t count() const { return count(std::vector<char>(trips_.size(), 0)); }
  // Positions where every pinned level is at its last index of all (a growing loop: that of its full trip).
  [[nodiscard]] std::int64_t count(const std::vector<char>& pinned) const;
  [[nodiscard]] std::int64_t index(const std::int64_t* digits) const;
  void digits(std::int64_t index, std::int64_t* digits) const;
  // Trips of a level where the levels before it are at `digits`.
  [[nodiscard]] std::int64_t trip(std::size_t level, const std::int64_t* digits) const {
    return growing_ > 0 && level == growing_ ? loop_->trip_at(digits[level - 1]) : trips_[level];
  }

 private:
  std::vector<std::int64_t> trips_;
  std::size_t growing_ = 0;  // level of the growing loop, behind its parent's; 0: none
  const ProgramLoop* loop_ = nullptr;
};

// Program::iteration_of and Program::instances_within where a loop grows.
[[nodiscard]] std::int64_t iteration_in_growing(const Program& program, const Statement& statement,
                                                const std::vector<std::int64_t>& position);
[[nodiscard]] std::int64_t instances_within_growing(const Program& program, const Statement& statement,
                                                    std::int64_t executions);

// needed_instances where a loop grows, for data and slots.
[[nodiscard]] std::int64_t needed_in_growing(const Program& program, const Dependence& edge,
                                             const std::vector<std::int64_t>& position);

}  // namespace einloom
