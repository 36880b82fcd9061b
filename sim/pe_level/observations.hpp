// SPDX-License-Identifier: Apache-2.0
// Where in an array it shows that an operation's result, or its use of a tile, is complete, and how far that news has
// to go from there to the corner that waits for it. Derived from bindings, links and memories; the latencies that
// lowering wrote into the Program are not looked at.
#pragma once

#include <cstdint>
#include <vector>

#include "arch/machine.hpp"
#include "einsum/cascade.hpp"
#include "einsum/operands.hpp"
#include "mappings/program.hpp"

namespace einloom {

// Events of one operation on its array, in the order they can happen.
enum class Seen {
  first_pe,       // PE(0, 0) has finished
  last_row,       // PE(R - 1, 0): what moves down column 0 has left it
  last_column,    // PE(0, C - 1): what moves along row 0 has left it
  last_pe,        // PE(R - 1, C - 1)
  first_row_out,  // an unreduced tile: column 0's first value has left the array
  all_rows_out,   // and the last column's last value
  slot_over,      // array with a controller: the next instruction may be accepted, as far as this one goes
  engine_idle     // its engine has finished the instruction
};

struct Observation {
  Seen event = Seen::first_pe;    // of a producing operation; a move's end is when its last byte has arrived
  std::int64_t delay_cycles = 0;  // over a link, through a memory, or (into the array) down its rows
};

// How operations and tensors lie on arrays.
class Geometry {
 public:
  Geometry(const Program& program, const Machine& machine, const Cascade& cascade)
      : program_(program), machine_(machine), cascade_(cascade) {}

  [[nodiscard]] const Einsum& einsum(const Statement& operation) const {
    return cascade_.einsums()[static_cast<std::size_t>(operation.einsum)];
  }
  // All it looks at: operands, and index tensors of operands, result and predicates.
  [[nodiscard]] std::vector<const Access*> accesses(const Statement& operation) const {
    return operand_accesses(cascade_, operation.einsum);
  }
  [[nodiscard]] const PeArray& array(const Statement& operation) const {
    return machine_.arrays[static_cast<std::size_t>(operation.array)];
  }
  // Is what varies along the axis summed up (or its maximum taken …)?
  [[nodiscard]] bool is_reduced(const Statement& operation, Place::Axis axis) const;
  // And does the sum move along the axis? A single PE has it by itself.
  [[nodiscard]] bool reduces(const Statement& operation, Place::Axis axis) const;
  // Does an operand vary along the axis?
  [[nodiscard]] bool varies(const Statement& operation, const Access& access, Place::Axis axis) const;
  // Must it be in the PEs before the operation starts: does it enter at one edge although it varies along both axes?
  [[nodiscard]] bool is_preloaded(const Statement& operation, const Access& access) const {
    return varies(operation, access, Place::Axis::rows) && varies(operation, access, Place::Axis::columns);
  }
  // Is a result left in PE(r, c) exactly what PE(r, c) reads through `access`?
  [[nodiscard]] bool is_same_place(const Statement& producer, const Statement& consumer, const Access& access) const;
  // Does the consumer, in its wavefront, use nothing earlier than the producer's row r and column c let it out: r and c
  // cycles behind the first? Constant and gathered indices and those that run ahead do not.
  [[nodiscard]] bool follows_skew(const Statement& producer, const Statement& consumer, const Access& access) const;
  // Is an operand that has to be preloaded computed row by row, column by column beside the consumer's columns, so that
  // it enters while it is being computed, the last row in time?
  [[nodiscard]] bool comes_in_rows(const Statement& producer, const Statement& consumer, const Access& access) const;
  // Does the consumer read, through `access`, the tile that the producer computed in the same iteration?
  [[nodiscard]] bool is_same_iteration(const Statement& producer, const Statement& consumer,
                                       const Access& access) const;
  // Does a PE keep the value until it reads it, without a way out of the array in between?
  [[nodiscard]] bool stays(const Statement& producer, const Statement& consumer, const Access& access) const;
  // Does the tile have to be unloaded row by row to leave?
  [[nodiscard]] bool unloads(const Statement& producer) const;
  // Cycles from the edge of the producer's array to the edge of the consumer's: through the memory that keeps the
  // result, or over the link.
  [[nodiscard]] std::int64_t way(const Statement& producer, const Statement& consumer, const Access& access) const;
  // Does an array, through a load, read what went through DRAM?
  [[nodiscard]] bool is_loaded(const Statement& consumer, const Access& access) const;
  // Does a part of it, which was spilled, come back for this consumer?
  [[nodiscard]] bool is_refilled(const Statement& consumer, const Access& access) const;
  [[nodiscard]] const Statement* producer_of(const std::string& tensor) const;

 private:
  // Is what the producer spreads over `from` what the consumer spreads over `to`?
  [[nodiscard]] bool is_same_index(const Statement& producer, const Place& from, const Statement& consumer,
                                   const Place& to, const Access& access) const;

  const Program& program_;
  const Machine& machine_;
  const Cascade& cascade_;
};

// One per dependence.
[[nodiscard]] std::vector<Observation> observations(const Program& program, const Machine& machine,
                                                    const Cascade& cascade);

}  // namespace einloom
