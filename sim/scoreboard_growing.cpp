// SPDX-License-Identifier: Apache-2.0
// What a dependence asks for, and which slots are free, in programs where a loop grows with the one around it.
#include <algorithm>

#include "mappings/growing_loops.hpp"
#include "sim/scoreboard.hpp"

namespace einloom {

std::int64_t Scoreboard::trip_in_growing(const Statement& statement, const std::vector<std::int64_t>& position,
                                         std::size_t level) const {
  const auto path = static_cast<std::size_t>(statement.effective[level]);
  const ProgramLoop& loop = program_.loops[static_cast<std::size_t>(statement.loops[path])];
  return loop.growth ? loop.trip_at(position[level - 1]) : statement.trips[level];
}

std::int64_t Scoreboard::need_in_growing(const Dependence& edge, const std::vector<std::int64_t>& position) const {
  const Statement& producer = program_.statements[static_cast<std::size_t>(edge.producer)];
  const Statement& consumer = program_.statements[static_cast<std::size_t>(edge.consumer)];
  std::vector<std::int64_t> from = position;
  if (edge.kind == DependenceKind::slot) {
    const Storage& storage = program_.storages[static_cast<std::size_t>(edge.storage)];
    std::vector<std::int64_t> slot;
    for (std::size_t e = 0; e < position.size(); ++e) {
      if (std::find(storage.loops.begin(), storage.loops.end(), static_cast<int>(e)) != storage.loops.end()) {
        slot.push_back(position[e]);
      } else if (position[e] != 0) {
        return 0;  // updates a slot it already holds
      }
    }
    const LevelSpace slots(program_, consumer, storage.loops);
    const std::int64_t wanted = slots.index(slot.data()) - edge.shift;
    if (wanted < 0) return 0;
    slots.digits(wanted, slot.data());
    for (std::size_t i = 0; i < slot.size(); ++i) from[static_cast<std::size_t>(storage.loops[i])] = slot[i];
  }
  const LevelSpace space(program_, producer);
  std::vector<std::int64_t> digits(edge.index.size(), 0);
  for (std::size_t e = 0; e < edge.index.size(); ++e) {
    const IndexSource& source = edge.index[e];
    digits[e] = space.trip(e, digits.data()) - 1;
    if (source.consumer_loop == IndexSource::kFirst) {
      digits[e] = 0;
    } else if (source.consumer_loop >= 0) {
      const std::int64_t at = from[static_cast<std::size_t>(source.consumer_loop)] - source.distance;
      if (at < 0) return 0;
      digits[e] = std::min(at, digits[e]);
    }
  }
  return space.index(digits.data()) + 1;
}

std::int64_t Scoreboard::freed_in_growing(const Dependence& slot_edge, std::int64_t instances) const {
  const Statement& reader = program_.statements[static_cast<std::size_t>(slot_edge.producer)];
  std::vector<int> indexing;
  for (std::size_t e = 0; e < reader.trips.size(); ++e) {
    if (slot_edge.index[e].consumer_loop >= 0) indexing.push_back(static_cast<int>(e));
  }
  const LevelSpace slots(program_, reader, indexing);
  if (instances >= reader.instances) return slots.count();
  const LevelSpace space(program_, reader);
  std::vector<std::int64_t> next(reader.trips.size(), 0), slot;
  space.digits(instances, next.data());
  bool counting = true;  // a later pass over the same slots has still to come: nothing below frees any
  for (std::size_t e = 0; e < next.size(); ++e) {
    if (slot_edge.index[e].consumer_loop >= 0) {
      slot.push_back(counting ? next[e] : 0);
    } else if (next[e] < space.trip(e, next.data()) - 1) {
      counting = false;
    }
  }
  return slots.index(slot.data());
}

}  // namespace einloom
