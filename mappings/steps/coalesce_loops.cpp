// SPDX-License-Identifier: Apache-2.0
// Adjacent loops that nothing tells apart become one: every statement inside acts in every iteration of both, no extent
// shrinks in their last iteration, no value and no slot crosses from one iteration to the next. Fewer levels, same run.
#include <algorithm>

#include "mappings/steps/lowering.hpp"

namespace einloom {
namespace {

// Position of a loop in a path, -1 when absent.
int place(const std::vector<int>& path, int loop) {
  const auto found = std::find(path.begin(), path.end(), loop);
  return found == path.end() ? -1 : static_cast<int>(found - path.begin());
}

bool shrinks_last(Lowering& lowering, int loop) {
  for (const auto& [variable, dimension] : lowering.dimensions) {
    for (const std::string& name : dimension.last_when) {
      if (lowering.loop(loop).digits.back().variable == name) return true;
    }
  }
  return false;
}

bool carries_state(Lowering& lowering, int loop) {
  const std::string& variable = lowering.loop(loop).digits.back().dimension;
  for (const TensorDecl& tensor : lowering.cascade.tensors()) {
    if (!tensor.iterative_rank.empty() && variable_of_rank(tensor.iterative_rank) == variable) return true;
  }
  const auto named = [&](const Name& name) { return lowering.loop(loop).digits.back().variable == name.text; };
  const auto crosses = [&](const Keep& keep) {
    return std::any_of(keep.across.begin(), keep.across.end(), named) ||
           std::any_of(keep.refetch.begin(), keep.refetch.end(), named);
  };
  return std::any_of(lowering.plan.keeps.begin(), lowering.plan.keeps.end(), [&](const Keep& keep) {
    return crosses(keep) || std::any_of(keep.reload.begin(), keep.reload.end(), crosses);
  });
}

// Whoever reads it in another nest waits for all of it, whatever the loops there.
bool goes_through_dram(const Lowering& lowering, const std::string& tensor) {
  const Placement* placement = lowering.placement(tensor);
  return placement != nullptr && placement->reload != nullptr;
}

// Do points drop out by this loop's index? Then it has tiles of its own to pass over.
bool has_predicate(Lowering& lowering, int loop) {
  for (std::size_t e = 0; e < lowering.cascade.einsums().size(); ++e) {
    const std::vector<std::string> variables = lowering.cascade.einsums()[e].variables();
    for (const Constraint& constraint :
         absent_constraints(lowering.cascade, static_cast<int>(e), lowering.program.shape)) {
      for (std::size_t v = 0; v < variables.size(); ++v) {
        if (constraint.form.coefficients[v] != 0 && lowering.advances(loop, variables[v])) return true;
      }
    }
    for (const Comparison& comparison : lowering.cascade.domain(static_cast<int>(e))) {
      if (!is_data_predicate(comparison) || !lowering.known || !lowering.known->knows(comparison)) continue;
      for (const IndexExpression* side : {&comparison.left, &comparison.right}) {
        for (const std::string& variable : side->variables()) {
          if (lowering.advances(loop, variable)) return true;
        }
      }
    }
  }
  return false;
}

bool is_plain(Lowering& lowering, int loop) {
  if (shrinks_last(lowering, loop) || carries_state(lowering, loop)) return false;
  if (lowering.loop(loop).growth || lowering.program.growing_child(loop) >= 0) return false;
  if (lowering.plan.empty_tiles == EmptyTiles::skip && has_predicate(lowering, loop)) return false;
  for (const Statement& statement : lowering.program.statements) {
    const int at = place(statement.loops, loop);
    if (at < 0) continue;
    if (statement.guards[static_cast<std::size_t>(at)] != Guard::every) return false;
    if (statement.kind != StatementKind::operation) continue;
    for (const Reduction& reduction : lowering.einsum(statement).reductions) {
      if (lowering.advances(loop, reduction.variable)) return false;
    }
    if (lowering.scatters_over(statement, loop)) return false;
    for (const Access* access : lowering.accesses(statement)) {
      const auto producer = lowering.statement_of.find(access->tensor);
      if (producer == lowering.statement_of.end() || goes_through_dram(lowering, access->tensor)) continue;
      const Statement& writer = lowering.program.statements[static_cast<std::size_t>(producer->second)];
      if (place(writer.loops, loop) < 0) return false;  // reads across nests
    }
  }
  for (const Statement& statement : lowering.program.statements) {  // read by another nest?
    if (statement.kind != StatementKind::operation || place(statement.loops, loop) >= 0) continue;
    for (const Access* access : lowering.accesses(statement)) {
      const auto producer = lowering.statement_of.find(access->tensor);
      if (producer == lowering.statement_of.end() || goes_through_dram(lowering, access->tensor)) continue;
      if (place(lowering.program.statements[static_cast<std::size_t>(producer->second)].loops, loop) >= 0) return false;
    }
  }
  return true;
}

// The only thing directly inside `outer` is `inner`.
bool is_only_child(Lowering& lowering, int outer, int inner) {
  for (std::size_t i = 0; i < lowering.program.loops.size(); ++i) {
    if (lowering.program.loops[i].parent == outer && static_cast<int>(i) != inner) return false;
  }
  for (const Statement& statement : lowering.program.statements) {
    if (!statement.loops.empty() && statement.loops.back() == outer) return false;
  }
  return true;
}

void merge(Lowering& lowering, int outer, int inner) {
  ProgramLoop& kept = lowering.loop(outer);
  const ProgramLoop gone = lowering.loop(inner);
  kept.digits.insert(kept.digits.end(), gone.digits.begin(), gone.digits.end());
  kept.trip *= gone.trip;
  kept.volume = gone.volume;
  for (ProgramLoop& loop : lowering.program.loops) {
    if (loop.parent == inner) loop.parent = outer;
  }
  for (Statement& statement : lowering.program.statements) {
    const int at = place(statement.loops, inner);
    if (at < 0) continue;
    statement.loops.erase(statement.loops.begin() + at);
    statement.guards.erase(statement.guards.begin() + at);
  }
  // Close the gap in the numbering.
  lowering.program.loops.erase(lowering.program.loops.begin() + inner);
  const auto renumber = [&](int& loop) { loop -= loop > inner ? 1 : 0; };
  for (ProgramLoop& loop : lowering.program.loops) renumber(loop.parent);
  for (Statement& statement : lowering.program.statements) {
    for (int& loop : statement.loops) renumber(loop);
  }
}

}  // namespace

void coalesce_loops(Lowering& lowering) {
  for (int inner = static_cast<int>(lowering.program.loops.size()) - 1; inner > 0; --inner) {
    const int outer = lowering.loop(inner).parent;
    if (outer < 0 || !is_only_child(lowering, outer, inner)) continue;
    if (is_plain(lowering, outer) && is_plain(lowering, inner)) merge(lowering, outer, inner);
  }
}

}  // namespace einloom
