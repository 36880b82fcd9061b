// SPDX-License-Identifier: Apache-2.0
#include "sim/waterfall.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/diagnostic.hpp"

namespace einloom {

std::vector<PhaseReport> waterfall_phases(const Program& program, const Machine& machine, const Totals& totals) {
  if (program.phases.empty()) {
    Diagnostic diagnostic;
    diagnostic.code = "waterfall-no-phases";
    diagnostic.message = fmt::format("plan `{}` declares no phases; fidelity waterfall adds up phases", program.plan);
    diagnostic.span = program.statements.front().span;
    diagnostic.with_help("add `phases` to the plan, or use fidelity cycle");
    throw UserError(diagnostic);
  }
  std::vector<PhaseReport> phases;
  for (const ProgramPhase& phase : program.phases) {
    PhaseReport longest;
    for (std::size_t a = 0; a < phase.statements_by_array.size(); ++a) {
      PhaseReport side;
      side.what = program.arrays[a];
      for (int statement : phase.statements_by_array[a]) {
        side.what +=
            (side.cycles.value() == 0 ? " " : " + ") + program.statements[static_cast<std::size_t>(statement)].name;
        side.cycles += Cycles(totals.busy_cycles[static_cast<std::size_t>(statement)]);
      }
      if (side.cycles > longest.cycles) longest = side;
    }
    if (!phase.moves.empty()) {
      double bytes = 0;
      int channel = -1;
      for (int move : phase.moves) {
        const Statement& statement = program.statements[static_cast<std::size_t>(move)];
        channel = statement.kind == StatementKind::load ? statement.from : statement.to;
        for (std::size_t v = 0; v < statement.variants.size(); ++v) {
          bytes += static_cast<double>(totals.instances[static_cast<std::size_t>(move)][v]) *
                   static_cast<double>(statement.variants[v].move_bytes);
        }
      }
      const Memory& dram = machine.memories[static_cast<std::size_t>(channel)];
      const Cycles cycles(static_cast<std::int64_t>(std::ceil(bytes * machine.clock.value() / dram.bandwidth.value())));
      if (cycles > longest.cycles) longest = {dram.name, cycles, Cycles(0)};
    }
    longest.stall = Cycles(phase.stall_cycles * program.iterations);
    phases.push_back(longest);
  }
  return phases;
}

}  // namespace einloom
