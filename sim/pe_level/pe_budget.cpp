// SPDX-License-Identifier: Apache-2.0
#include "sim/pe_level/pe_budget.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/diagnostic.hpp"

namespace einloom {

namespace {

void check_has_no_instructions(const Program& program) {
  for (const Statement& statement : program.statements) {
    if (statement.instruction.empty()) continue;
    Diagnostic diagnostic;
    diagnostic.code = "pe-controller";
    diagnostic.message = fmt::format(
        "`{}` is issued by a controller as `{}`; what the PEs do inside an instruction is not modelled, so fidelity pe "
        "cannot step them",
        statement.name, statement.instruction);
    diagnostic.span = statement.span;
    diagnostic.with_help("use fidelity cycle");
    throw UserError(diagnostic);
  }
}

void check_has_one_kind_of_reduction(const Program& program) {
  for (const Statement& statement : program.statements) {
    if (statement.kind != StatementKind::operation || statement.variants.front().outer_operations.empty()) continue;
    Diagnostic diagnostic;
    diagnostic.code = "pe-nested-reductions";
    diagnostic.message = fmt::format(
        "`{}` reduces the results of another kind of reduction; fidelity pe steps PEs that do one of them at a time",
        statement.name);
    diagnostic.span = statement.span;
    diagnostic.with_help("split the Einsum in two, or use fidelity cycle");
    throw UserError(diagnostic);
  }
}

}  // namespace

void check_pe_budget(const Program& program, const Machine& machine, const std::vector<Bound>& bounds, double budget) {
  check_has_no_instructions(program);
  check_has_one_kind_of_reduction(program);
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
