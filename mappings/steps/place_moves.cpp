// SPDX-License-Identifier: Apache-2.0
// Kept inputs → a load in every body that reads them; outputs → a store behind the Einsum that writes them.
#include <fmt/format.h>

#include <algorithm>

#include "base/suggest.hpp"
#include "mappings/steps/lowering.hpp"

namespace einloom {
namespace {

bool same_body(const Statement& a, const Statement& b) { return a.loops == b.loops && a.body_offset == b.body_offset; }

bool names_loop(const std::vector<Name>& names, const ProgramLoop& loop) {
  return std::any_of(names.begin(), names.end(),
                     [&](const Name& name) { return name.text == loop.digits.front().variable; });
}

// A tile is fetched once per combination of the loops that index it and of those around them; loops inside reuse it,
// and so do those the plan keeps it across.
std::vector<Guard> load_guards(Lowering& lowering, const std::string& tensor, const Keep& keep,
                               const std::vector<const Statement*>& readers) {
  const Statement& first = *readers.front();
  const std::vector<std::string> indices = index_variables(*access_to(lowering.einsum(first), tensor));
  std::vector<bool> indexing;
  int deepest = -1;
  for (std::size_t i = 0; i < first.loops.size(); ++i) {
    const bool advances = std::any_of(indices.begin(), indices.end(), [&](const std::string& variable) {
      return lowering.advances(first.loops[i], variable);
    });
    indexing.push_back(advances);
    if (advances) deepest = static_cast<int>(i);
  }
  std::vector<Guard> guards;
  for (std::size_t i = 0; i < first.loops.size(); ++i) {
    const auto all_readers = [&](Guard guard) {
      return std::all_of(readers.begin(), readers.end(), [&](const Statement* s) { return s->guards[i] == guard; });
    };
    if (all_readers(Guard::last)) {
      guards.push_back(Guard::last);
    } else if (all_readers(Guard::first)) {
      guards.push_back(Guard::first);
    } else if (indexing[i]) {
      guards.push_back(Guard::every);
    } else if (static_cast<int>(i) > deepest || names_loop(keep.across, lowering.loop(first.loops[i]))) {
      guards.push_back(Guard::first);
    } else {
      guards.push_back(Guard::every);
    }
  }
  return guards;
}

Statement make_move(Lowering& lowering, StatementKind kind, const std::string& tensor, const Keep& keep,
                    const Statement& model, std::vector<Guard> guards) {
  Statement move;
  move.kind = kind;
  move.name = (kind == StatementKind::load ? "load " : "store ") + tensor;
  move.tensor = lowering.tensor_index(tensor);
  const int memory = lowering.memory_index(keep.memory.text);
  move.from = kind == StatementKind::load ? lowering.dram() : memory;
  move.to = kind == StatementKind::load ? memory : lowering.dram();
  move.loops = model.loops;
  move.body_offset = model.body_offset;
  move.guards = std::move(guards);
  move.span = keep.tensor.span;
  return move;
}

void check_across(Lowering& lowering) {
  for (const Keep& keep : lowering.plan.keeps) {
    for (const Name& name : keep.across) {
      const bool known =
          std::any_of(lowering.program.loops.begin(), lowering.program.loops.end(),
                      [&](const ProgramLoop& loop) { return loop.digits.front().variable == name.text; });
      if (known) continue;
      std::vector<std::string> names;
      for (const ProgramLoop& loop : lowering.program.loops) names.push_back(loop.digits.front().variable);
      lowering.diagnostics.error("loop-unknown", name.span, fmt::format("no nest has a loop over `{}`", name.text))
          .with_help(suggestion(name.text, names));
    }
  }
}

}  // namespace

void place_moves(Lowering& lowering) {
  check_across(lowering);
  const std::vector<Statement> operations = std::move(lowering.program.statements);
  std::vector<Statement> placed;
  lowering.statement_of.clear();
  for (std::size_t begin = 0; begin < operations.size();) {
    std::size_t end = begin;
    while (end < operations.size() && same_body(operations[begin], operations[end])) ++end;
    for (const TensorDecl& tensor : lowering.cascade.tensors()) {
      if (tensor.role != TensorRole::input) continue;
      std::vector<const Statement*> readers;
      for (std::size_t i = begin; i < end; ++i) {
        if (access_to(lowering.einsum(operations[i]), tensor.name) != nullptr) readers.push_back(&operations[i]);
      }
      if (readers.empty()) continue;
      const Keep& keep = *lowering.keep_of.at(tensor.name);
      placed.push_back(make_move(lowering, StatementKind::load, tensor.name, keep, *readers.front(),
                                 load_guards(lowering, tensor.name, keep, readers)));
    }
    for (std::size_t i = begin; i < end; ++i) {
      lowering.statement_of[operations[i].name] = static_cast<int>(placed.size());
      placed.push_back(operations[i]);
    }
    for (std::size_t i = begin; i < end; ++i) {
      const std::string& name = operations[i].name;
      if (lowering.tensor(name).role != TensorRole::output) continue;
      std::vector<Guard> guards = operations[i].guards;
      const Einsum& einsum = lowering.einsum(operations[i]);
      for (std::size_t l = 0; l < guards.size(); ++l) {
        for (const Reduction& reduction : einsum.reductions) {
          if (lowering.advances(operations[i].loops[l], reduction.variable)) guards[l] = Guard::last;
        }
      }
      placed.push_back(
          make_move(lowering, StatementKind::store, name, *lowering.keep_of.at(name), operations[i], guards));
    }
    begin = end;
  }
  lowering.program.statements = std::move(placed);
  lowering.diagnostics.throw_if_any();
}

}  // namespace einloom
