// SPDX-License-Identifier: Apache-2.0
// Values of tiles that are passed over: where they would have been the first of a sum, it has its identity there.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "mappings/program.hpp"
#include "mappings/tile_mask.hpp"

namespace einloom {

// Moves a position to the next one; false behind the last, where it is all 0.
inline bool increment(const Statement& statement, std::vector<std::int64_t>& position) {
  for (std::size_t e = position.size(); e-- > 0;) {
    if (++position[e] < statement.trips[e]) return true;
    position[e] = 0;
  }
  return false;
}

// Of the tiles of an operation with a mask that are passed over from `position` on, itself included, up to the next one
// issued: calls visit(position) for those that begin what they reduce or scatter.
template <class Visit>
void for_each_passed(const Statement& statement, std::vector<std::int64_t>& position, Visit&& visit) {
  do {
    if (statement.mask->at(position.data())) return;
    bool begins = true;
    for (const auto* loops : {&statement.accumulation_loops, &statement.scatter_loops}) {
      for (int loop : *loops) begins = begins && position[static_cast<std::size_t>(loop)] == 0;
    }
    if (begins) visit(position);
  } while (increment(statement, position));
}

}  // namespace einloom
