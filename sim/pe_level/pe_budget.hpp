// SPDX-License-Identifier: Apache-2.0
// Is a run small enough to step every PE in every cycle? Its cost is known before: PEs times cycles, and no run takes
// fewer cycles than its bounds.
#pragma once

#include <vector>

#include "arch/machine.hpp"
#include "mappings/program.hpp"
#include "sim/report.hpp"

namespace einloom {

// About ten minutes of stepping without values.
inline constexpr double kPeCycleBudget = 3e11;

// UserError: pe-too-large when PEs · bound exceeds the budget.
void check_pe_budget(const Program& program, const Machine& machine, const std::vector<Bound>& bounds, double budget);

}  // namespace einloom
