// SPDX-License-Identifier: Apache-2.0
// Results against those of a baseline configuration at the same model, axes, fidelity and stage (`compare` in specs).
// Contract: a line without its counterpart has no comparison; a total is compared with all that the baseline does.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/result_lines.hpp"
#include "experiments/spec.hpp"

namespace einloom {

struct BaselineRatios {
  double speedup = 0;                         // baseline's latency / own
  double energy_ratio = 0;                    // own / baseline's, registers of every PE
  double energy_one_pe_registers_ratio = 0;   // registers of one PE of each array
  double energy_uniform_registers_ratio = 0;  // registers of every PE, idle ones charged like busy ones
};

// One per line; unset where the spec compares nothing, the baseline has no result, or a ratio is not finite.
[[nodiscard]] std::vector<std::optional<BaselineRatios>> compare_lines(const std::vector<Spec>& specs,
                                                                       const std::vector<ResultLine>& lines);

// "binding vs flat, waterfall: mean speed-up 6.70x, …" for each fidelity and configuration of the spec (of those
// with stages for `total`): arithmetic means over models and axes, and how many rows had nothing to be compared with.
// "" when the spec compares nothing.
[[nodiscard]] std::string comparison_text(const Spec& spec, const std::vector<ResultLine>& lines,
                                          const std::vector<std::optional<BaselineRatios>>& comparisons);

}  // namespace einloom
