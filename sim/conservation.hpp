// SPDX-License-Identifier: Apache-2.0
// Checks made after every run; each throws InternalError naming both sides. Operations done = required by the cascade;
// bytes into a memory = bytes the machine moved there; accounts = cycles; energy finite; cycles ≥ every bound;
// no memory holds more than its capacity.
#pragma once

#include "arch/machine.hpp"
#include "mappings/estimate.hpp"
#include "sim/report.hpp"

namespace einloom {

// `simulated` from the run's counters, `estimated` in closed form.
void check_conservation(const Program& program, const Machine& machine, const Totals& simulated,
                        const Totals& estimated, const Report& report);

}  // namespace einloom
