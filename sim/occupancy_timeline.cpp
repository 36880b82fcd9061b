// SPDX-License-Identifier: Apache-2.0
#include "sim/occupancy_timeline.hpp"

#include <algorithm>

namespace einloom {

OccupancyTimeline::OccupancyTimeline(const Program& program)
    : program_(program),
      readers_by_statement_(program.statements.size()),
      readers_by_storage_(program.storages.size()),
      storages_by_producer_(program.statements.size()),
      held_(program.storages.size(), 0) {
  for (std::size_t i = 0; i < program.storages.size(); ++i) {
    if (program.storages[i].memory < 0) continue;
    storages_by_producer_[static_cast<std::size_t>(program.storages[i].producer)].push_back(static_cast<int>(i));
  }
  for (std::size_t d = 0; d < program.dependences.size(); ++d) {
    const Dependence& edge = program.dependences[d];
    if (edge.kind != DependenceKind::slot || program.storages[static_cast<std::size_t>(edge.storage)].memory < 0) {
      continue;
    }
    readers_by_statement_[static_cast<std::size_t>(edge.producer)].push_back(readers_.size());
    readers_by_storage_[static_cast<std::size_t>(edge.storage)].push_back(readers_.size());
    readers_.push_back({edge.storage, static_cast<int>(d), 0, {}});
  }
}

void OccupancyTimeline::start(const Scoreboard& board, int statement, std::int64_t now) {
  for (int storage : storages_by_producer_[static_cast<std::size_t>(statement)]) {
    if (board.acquires(program_.storages[static_cast<std::size_t>(storage)])) ++changes_[now][storage];
  }
}

void OccupancyTimeline::end(const Scoreboard& board, int statement, std::int64_t end) {
  for (std::size_t r : readers_by_statement_[static_cast<std::size_t>(statement)]) {
    Reader& reader = readers_[r];
    const Dependence& edge = program_.dependences[static_cast<std::size_t>(reader.dependence)];
    const std::int64_t freed = board.slots_freed(edge, board.history(statement).size() + 1);
    for (; reader.freed < freed; ++reader.freed) reader.times.push_back(end + edge.latency_cycles);
    const std::vector<std::size_t>& all = readers_by_storage_[static_cast<std::size_t>(reader.storage)];
    while (std::all_of(all.begin(), all.end(), [this](std::size_t other) { return !readers_[other].times.empty(); })) {
      std::int64_t time = 0;
      for (std::size_t other : all) {
        time = std::max(time, readers_[other].times.front());
        readers_[other].times.pop_front();
      }
      --changes_[time][reader.storage];
    }
  }
}

}  // namespace einloom
