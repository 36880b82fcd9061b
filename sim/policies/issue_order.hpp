// SPDX-License-Identifier: Apache-2.0
// Which ready operation an array starts. oldest_first: the earliest iteration, then the plan's order.
// listed_first: the plan's order alone. Candidates are offered in the plan's order.
#pragma once

#include <cstdint>

#include "mappings/plan.hpp"

namespace einloom {

// Should `candidate_iteration` replace the best one so far?
[[nodiscard]] inline bool goes_first(IssueOrder order, std::int64_t candidate_iteration, std::int64_t best_iteration) {
  return order == IssueOrder::oldest_first && candidate_iteration < best_iteration;
}

}  // namespace einloom
