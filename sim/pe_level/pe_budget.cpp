// SPDX-License-Identifier: Apache-2.0
#include "sim/pe_level/pe_budget.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/diagnostic.hpp"

namespace einloom {

void check_pe_budget(const Program& program, const Machine& machine, const std::vector<Bound>& bounds, double budget) {
  double pes = 0, cycles = 0;
  for (const PeArray& array : machine.arrays) pes += static_cast<double>(array.pes());
  for (const Bound& bound : bounds) cycles = std::max(cycles, bound.cycles);
  if (pes * cycles <= budget) return;
  Diagnostic diagnostic;
  diagnostic.code = "pe-too-large";
  diagnostic.message = fmt::format(
      "fidelity pe would step at least {:.2g} PE-cycles ({:.0f} PEs for {:.0f} cycles or more); it steps at most "
      "{:.2g}",
      pes * cycles, pes, cycles, budget);
  diagnostic.span = program.statements.front().span;
  diagnostic.with_help(fmt::format(
      "make it {:.0f} times smaller: smaller arrays (--set machine.parameters.dim=16), fewer b and h, shorter "
      "sequences; or use fidelity cycle, whose times are the same",
      std::ceil(pes * cycles / budget)));
  throw UserError(diagnostic);
}

}  // namespace einloom
