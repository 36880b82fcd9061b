// SPDX-License-Identifier: Apache-2.0
#include "sim/waterfall.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/diagnostic.hpp"

namespace einloom {

std::int64_t waterfall_cycles(const Program& program, const Totals& totals) {
  if (program.phases.empty()) {
    Diagnostic diagnostic;
    diagnostic.code = "waterfall-no-phases";
    diagnostic.message = fmt::format("plan `{}` declares no phases; fidelity waterfall adds up phases", program.plan);
    diagnostic.span = program.statements.front().span;
    diagnostic.with_help("add `phases` to the plan, or use fidelity cycle");
    throw UserError(diagnostic);
  }
  std::int64_t cycles = 0;
  for (const ProgramPhase& phase : program.phases) {
    std::int64_t longest = 0;
    for (const std::vector<int>& statements : phase.statements_by_array) {
      std::int64_t busy = 0;
      for (int statement : statements) busy += totals.busy_cycles[static_cast<std::size_t>(statement)];
      longest = std::max(longest, busy);
    }
    cycles += longest + phase.stall_cycles * program.iterations;
  }
  return cycles;
}

}  // namespace einloom
