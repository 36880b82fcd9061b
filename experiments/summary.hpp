// SPDX-License-Identifier: Apache-2.0
// What `einloom run` prints: the results as a table, and for every cycle-level point where its cycles went.
// Contract: text only, the same for the same results (except for wall time).
#pragma once

#include <string>
#include <vector>

#include "experiments/experiment.hpp"
#include "experiments/result_lines.hpp"

namespace einloom {

struct SpecTitle {
  std::string name, description;
};

// One table per spec, then the accounts and notes. The accounts leave totals out.
[[nodiscard]] std::string results_table(const std::vector<SpecTitle>& titles, const std::vector<ResultLine>& all);

// "24 points, 12 of them from out/results.sqlite".
[[nodiscard]] std::string closing_line(const Experiment& experiment, double wall_s, const std::string& store);

}  // namespace einloom
