// SPDX-License-Identifier: Apache-2.0
// What `einloom run` prints: the results as a table, and for every cycle-level point where its cycles went.
// Contract: text only, the same for the same results (except for wall time).
#pragma once

#include <string>
#include <vector>

#include "experiments/experiment.hpp"
#include "experiments/point.hpp"

namespace einloom {

struct SpecTitle {
  std::string name, description;
};

// One table per spec, then the accounts and notes. Points without a result have no line.
[[nodiscard]] std::string results_table(const std::vector<SpecTitle>& titles, const std::vector<Point>& points,
                                        const std::vector<PointResult>& results);

// "24 points, 12 of them from out/results.sqlite".
[[nodiscard]] std::string closing_line(const Experiment& experiment, double wall_s, const std::string& store);

}  // namespace einloom
