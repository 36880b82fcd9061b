// SPDX-License-Identifier: Apache-2.0
#include "experiments/pareto.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace einloom {

namespace {

bool beats(const std::vector<double>& a, const std::vector<double>& b) {
  bool better = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) return false;
    better = better || a[i] < b[i];
  }
  return better;
}

// By the first cost, a point is on the front when its second is below those of all with a smaller first, and the least
// among those with the same first.
std::vector<bool> front_of_two(const std::vector<std::vector<double>>& costs) {
  const auto second = [&](std::size_t i) { return costs[i].size() > 1 ? costs[i][1] : 0; };
  std::vector<std::size_t> order(costs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(costs[a][0], second(a)) < std::pair(costs[b][0], second(b));
  });
  std::vector<bool> on_front(costs.size(), false);
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && costs[order[end]][0] == costs[order[begin]][0]) ++end;
    const double best = second(order[begin]);
    for (std::size_t i = begin; i < end; ++i) on_front[order[i]] = best < least && second(order[i]) == best;
    least = std::min(least, best);
  }
  return on_front;
}

}  // namespace

std::vector<bool> pareto_front(const std::vector<std::vector<double>>& costs) {
  if (costs.empty()) return {};
  if (costs.front().empty()) return std::vector<bool>(costs.size(), true);
  if (costs.front().size() <= 2) return front_of_two(costs);
  std::vector<bool> on_front(costs.size());
  for (std::size_t i = 0; i < costs.size(); ++i) {
    on_front[i] = std::none_of(costs.begin(), costs.end(), [&](const auto& other) { return beats(other, costs[i]); });
  }
  return on_front;
}

}  // namespace einloom
