// SPDX-License-Identifier: Apache-2.0
// Energy = Σ actions × energy per action: memory accesses of the stated width, operations, and register accesses in two
// accountings (every PE's; one PE of each array, as FuseMax's evaluation does).
#pragma once

#include "arch/machine.hpp"
#include "mappings/estimate.hpp"
#include "sim/report.hpp"

namespace einloom {

[[nodiscard]] EnergyReport energy_of(const Program& program, const Machine& machine, const Totals& totals);

}  // namespace einloom
