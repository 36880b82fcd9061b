// SPDX-License-Identifier: Apache-2.0
// What `einloom run` prints: the results as a table, and for every cycle-level point where its cycles went.
// Contract: text only, the same for the same results (except for wall time).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/baseline_ratios.hpp"
#include "experiments/experiment.hpp"
#include "experiments/result_lines.hpp"

namespace einloom {

// One table per spec, then its accounts, checks and comparisons. The accounts leave totals out.
[[nodiscard]] std::string results_table(const std::vector<Spec>& specs, const std::vector<ResultLine>& all,
                                        const std::vector<std::optional<BaselineRatios>>& comparisons);

// "24 points in 3.2 s, 12 of them from out/results.sqlite", then how fast the others were computed.
[[nodiscard]] std::string closing_lines(const Experiment& experiment, double wall_s, const std::string& store);

}  // namespace einloom
