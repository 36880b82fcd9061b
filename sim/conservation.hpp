// SPDX-License-Identifier: Apache-2.0
// Checks made after every run; each throws InternalError naming both sides. Operations done = required by the cascade;
// bytes into a memory = bytes the machine moved there; accounts = cycles; energy finite; cycles ≥ every bound.
#pragma once

#include "mappings/estimate.hpp"
#include "sim/report.hpp"

namespace einloom {

// `simulated` from the run's counters, `estimated` in closed form.
void check_conservation(const Program& program, const Totals& simulated, const Totals& estimated, const Report& report);

}  // namespace einloom
