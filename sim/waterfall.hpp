// SPDX-License-Identifier: Apache-2.0
// Fidelity `waterfall`: the plan's declared phases one after the other, each as long as its busiest array over the
// whole run (or DRAM, where a phase counts its own moves), plus declared stalls per tile; DRAM beside it. How TeAAL and
// FuseMax compute their published cycles.
#pragma once

#include <vector>

#include "mappings/estimate.hpp"
#include "sim/report.hpp"

namespace einloom {

// The phases in order; UserError (waterfall-no-phases) when the plan declares none.
[[nodiscard]] std::vector<PhaseReport> waterfall_phases(const Program& program, const Machine& machine,
                                                        const Totals& totals);

}  // namespace einloom
