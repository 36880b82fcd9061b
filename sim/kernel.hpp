// SPDX-License-Identifier: Apache-2.0
// Runs a program on the SystemC model of a machine. kernel.cpp is the only file that touches SystemC globals: every run
// gets a fresh simulation context.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/units.hpp"

namespace einloom {

struct RunResult {
  std::int64_t cycles = 0;
  std::vector<std::int64_t> first_start, last_end;  // by array
};

// Runs to the end. UserError (deadlock) when nothing can go on although statements have instances left.
[[nodiscard]] RunResult run_machine(RunState& run, bool fast_forward, const StartObserver& observer);

}  // namespace einloom
