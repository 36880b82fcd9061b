// SPDX-License-Identifier: Apache-2.0
#include "sim/occupancy.hpp"

#include <algorithm>

namespace einloom {

Occupancy::Occupancy(const Program& program)
    : program_(program),
      storage_of_(program.statements.size(), -1),
      by_memory_(program.memories.size()),
      readers_(program.storages.size()),
      peaks_(program.memories.size()),
      held_(program.storages.size(), 0),
      held_at_most_(program.memories.size(), 0) {
  for (std::size_t i = 0; i < program.storages.size(); ++i) {
    const Storage& storage = program.storages[i];
    if (storage.memory < 0) continue;
    storage_of_[static_cast<std::size_t>(storage.producer)] = static_cast<int>(i);
    by_memory_[static_cast<std::size_t>(storage.memory)].push_back(static_cast<int>(i));
    for (std::size_t d = 0; d < program.dependences.size(); ++d) {
      const Dependence& edge = program.dependences[d];
      if (edge.kind == DependenceKind::slot && edge.storage == static_cast<int>(i)) {
        readers_[i].push_back({static_cast<int>(d), 0, 0});
      }
    }
  }
  for (std::size_t m = 0; m < peaks_.size(); ++m) peaks_[m].by_storage.assign(by_memory_[m].size(), 0);
}

void Occupancy::start(int statement, Scoreboard& board, Counters& counters, std::int64_t now) {
  const int storage = storage_of_[static_cast<std::size_t>(statement)];
  if (storage < 0 || !board.acquires(program_.storages[static_cast<std::size_t>(storage)])) return;
  ++counters.acquired(storage);
  const int memory = program_.storages[static_cast<std::size_t>(storage)].memory;
  std::int64_t& at_most = held_at_most_[static_cast<std::size_t>(memory)];
  at_most -= held_[static_cast<std::size_t>(storage)];
  at_most += held(storage, board, counters, now);
  if (at_most > peaks_[static_cast<std::size_t>(memory)].bytes) measure(memory, board, counters, now);
}

std::int64_t Occupancy::held(int storage, Scoreboard& board, Counters& counters, std::int64_t now) {
  const auto s = static_cast<std::size_t>(storage);
  std::int64_t freed = kNever;
  for (Reader& reader : readers_[s]) {
    const Dependence& edge = program_.dependences[static_cast<std::size_t>(reader.dependence)];
    const History& history = board.known(reader.dependence);
    const std::int64_t ended =
        history.next_after(std::max(reader.ended, history.first()), now - board.latency(reader.dependence));
    if (ended != reader.ended) {
      reader.ended = ended;
      reader.freed = board.slots_freed(edge, ended);
    }
    freed = std::min(freed, reader.freed);
  }
  held_[s] = (counters.acquired(storage) - (freed == kNever ? 0 : freed)) * program_.storages[s].slot_bytes;
  return held_[s];
}

void Occupancy::measure(int memory, Scoreboard& board, Counters& counters, std::int64_t now) {
  const std::vector<int>& storages = by_memory_[static_cast<std::size_t>(memory)];
  bytes_.assign(storages.size(), 0);
  std::int64_t total = 0;
  for (std::size_t i = 0; i < storages.size(); ++i) {
    bytes_[i] = held(storages[i], board, counters, now);
    total += bytes_[i];
  }
  held_at_most_[static_cast<std::size_t>(memory)] = total;
  Peak& peak = peaks_[static_cast<std::size_t>(memory)];
  if (total > peak.bytes) {
    peak.bytes = total;
    peak.by_storage = bytes_;
  }
}

bool Occupancy::grows(const Scoreboard& board, const Counters& counters, const Moment& then, const Moment& now) const {
  const auto held = [&](const Moment& moment, int storage) {
    std::int64_t freed = kNever;
    for (const Reader& reader : readers_[static_cast<std::size_t>(storage)]) {
      const Dependence& edge = program_.dependences[static_cast<std::size_t>(reader.dependence)];
      const std::int64_t ended = moment.instances[static_cast<std::size_t>(edge.producer)];
      freed = std::min(freed, board.slots_freed(edge, ended));
    }
    return counters.acquired_then(moment.counters, storage) - (freed == kNever ? 0 : freed);
  };
  for (const std::vector<int>& storages : by_memory_) {
    std::int64_t more = 0;
    for (int storage : storages) {
      more +=
          (held(now, storage) - held(then, storage)) * program_.storages[static_cast<std::size_t>(storage)].slot_bytes;
    }
    if (more > 0) return true;
  }
  return false;
}

void Occupancy::skip(const Scoreboard& board, const std::vector<std::int64_t>& instances_skipped) {
  for (std::vector<Reader>& readers : readers_) {
    for (Reader& reader : readers) {
      const Dependence& edge = program_.dependences[static_cast<std::size_t>(reader.dependence)];
      reader.ended += instances_skipped[static_cast<std::size_t>(edge.producer)];
      reader.freed = board.slots_freed(edge, reader.ended);
    }
  }
}

}  // namespace einloom
