// SPDX-License-Identifier: Apache-2.0
// Every tensor gets slots: kept tensors in their memory, the rest in the registers at the edge of the arrays that pass
// them on, as many as iterations may be in flight.
#include <fmt/format.h>

#include <algorithm>

#include "mappings/steps/lowering.hpp"
#include "mappings/steps/memory_accesses.hpp"

namespace einloom {
namespace {

constexpr std::int64_t kRefillSlots =
    4;  // spilled shares of tiles that wait for their reader: small, and DRAM may be busy

std::int64_t slots_of(Lowering& lowering, const Keep& keep) {
  if (!keep.slots) return 2;
  return lowering.evaluate_count(*keep.slots, fmt::format("`slots` of `{}`", keep.tensor.text), 1).value_or(1);
}

// Does the statement read the tensor, or what `load` brings of it?
bool reads(Lowering& lowering, const Statement& statement, const std::string& tensor, const Statement* load) {
  if (statement.kind != StatementKind::operation) return false;
  const std::vector<const Access*> accesses = lowering.accesses(statement);
  return std::any_of(accesses.begin(), accesses.end(), [&](const Access* access) {
    return access->tensor == tensor && (load == nullptr || lowering.serves(*load, statement, *access));
  });
}

// Those who read the tiles of `tensor`, and of what is written over it: a tile is free when they all have ended.
std::vector<int> readers_of(Lowering& lowering, const std::string& tensor, const Statement* load) {
  std::vector<int> readers;
  for (std::size_t s = 0; s < lowering.program.statements.size(); ++s) {
    const Statement& reader = lowering.program.statements[s];
    bool uses = false;
    for (const TensorDecl& other : lowering.cascade.tensors()) {
      const Placement* placement = lowering.placement(other.name);
      const bool own = other.name == tensor;
      if (!own && (placement == nullptr || placement->root != tensor)) continue;
      uses = uses || reads(lowering, reader, other.name, own ? load : nullptr);
      // Whole tiles leave from here; what is written over another tensor is one more reader of its tile.
      const int index = lowering.tensor_index(other.name);
      uses = uses ||
             (reader.kind == StatementKind::store && reader.share == 1 && reader.tensor == index && load == nullptr);
      uses = uses || (!own && reader.kind == StatementKind::operation && reader.tensor == index);
    }
    if (uses) readers.push_back(static_cast<int>(s));
  }
  return readers;
}

Storage storage_of_load(Lowering& lowering, int index) {
  const Statement& load = lowering.program.statements[static_cast<std::size_t>(index)];
  const std::string& tensor = lowering.program.tensors[static_cast<std::size_t>(load.tensor)];
  const Placement& placement = *lowering.placement(tensor);
  Storage storage;
  storage.tensor = load.tensor;
  storage.memory = load.to;
  storage.producer = index;
  storage.slot_bytes = load.variants.front().move_bytes;
  if (load.share < 1) {
    storage.slots = kRefillSlots;
    storage.consumers.push_back(
        lowering.statement_of.at(lowering.cascade.einsums()[static_cast<std::size_t>(load.reader_einsum)].name()));
  } else {
    storage.slots = slots_of(lowering, placement.reload != nullptr ? *placement.reload : *placement.keep);
    storage.consumers = readers_of(lowering, tensor, &load);
  }
  for (std::size_t e = 0; e < load.effective.size(); ++e) storage.loops.push_back(static_cast<int>(e));
  return storage;
}

Storage storage_of_result(Lowering& lowering, int index) {
  const Statement& operation = lowering.program.statements[static_cast<std::size_t>(index)];
  const std::string& tensor = operation.name;
  Storage storage;
  storage.tensor = operation.tensor;
  storage.producer = index;
  const Placement* placement = lowering.placement(tensor);
  if (placement != nullptr) {
    storage.memory = placement->memory;
    storage.slots = slots_of(lowering, *placement->keep);
    for (const Work& work : operation.variants) {
      for (const MemoryAccess& access : work.accesses) {
        if (access.tensor == operation.tensor) storage.slot_bytes = std::max(storage.slot_bytes, access.write_bytes);
      }
    }
    if (lowering.einsum(operation).scatters()) storage.slot_bytes = MemoryAccesses(lowering).result_bytes(operation, 0);
  } else {
    storage.array = operation.array;
    storage.slots = lowering.program.in_flight;
  }
  if (placement != nullptr && placement->reload != nullptr) {
    for (std::size_t s = 0; s < lowering.program.statements.size(); ++s) {
      const Statement& store = lowering.program.statements[s];
      if (store.kind == StatementKind::store && store.tensor == operation.tensor) {
        storage.consumers.push_back(static_cast<int>(s));
      }
    }
  } else {
    storage.consumers = readers_of(lowering, tensor, nullptr);
  }
  for (std::size_t e = 0; e < operation.effective.size(); ++e) {
    const auto& sums = operation.accumulation_loops;
    const auto& scatters = operation.scatter_loops;
    if (std::find(sums.begin(), sums.end(), static_cast<int>(e)) != sums.end()) continue;
    if (std::find(scatters.begin(), scatters.end(), static_cast<int>(e)) != scatters.end()) continue;
    const int loop = operation.loops[static_cast<std::size_t>(operation.effective[e])];
    if (placement != nullptr) {
      const auto& across = placement->keep->across;
      const auto named = [&](const Name& name) { return lowering.loop(loop).digits.front().variable == name.text; };
      if (std::any_of(across.begin(), across.end(), named)) continue;
    }
    storage.loops.push_back(static_cast<int>(e));
  }
  return storage;
}

}  // namespace

void allocate_storage(Lowering& lowering) {
  lowering.program.in_flight = 1;
  if (lowering.plan.in_flight) {
    lowering.program.in_flight = lowering.evaluate_count(*lowering.plan.in_flight, "`in_flight`", 1).value_or(1);
  }
  lowering.program.barrier = lowering.plan.barrier;
  lowering.program.issue = lowering.plan.issue;
  for (std::size_t s = 0; s < lowering.program.statements.size(); ++s) {
    const StatementKind kind = lowering.program.statements[s].kind;
    const int index = static_cast<int>(s);
    if (kind == StatementKind::load) lowering.program.storages.push_back(storage_of_load(lowering, index));
    if (kind != StatementKind::operation) continue;
    const Placement* placement = lowering.placement(lowering.program.statements[s].name);
    const bool in_place = placement != nullptr && placement->keep->in_place_of;
    if (!in_place) lowering.program.storages.push_back(storage_of_result(lowering, index));
  }
  lowering.diagnostics.throw_if_any();
}

}  // namespace einloom
