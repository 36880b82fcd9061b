// SPDX-License-Identifier: Apache-2.0
// How `grow` finds its value: multiply, look, and again, until the formula is no longer negative.
// Contract: the start is tried first; at most kMostGrowthSteps multiplications.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "arch/machine.hpp"
#include "base/diagnostic.hpp"
#include "experiments/formulas.hpp"
#include "experiments/named_values.hpp"
#include "mappings/program.hpp"

namespace einloom {

inline constexpr int kMostGrowthSteps = 40;

// What happens with the place at some value.
struct GrowthTrial {
  std::optional<double> until;     // the formula's value
  std::vector<Diagnostic> misfit;  // why the plan does not fit, when there is none
};
using TryGrowth = std::function<GrowthTrial(const std::string& value)>;

// The first value, from `start` on, that is large enough, written with the unit of `start`; `at_most` when it is not
// but fits. UserError grow-gives-up, grow-value (`start` is no number).
[[nodiscard]] std::string grown_value(const Growth& growth, const std::string& start, const TryGrowth& attempt);

// Runs `lower`. `until` is evaluated with `values` and, of the Program in closed form: `dram_cycles`, `<array>_cycles`
// (issue slots in use) and `<memory>_bytes` (read and written). Only errors about capacity are misfits; others are
// thrown.
[[nodiscard]] GrowthTrial try_growth(const Growth& growth, NamedValues values, const Machine& machine,
                                     const std::function<Program()>& lower);

}  // namespace einloom
