// SPDX-License-Identifier: Apache-2.0
// Program + Machine + Options → Report, a pure call: the door of sim/.
// Every call elaborates SystemC in a context of its own.
#pragma once

#include "arch/machine.hpp"
#include "base/dtype.hpp"
#include "mappings/program.hpp"
#include "sim/kernel.hpp"
#include "sim/pe_level/pe_budget.hpp"
#include "sim/report.hpp"
#include "sim/units.hpp"

namespace einloom {

class ValueLayer;

struct SimulationOptions {
  Fidelity fidelity = Fidelity::cycle;
  bool fast_forward = true;
  StartObserver observer{};               // told about every start; sees all of them only without fast-forward
  std::vector<RunListener*> listeners{};  // of fidelity cycle
  std::int64_t step_until = 0;            // fast-forward leaves the cycles before this one alone
  std::int64_t max_idle_cycles = kMaxIdleCycles;
  const Cascade* cascade = nullptr;         // fidelity pe needs it: the one the Program was lowered from
  ValueLayer* values = nullptr;             // fidelity pe: carries values; nullptr: timing only
  double pe_cycle_budget = kPeCycleBudget;  // fidelity pe: PEs · cycles at most
};

// InternalError when a conservation check fails; UserError (deadlock, no-progress, waterfall-no-phases, pe-too-large)
// when the plan cannot run.
[[nodiscard]] Report simulate(const Program& program, const Machine& machine, const SimulationOptions& options);

}  // namespace einloom
