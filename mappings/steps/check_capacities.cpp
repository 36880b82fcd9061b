// SPDX-License-Identifier: Apache-2.0
// Slots fit their memories, and are as many as the loop order keeps live, so that the program cannot block itself.
#include <fmt/format.h>

#include <algorithm>

#include "mappings/steps/lowering.hpp"

namespace einloom {
namespace {

constexpr std::int64_t kMostBytes = std::int64_t{1} << 60;

std::string bytes_text(std::int64_t bytes) {
  if (bytes >= std::int64_t{1} << 20) return fmt::format("{:.4g} MiB", static_cast<double>(bytes) / (1 << 20));
  if (bytes >= 1024) return fmt::format("{:.4g} KiB", static_cast<double>(bytes) / 1024);
  return fmt::format("{} B", bytes);
}

// Gigantic slot counts stay gigantic.
std::int64_t product(std::int64_t a, std::int64_t b) { return a != 0 && b > kMostBytes / a ? kMostBytes : a * b; }

const Dependence* slot_edge(const Program& program, int storage, int reader) {
  for (const Dependence& edge : program.dependences) {
    if (edge.kind == DependenceKind::slot && edge.storage == storage && edge.producer == reader) return &edge;
  }
  return nullptr;
}

// Tiles that must be live at once for `reader`, and the loop that keeps them.
std::pair<std::int64_t, int> live_tiles(const Program& program, const Storage& storage, int storage_index, int reader) {
  const Statement& producer = program.statements[static_cast<std::size_t>(storage.producer)];
  const Statement& consumer = program.statements[static_cast<std::size_t>(reader)];
  const Dependence* edge = slot_edge(program, storage_index, reader);
  std::int64_t live = 1;
  int keeper = -1;
  int e = -1;
  for (std::size_t i = 0; i < producer.loops.size(); ++i) {
    const int loop = producer.loops[i];
    const bool every = producer.guards[i] == Guard::every;
    if (every) ++e;
    if (program.loops[static_cast<std::size_t>(loop)].trip == 1) continue;  // nothing stays across one iteration
    const bool indexes = every && std::find(storage.loops.begin(), storage.loops.end(), e) != storage.loops.end();
    const bool followed = indexes && std::any_of(edge->index.begin(), edge->index.end(),
                                                 [&](const IndexSource& source) { return source.consumer_loop == e; });
    if (keeper < 0) {
      bool reader_repeats = false;
      for (std::size_t j = 0; j < consumer.loops.size(); ++j) {
        reader_repeats = reader_repeats || (consumer.loops[j] == loop && consumer.guards[j] == Guard::every);
      }
      if (indexes ? !followed : (every || reader_repeats)) keeper = loop;
      if (keeper >= 0 && indexes) live *= producer.trips[static_cast<std::size_t>(e)];
    } else if (indexes) {
      live *= producer.trips[static_cast<std::size_t>(e)];
    }
  }
  return {live, keeper};
}

void check_enough(Lowering& lowering) {
  Program& program = lowering.program;
  for (std::size_t i = 0; i < program.storages.size(); ++i) {
    const Storage& storage = program.storages[i];
    const std::string& tensor = program.tensors[static_cast<std::size_t>(storage.tensor)];
    for (int reader : storage.consumers) {
      const auto [live, keeper] = live_tiles(program, storage, static_cast<int>(i), reader);
      if (live <= storage.slots) continue;
      const Keep* keep = storage.memory < 0 ? nullptr : keep_of(lowering, storage);
      const std::string loop = lowering.loop(keeper).name();
      if (keep != nullptr) {
        const Span& span = keep->slots ? keep->slots->span() : keep->span;
        lowering.diagnostics
            .error("slots-too-few", span,
                   fmt::format("`{}` has {} slot{} in `{}`; {} tiles are live at once, because they stay across `{}`",
                               tensor, storage.slots, storage.slots == 1 ? "" : "s", keep->memory.text, live, loop))
            .with_help(fmt::format("give it at least {} slots, or reorder the loops", live));
      } else {
        lowering.diagnostics
            .error("slots-too-few", program.statements[static_cast<std::size_t>(storage.producer)].span,
                   fmt::format("{} tiles of `{}` are live at once, because they stay across `{}`, but it is kept in no "
                               "memory and {} iteration{} may be in flight",
                               live, tensor, loop, storage.slots, storage.slots == 1 ? "" : "s"))
            .with_help(fmt::format("add `{}: {{in: …, slots: {}}}` to `keep`", tensor, live));
      }
      break;
    }
  }
}

void check_fit(Lowering& lowering) {
  Program& program = lowering.program;
  for (std::size_t m = 0; m < lowering.machine.memories.size(); ++m) {
    const Memory& memory = lowering.machine.memories[m];
    if (!memory.capacity) continue;
    std::int64_t needed = 0;
    const Storage* largest = nullptr;
    std::string list;
    for (const Storage& storage : program.storages) {
      if (storage.memory != static_cast<int>(m)) continue;
      const std::int64_t bytes = product(storage.slots, storage.slot_bytes);
      needed = std::min(needed + bytes, kMostBytes);
      list += fmt::format("{}{} {} × {}", list.empty() ? "" : ", ",
                          program.tensors[static_cast<std::size_t>(storage.tensor)], storage.slots,
                          bytes_text(storage.slot_bytes));
      if (largest == nullptr || bytes > product(largest->slots, largest->slot_bytes)) largest = &storage;
    }
    if (needed <= memory.capacity->value()) continue;
    const std::string& tensor = program.tensors[static_cast<std::size_t>(largest->tensor)];
    const Keep& keep = *keep_of(lowering, *largest);
    const std::int64_t rest = needed - product(largest->slots, largest->slot_bytes);
    const std::int64_t room = memory.capacity->value() - rest;
    auto& diagnostic = lowering.diagnostics.error(
        "tile-exceeds-buffer", keep.slots ? keep.slots->span() : keep.span,
        fmt::format("the plan needs {} in `{}`, which holds {}; {} are missing ({})", bytes_text(needed), memory.name,
                    bytes_text(memory.capacity->value()), bytes_text(needed - memory.capacity->value()), list));
    diagnostic.note("capacity declared here", memory.capacity_span);
    const std::int64_t fits = largest->slot_bytes > 0 ? room / largest->slot_bytes : 0;
    diagnostic.with_help(fits >= 1 ? fmt::format("`{}` may have at most {} slot{}; choose smaller tiles", tensor, fits,
                                                 fits == 1 ? "" : "s")
                                   : std::string("choose smaller tiles or a larger memory"));
  }
}

}  // namespace

const Keep* keep_of(const Lowering& lowering, const Storage& storage) {
  const Placement& placement = *lowering.placement(lowering.program.tensors[static_cast<std::size_t>(storage.tensor)]);
  const Statement& producer = lowering.program.statements[static_cast<std::size_t>(storage.producer)];
  return producer.kind == StatementKind::load && placement.reload != nullptr ? placement.reload : placement.keep;
}

void check_capacities(Lowering& lowering) {
  check_enough(lowering);
  check_fit(lowering);
  lowering.diagnostics.throw_if_any();
}

}  // namespace einloom
