// SPDX-License-Identifier: Apache-2.0
// Phases of the plan → statements by array; every Einsum in exactly one phase, on the array it is bound to.
#include <fmt/format.h>

#include <set>

#include "base/suggest.hpp"
#include "mappings/steps/lowering.hpp"

namespace einloom {

namespace {

// Loads of the bodies that the phase's Einsums stand in, and stores of their results.
std::vector<int> moves_of(const Program& program, const ProgramPhase& phase) {
  std::vector<int> moves;
  for (std::size_t m = 0; m < program.statements.size(); ++m) {
    const Statement& move = program.statements[m];
    if (move.kind == StatementKind::operation) continue;
    bool own = false;
    for (const std::vector<int>& statements : phase.statements_by_array) {
      for (int s : statements) {
        const Statement& operation = program.statements[static_cast<std::size_t>(s)];
        own = own || (operation.loops == move.loops && operation.body_offset == move.body_offset);
      }
    }
    if (own) moves.push_back(static_cast<int>(m));
  }
  return moves;
}

}  // namespace

void read_phases(Lowering& lowering) {
  if (lowering.plan.phases.empty()) return;
  std::set<std::string> seen;
  for (const Phase& phase : lowering.plan.phases) {
    ProgramPhase result;
    result.statements_by_array.resize(lowering.machine.arrays.size());
    for (const auto& [array_name, einsums] : phase.arrays) {
      const int array = lowering.array_index(array_name);
      if (array < 0) {
        std::vector<std::string> names;
        for (const PeArray& known : lowering.machine.arrays) names.push_back(known.name);
        lowering.diagnostics
            .error("array-unknown", phase.span,
                   fmt::format("machine `{}` has no array `{}`", lowering.machine.name, array_name))
            .with_help(suggestion(array_name, names));
        for (const Name& name : einsums) seen.insert(name.text);  // they do have a phase
        continue;
      }
      for (const Name& name : einsums) {
        const auto statement = lowering.statement_of.find(name.text);
        if (statement == lowering.statement_of.end()) {
          std::vector<std::string> names;
          for (const auto& [known, index] : lowering.statement_of) names.push_back(known);
          lowering.diagnostics.error("einsum-unknown", name.span, fmt::format("no nest runs an Einsum `{}`", name.text))
              .with_help(suggestion(name.text, names));
          continue;
        }
        if (!seen.insert(name.text).second) {
          lowering.diagnostics.error(
              "phase-repeated", name.span,
              fmt::format("`{}` is in a phase already; every Einsum belongs to exactly one", name.text));
        }
        const int bound = lowering.program.statements[static_cast<std::size_t>(statement->second)].array;
        if (bound != array) {
          lowering.diagnostics.error(
              "phase-other-array", name.span,
              fmt::format("`{}` is bound to `{}`, not to `{}`", name.text, lowering.array(bound).name, array_name));
          continue;
        }
        result.statements_by_array[static_cast<std::size_t>(array)].push_back(statement->second);
      }
    }
    if (phase.stall_cycles) {
      result.stall_cycles = lowering.evaluate_count(*phase.stall_cycles, "`stall`", 0).value_or(0);
    }
    if (phase.with_dram) result.moves = moves_of(lowering.program, result);
    lowering.program.phases.push_back(result);
  }
  for (const auto& [name, statement] : lowering.statement_of) {
    if (seen.count(name) != 0) continue;
    lowering.diagnostics
        .error("phase-missing", lowering.plan.phases.front().span, fmt::format("`{}` is in no phase", name))
        .with_help("every Einsum belongs to exactly one phase; or leave `phases` out");
  }
  lowering.diagnostics.throw_if_any();
}

}  // namespace einloom
