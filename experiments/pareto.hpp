// SPDX-License-Identifier: Apache-2.0
// Which of many points no other point beats.
// Contract: a point is on the front when no other is at least as good in every objective and better in one; equal
// points are on it together.
#pragma once

#include <vector>

namespace einloom {

// `costs[i]` are the objectives of point i, smaller is better, all equally many and finite. One flag per point.
// O(n log n) for one or two objectives, O(n²) otherwise.
[[nodiscard]] std::vector<bool> pareto_front(const std::vector<std::vector<double>>& costs);

}  // namespace einloom
