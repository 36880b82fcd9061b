// SPDX-License-Identifier: Apache-2.0
// What fidelity pe tells about data: which operations entered an array, each of its cycles, and what was loaded and
// stored. Without a value layer a run is timing only.
#pragma once

#include <cstdint>

#include "sim/pe_level/instruction_grid.hpp"
#include "sim/pe_level/pe_grid.hpp"
#include "sim/scoreboard.hpp"

namespace einloom {

class ValueLayer {
 public:
  virtual ~ValueLayer() = default;
  // An operation or a move is about to start its head instance at `now`.
  virtual void starts(int statement, const Scoreboard& board, std::int64_t now) = 0;
  // A move's last part was put on the bus at `now`, or is over by then; a load may be used from `done` on. Moves of one
  // statement come in the order in which they started.
  virtual void moved(int statement, std::int64_t index, std::int64_t now, std::int64_t done) = 0;
  // Control words have arrived; PEs work in this cycle.
  virtual void cycle(int array, const PeGrid& pes, std::int64_t now) = 0;
  virtual void cycle(int array, const InstructionGrid& pes, std::int64_t now) = 0;
  // A row of an unreduced tile has left a column.
  virtual void row_out(const IssuedOperation& operation, std::int64_t row, std::int64_t column, std::int64_t time) = 0;
};

}  // namespace einloom
