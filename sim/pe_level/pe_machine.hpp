// SPDX-License-Identifier: Apache-2.0
// Fidelity pe: every array at the level of PEs, cycle by cycle. The corner of each array decides as at tile level what
// to issue; what it waits for is news that arrives from PEs, edges and moves, never a latency of the Program.
#pragma once

#include "sim/kernel.hpp"
#include "sim/pe_level/value_layer.hpp"

namespace einloom {

struct PeRunResult {
  RunResult run;
  std::vector<std::int64_t> busy_pe_cycles;  // by array, counted one by one
  std::int64_t pe_cycles = 0;                // stepped: PEs · cycles, all arrays
  std::size_t most_unloading = 0;            // tiles that left one array at the same time
};

// Runs to the end. The observer hears of starts and ends when an operation's end has been seen at PE(0, 0), and of
// moves as at tile level. `values` may be nullptr. News of the dependence `hurried` arrives one cycle early: tests show
// with it that nothing could start earlier. UserError (deadlock); InternalError when a PE lacks what it needs.
[[nodiscard]] PeRunResult run_pe_machine(RunState& run, const Cascade& cascade, const StartObserver& observer,
                                         ValueLayer* values, int hurried = -1);

}  // namespace einloom
