// SPDX-License-Identifier: Apache-2.0
// Fewer passes over a rank by the facts about operators alone: scalings deferred, then, if a pass is left over, the
// rank partitioned and its reductions made running ones; where that is not enough, the same after values at points were
// made by themselves and sums exchanged. A step that saves no pass is not taken.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "einsum/cascade.hpp"
#include "einsum/transforms/partition_rank.hpp"

namespace einloom::transforms {

struct PassStep {
  std::string transform;  // `defer:M`, `partition:M`, `running:M`
  int passes = 0;         // over the rank, afterwards
};

struct FewerPasses {
  Cascade cascade;
  int before = 0, after = 0;
  std::vector<PassStep> steps;
  // Why a pass is left: a sentence for each Einsum that must wait; empty after 1 pass.
  std::vector<std::string> forbidden;
  // For each pass that is left, from the second on: the chain of Einsums that forces it.
  std::vector<std::string> chains;
};

// UserError transform-impossible when there is no such rank.
[[nodiscard]] FewerPasses minimize_passes(const Cascade& cascade, const std::string& rank,
                                          std::int64_t tile = kDefaultTile);

}  // namespace einloom::transforms
