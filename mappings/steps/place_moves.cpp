// SPDX-License-Identifier: Apache-2.0
// Kept inputs → a load in the bodies that read them; outputs → a store behind the Einsum that writes them;
// intermediates that go through DRAM → both. Of what is spilled, a share of every tile is stored and loaded.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/suggest.hpp"
#include "einsum/affine.hpp"
#include "mappings/steps/lowering.hpp"

namespace einloom {
namespace {

bool same_body(const Statement& a, const Statement& b) { return a.loops == b.loops && a.body_offset == b.body_offset; }

bool names_loop(const std::vector<Name>& names, const ProgramLoop& loop) {
  return std::any_of(names.begin(), names.end(),
                     [&](const Name& name) { return name.text == loop.digits.front().variable; });
}

// A tile is fetched once per combination of the loops that index it and of those around them; loops inside reuse it,
// and so do those the plan keeps it across. A refetching loop loads it again.
std::vector<Guard> load_guards(Lowering& lowering, const Access& access, const Keep& keep,
                               const std::vector<const Statement*>& readers) {
  const Statement& first = *readers.front();
  const std::vector<std::string> indices = index_variables(access);
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
    const ProgramLoop& loop = lowering.loop(first.loops[i]);
    if (all_readers(Guard::last)) {
      guards.push_back(Guard::last);
    } else if (all_readers(Guard::first)) {
      guards.push_back(Guard::first);
    } else if (indexing[i] || names_loop(keep.refetch, loop)) {
      guards.push_back(Guard::every);
    } else if (static_cast<int>(i) > deepest || names_loop(keep.across, loop)) {
      guards.push_back(Guard::first);
    } else {
      guards.push_back(Guard::every);
    }
  }
  return guards;
}

Statement make_move(Lowering& lowering, StatementKind kind, const std::string& tensor, const Keep& keep,
                    const Statement& model, std::vector<Guard> guards, int memory) {
  Statement move;
  move.kind = kind;
  move.name = (kind == StatementKind::load ? "load " : "store ") + tensor;
  move.tensor = lowering.tensor_index(tensor);
  move.from = kind == StatementKind::load ? lowering.dram() : memory;
  move.to = kind == StatementKind::load ? memory : lowering.dram();
  move.loops = model.loops;
  move.body_offset = model.body_offset;
  move.guards = std::move(guards);
  move.span = keep.tensor.span;
  return move;
}

void check_loop_names(Lowering& lowering, const std::vector<Name>& loops) {
  for (const Name& name : loops) {
    std::vector<std::string> known;
    for (const ProgramLoop& loop : lowering.program.loops) known.push_back(loop.digits.front().variable);
    if (std::find(known.begin(), known.end(), name.text) != known.end()) continue;
    lowering.diagnostics.error("loop-unknown", name.span, fmt::format("no nest has a loop over `{}`", name.text))
        .with_help(suggestion(name.text, known));
  }
}

class MovePlacer {
 public:
  explicit MovePlacer(Lowering& lowering) : lowering_(lowering), operations_(std::move(lowering.program.statements)) {}

  void run() {
    lowering_.statement_of.clear();
    for (std::size_t begin = 0; begin < operations_.size();) {
      std::size_t end = begin;
      while (end < operations_.size() && same_body(operations_[begin], operations_[end])) ++end;
      for (const TensorDecl& tensor : lowering_.cascade.tensors()) place_loads(tensor, begin, end);
      for (std::size_t i = begin; i < end; ++i) {
        place_refills(operations_[i]);
        lowering_.statement_of[operations_[i].name] = static_cast<int>(placed_.size());
        placed_.push_back(operations_[i]);
      }
      for (std::size_t i = begin; i < end; ++i) place_stores(operations_[i]);
      begin = end;
    }
    lowering_.program.statements = std::move(placed_);
  }

 private:
  // What an array reads of a tensor in this body: an input, or what went through DRAM.
  void place_loads(const TensorDecl& tensor, std::size_t begin, std::size_t end) {
    const Placement* placement = lowering_.placement(tensor.name);
    if (placement == nullptr || (tensor.role != TensorRole::input && placement->reload == nullptr)) return;
    const Keep& keep = placement->reload != nullptr ? *placement->reload : *placement->keep;
    const std::vector<Reading> readings = readings_of(tensor.name, begin, end);
    if (readings.empty()) return;
    const bool for_all = keep.fetch == Fetch::first_body;
    if (for_all && !fetched_.insert(tensor.name).second) return;
    for (const Reading& reading : readings) {
      Statement load =
          make_move(lowering_, StatementKind::load, tensor.name, keep, *reading.readers.front(),
                    load_guards(lowering_, *reading.access, keep, reading.readers), placement->read_memory);
      if (readings.size() > 1) load.name = "load " + text_of(*reading.access);
      load.serves_all = for_all;
      find_access(load, *reading.readers.front(), *reading.access);
      placed_.push_back(std::move(load));
    }
  }

  // One way in which the Einsums of a body read a tensor: it is a tile of its own.
  struct Reading {
    const Access* access = nullptr;
    std::vector<const Statement*> readers;
  };

  std::vector<Reading> readings_of(const std::string& tensor, std::size_t begin, std::size_t end) {
    std::vector<Reading> readings;
    for (std::size_t i = begin; i < end; ++i) {
      for (const Access* access : lowering_.accesses(operations_[i])) {
        if (access->tensor != tensor) continue;
        auto known = std::find_if(readings.begin(), readings.end(),
                                  [&](const Reading& one) { return reads_alike(*one.access, *access); });
        if (known == readings.end()) known = readings.insert(known, {access, {}});
        if (known->readers.empty() || known->readers.back() != &operations_[i])
          known->readers.push_back(&operations_[i]);
      }
    }
    return readings;
  }

  void find_access(Statement& load, const Statement& reader, const Access& access) {
    const std::vector<const Access*> all = lowering_.accesses(reader);
    load.access_einsum = reader.einsum;
    load.access = static_cast<int>(std::find(all.begin(), all.end(), &access) - all.begin());
  }

  static std::string text_of(const Access& access) {
    std::string text;
    for (const IndexExpression& index : access.indices) text += (text.empty() ? "" : ",") + print_index(index);
    return fmt::format("{}[{}]", access.tensor, text);
  }

  // The spilled share of every operand that has one.
  void place_refills(const Statement& reader) {
    std::set<std::string> done;
    for (const Access* access : lowering_.accesses(reader)) {
      const Placement* placement = lowering_.placement(access->tensor);
      if (placement == nullptr || placement->spilled == 0 || !done.insert(access->tensor).second) continue;
      const auto producer = lowering_.statement_of.find(access->tensor);
      if (producer != lowering_.statement_of.end()) {
        const Statement& writer = placed_[static_cast<std::size_t>(producer->second)];
        if (same_body(writer, reader) && writer.guards == reader.guards) continue;  // forwarded
      }
      Statement refill = make_move(lowering_, StatementKind::load, access->tensor, *placement->keep, reader,
                                   reader.guards, placement->read_memory);
      refill.name = fmt::format("refill {} for {}", access->tensor, reader.name);
      refill.share = placement->spilled;
      refill.reader_einsum = reader.einsum;
      find_access(refill, reader, *access);
      placed_.push_back(std::move(refill));
    }
  }

  void place_stores(const Statement& operation) {
    const Placement* placement = lowering_.placement(operation.name);
    if (placement == nullptr) return;
    if (placement->spilled > 0) {
      Statement spill = make_move(lowering_, StatementKind::store, operation.name, *placement->keep, operation,
                                  operation.guards, placement->memory);
      spill.name = "spill " + operation.name;
      spill.share = placement->spilled;
      placed_.push_back(std::move(spill));
    }
    if (lowering_.tensor(operation.name).role != TensorRole::output && placement->reload == nullptr) return;
    std::vector<Guard> guards = operation.guards;
    for (std::size_t l = 0; l < guards.size(); ++l) {
      for (const Reduction& reduction : lowering_.einsum(operation).reductions) {
        if (lowering_.advances(operation.loops[l], reduction.variable)) guards[l] = Guard::last;
      }
      if (lowering_.scatters_over(operation, operation.loops[l])) guards[l] = Guard::last;
    }
    placed_.push_back(make_move(lowering_, StatementKind::store, operation.name, *placement->keep, operation, guards,
                                placement->memory));
  }

  Lowering& lowering_;
  const std::vector<Statement> operations_;
  std::vector<Statement> placed_;
  std::set<std::string> fetched_;  // by their first body, for all
};

}  // namespace

void place_moves(Lowering& lowering) {
  for (const Keep& keep : lowering.plan.keeps) {
    check_loop_names(lowering, keep.across);
    check_loop_names(lowering, keep.refetch);
    if (keep.reload.empty()) continue;
    check_loop_names(lowering, keep.reload.front().across);
    check_loop_names(lowering, keep.reload.front().refetch);
  }
  MovePlacer(lowering).run();
  lowering.diagnostics.throw_if_any();
}

}  // namespace einloom
