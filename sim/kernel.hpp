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

struct RunOptions {
  bool fast_forward = true;
  std::int64_t step_until = 0;  // nothing is skipped before this cycle
  std::int64_t max_idle_cycles = kMaxIdleCycles;
};

// Runs to the end. UserError when nothing can go on although statements have instances left (deadlock), or when nothing
// has gone on for `max_idle_cycles` (no-progress).
[[nodiscard]] RunResult run_machine(RunState& run, const RunOptions& options);

}  // namespace einloom
