// SPDX-License-Identifier: Apache-2.0
// What the PEs of an array with a controller do inside an instruction, and when: derived from the bindings of its
// Einsums, as early as data and PEs allow. The controller's table is not looked at, except to see that it is enough.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arch/machine.hpp"
#include "einsum/cascade.hpp"
#include "mappings/program.hpp"

namespace einloom {

// Where an Einsum is computed: what is spread over rows in the PEs, everything else in the units at the top or at the
// bottom of the columns.
enum class Station { top, grid, bottom };

// How an operand comes to where it is used.
enum class Passage {
  held,       // the PE has computed it, or taken it in
  at_edge,    // an edge unit takes it from what lies at the edge: a memory, a unit's registers, a sum that has come out
  falls,      // from the top units through all rows to the bottom units, one hop a cycle
  from_left,  // enters the row at column 0, moves right, one hop a cycle
  from_top,   // leaves the top units, moves down, one hop a cycle
  shifted_in,  // varies along rows and columns: enters at column 0, the last column's value first, until all are there
  parked       // comes down from the top units one value after the other, and each stops in a row of its own
};

struct OperandPassage {
  Passage passage = Passage::at_edge;
  std::int64_t sent = 0;  // falls, from_top, parked: cycles from the accept until column 0's first value enters row 0
  bool through_top = false;  // it is a sum that comes out at the top: a cycle through the unit there
};

// Taking in an operand before the Einsum itself starts. Cycles from the accept; column 0.
struct Latch {
  int operand = -1;
  std::int64_t start = 0;
  bool shifts = false;  // PE (r, c) is busy with it from `start` + c on, until all columns have their values
};

struct ScheduledEinsum {
  int statement = -1;
  Station station = Station::grid;
  bool reversed = false;                 // row r has the index rows - 1 - r of the tile
  bool sums_go_up = false;               // what is reduced over the rows leaves at the top
  int skew = 0;                          // a row starts as many cycles after the one above it
  std::int64_t start = 0;                // column 0, first row to start; cycles from the accept
  std::vector<OperandPassage> operands;  // of the Einsum's accesses
  std::vector<Latch> latches;
  bool is_latch = false;          // a copy of what it takes in: its latch is all of it
  bool leaves = false;            // unreduced, and read elsewhere: unloaded row by row
  std::int64_t tile_rows = 1;     // of a whole tile
  std::int64_t first_result = 0;  // cycles from the accept until column 0 has one
  // Registers of a PE, for results that its own later Einsums read: whose are no longer read when this one has ended.
  bool keeps = false;
  std::int64_t results = 1;   // of one PE
  std::vector<int> releases;  // statements
};

struct InstructionSchedule {
  std::string instruction;
  int array = -1;
  std::vector<ScheduledEinsum> einsums;  // in the body's order
  bool is_skewed = true;    // column c is c cycles late; units at the edges that work by themselves: all at once
  std::int64_t cycles = 0;  // from the accept until the last cycle in which anything happens
};

// One per instruction of the Program. UserError: instruction-too-short when the table's `busy` is less than the PEs
// need, instruction-operand when an operand cannot come in.
[[nodiscard]] std::vector<InstructionSchedule> instruction_schedules(const Program& program, const Machine& machine,
                                                                     const Cascade& cascade);

}  // namespace einloom
