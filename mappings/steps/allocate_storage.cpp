// SPDX-License-Identifier: Apache-2.0
// Every tensor gets slots: kept tensors in their memory, the rest in the registers at the edge of the arrays that pass
// them on, as many as iterations may be in flight.
#include <fmt/format.h>

#include <algorithm>

#include "mappings/steps/lowering.hpp"

namespace einloom {
namespace {

std::int64_t slots_of(Lowering& lowering, const Keep& keep) {
  if (!keep.slots) return 2;
  return lowering.evaluate_count(*keep.slots, fmt::format("`slots` of `{}`", keep.tensor.text), 1).value_or(1);
}

bool reads(Lowering& lowering, const Statement& statement, const std::string& tensor) {
  return statement.kind == StatementKind::operation && access_to(lowering.einsum(statement), tensor) != nullptr;
}

Storage storage_of_load(Lowering& lowering, int index) {
  const Statement& load = lowering.program.statements[static_cast<std::size_t>(index)];
  const std::string& tensor = lowering.program.tensors[static_cast<std::size_t>(load.tensor)];
  Storage storage;
  storage.tensor = load.tensor;
  storage.memory = load.to;
  storage.producer = index;
  storage.slots = slots_of(lowering, *lowering.keep_of.at(tensor));
  storage.slot_bytes = load.variants.front().move_bytes;
  for (std::size_t s = 0; s < lowering.program.statements.size(); ++s) {
    const Statement& reader = lowering.program.statements[s];
    if (reads(lowering, reader, tensor) && reader.loops == load.loops && reader.body_offset == load.body_offset) {
      storage.consumers.push_back(static_cast<int>(s));
    }
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
  const auto keep = lowering.keep_of.find(tensor);
  if (keep != lowering.keep_of.end()) {
    storage.memory = lowering.memory_index(keep->second->memory.text);
    storage.slots = slots_of(lowering, *keep->second);
    for (const MemoryAccess& access : operation.variants.front().accesses) {
      if (access.tensor == operation.tensor) storage.slot_bytes = std::max(storage.slot_bytes, access.write_bytes);
    }
  } else {
    storage.array = operation.array;
    storage.slots = lowering.program.in_flight;
  }
  for (std::size_t s = 0; s < lowering.program.statements.size(); ++s) {
    const Statement& reader = lowering.program.statements[s];
    const bool stores = reader.kind == StatementKind::store && reader.tensor == operation.tensor;
    if (stores || reads(lowering, reader, tensor)) storage.consumers.push_back(static_cast<int>(s));
  }
  for (std::size_t e = 0; e < operation.effective.size(); ++e) {
    const auto& sums = operation.accumulation_loops;
    if (std::find(sums.begin(), sums.end(), static_cast<int>(e)) != sums.end()) continue;
    const int loop = operation.loops[static_cast<std::size_t>(operation.effective[e])];
    if (keep != lowering.keep_of.end()) {
      const auto& across = keep->second->across;
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
    if (kind == StatementKind::operation) lowering.program.storages.push_back(storage_of_result(lowering, index));
  }
  lowering.diagnostics.throw_if_any();
}

}  // namespace einloom
