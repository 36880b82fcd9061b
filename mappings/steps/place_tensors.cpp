// SPDX-License-Identifier: Apache-2.0
// Placements of the plan → where the tiles of every kept tensor live, with names and values resolved.
#include <fmt/format.h>

#include "base/suggest.hpp"
#include "einsum/carried_states.hpp"
#include "mappings/steps/lowering.hpp"

namespace einloom {
namespace {

class TensorPlacer {
 public:
  explicit TensorPlacer(Lowering& lowering) : lowering_(lowering) {
    for (const TensorDecl& tensor : lowering.cascade.tensors()) tensor_names_.push_back(tensor.name);
    for (const Memory& memory : lowering.machine.memories) {
      if (memory.kind != MemoryKind::dram) memory_names_.push_back(memory.name);
    }
  }

  void run() {
    for (const Keep& keep : lowering_.plan.keeps) place(keep);
    for (const Keep& keep : lowering_.plan.keeps) {
      if (keep.in_place_of && lowering_.placement_of.count(keep.tensor.text) != 0) follow(keep);
    }
    check_all_placed();
    lowering_.diagnostics.throw_if_any();
  }

 private:
  void place(const Keep& keep) {
    const TensorDecl* tensor = lowering_.cascade.find_tensor(keep.tensor.text);
    if (tensor == nullptr) {
      lowering_.diagnostics
          .error("tensor-unknown", keep.tensor.span,
                 fmt::format("cascade `{}` has no tensor `{}`", lowering_.cascade.name(), keep.tensor.text))
          .with_help(suggestion(keep.tensor.text, tensor_names_));
      unknown_tensor_ = true;
    }
    if (!keep.in_place_of) check_memory(keep.memory);
    if (!keep.reload.empty()) check_memory(keep.reload.front().memory);
    if (tensor == nullptr) return;
    Placement placement;
    placement.keep = &keep;
    placement.root = tensor->name;
    placement.memory = placement.read_memory = lowering_.memory_index(keep.memory.text);
    if (tensor->role != TensorRole::intermediate) {
      reject(keep.in_place_of ? &keep.in_place_of->span : nullptr, *tensor, "in_place_of");
      reject(keep.spilled ? &keep.spilled->span() : nullptr, *tensor, "spilled");
    }
    if (tensor->role == TensorRole::input) {
      reject(keep.reload.empty() ? nullptr : &keep.reload.front().span, *tensor, "reload");
    }
    if ((!keep.reload.empty() || keep.spilled) && carries_unread(lowering_.cascade, *tensor)) {
      lowering_.diagnostics
          .error("state-not-carried", keep.spilled ? keep.spilled->span() : keep.reload.front().span,
                 fmt::format("`{}` cannot leave the chip between its steps: where its update is absent it stays as it "
                             "was, and nothing reads it back for that",
                             tensor->name))
          .note("its update", lowering_.cascade.find_einsum(tensor->name)->span)
          .with_help("keep it in the memory as a whole, or let the update read the state: `select(…, new, S[t])`");
    }
    if (!keep.reload.empty()) {
      placement.reload = &keep.reload.front();
      placement.read_memory = lowering_.memory_index(placement.reload->memory.text);
    }
    if (keep.spilled) placement.spilled = share(*keep.spilled, tensor->name);
    lowering_.placement_of[tensor->name] = placement;
  }

  // A tensor written over another one lives where that one is read, down to the one that has tiles of its own.
  void follow(const Keep& keep) {
    Placement& own = lowering_.placement_of.at(keep.tensor.text);
    std::string name = keep.tensor.text;
    for (const Keep* at = &keep; at->in_place_of; at = lowering_.placement_of.at(name).keep) {
      const std::string& over = at->in_place_of->text;
      const bool cycle = over == keep.tensor.text;
      if (cycle) {
        lowering_.diagnostics.error("in-place-unknown", at->in_place_of->span,
                                    fmt::format("`{}` would be in place of itself", keep.tensor.text));
        return;
      }
      if (lowering_.placement_of.count(over) == 0) {
        std::vector<std::string> kept;
        for (const auto& [known, placement] : lowering_.placement_of) {
          if (known != keep.tensor.text && lowering_.tensor(known).role == TensorRole::intermediate)
            kept.push_back(known);
        }
        lowering_.diagnostics
            .error("in-place-unknown", at->in_place_of->span,
                   fmt::format("`{}` is kept in no memory; nothing can be in its place", over))
            .with_help(kept.empty()
                           ? fmt::format("keep `{}` in a memory, or `{}` in one of its own", over, keep.tensor.text)
                           : suggestion(over, kept));
        return;
      }
      const TensorDecl& from = lowering_.tensor(over);
      const TensorDecl& to = lowering_.tensor(keep.tensor.text);
      if (from.ranks != to.ranks || lowering_.dtype_of(over) != lowering_.dtype_of(to.name) ||
          from.role == TensorRole::input) {
        lowering_.diagnostics
            .error("in-place-other-shape", at->in_place_of->span,
                   fmt::format(
                       "`{}` cannot be written over `{}`: it must be an intermediate with the same ranks and dtype",
                       to.name, over))
            .note(fmt::format("`{}` declared here", over), from.span);
        return;
      }
      name = over;
    }
    const Placement& root = lowering_.placement_of.at(name);
    own.root = name;
    own.memory = own.read_memory = root.read_memory;
    own.spilled = root.spilled;
  }

  void check_memory(const Name& name) {
    const Memory* memory = lowering_.machine.find_memory(name.text);
    if (memory != nullptr && memory->kind != MemoryKind::dram) return;
    lowering_.diagnostics
        .error("memory-unknown", name.span,
               fmt::format("machine `{}` has no on-chip memory `{}`", lowering_.machine.name, name.text))
        .with_help(suggestion(name.text, memory_names_));
  }

  void reject(const Span* where, const TensorDecl& tensor, const std::string& key) {
    if (where == nullptr) return;
    lowering_.diagnostics
        .error("keep-not-intermediate", *where,
               fmt::format("`{}` is {} of the cascade; `{}` is for intermediates", tensor.name,
                           tensor.role == TensorRole::input ? "an input" : "an output", key))
        .note("declared here", tensor.span);
  }

  double share(const ScalarExpression& expression, const std::string& tensor) {
    const auto value = lowering_.evaluate(expression);
    if (!value) return 0;
    if (*value >= 0 && *value < 1) return *value;
    lowering_.diagnostics.error(
        "spilled-range", expression.span(),
        fmt::format("`spilled` of `{}` is {}; it is the share of a tile in DRAM, at least 0 and below 1", tensor,
                    *value));
    return 0;
  }

  void check_all_placed() {
    for (const TensorDecl& tensor : lowering_.cascade.tensors()) {
      if (tensor.role == TensorRole::intermediate || unknown_tensor_) continue;
      if (lowering_.placement_of.count(tensor.name) != 0) continue;
      const bool input = tensor.role == TensorRole::input;
      lowering_.diagnostics
          .error("tensor-not-placed", lowering_.plan.span,
                 fmt::format("{} `{}` is kept in no memory; arrays {} on-chip memories", input ? "input" : "output",
                             tensor.name, input ? "read" : "write"))
          .with_help(fmt::format("add `{}: {{in: {}}}` to `keep`", tensor.name,
                                 memory_names_.empty() ? "…" : memory_names_.front()));
    }
  }

  Lowering& lowering_;
  std::vector<std::string> tensor_names_, memory_names_;
  bool unknown_tensor_ = false;
};

}  // namespace

void place_tensors(Lowering& lowering) { TensorPlacer(lowering).run(); }

}  // namespace einloom
