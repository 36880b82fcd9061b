// SPDX-License-Identifier: Apache-2.0
// Which slots are free, in programs where a loop grows with the one around it.
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
