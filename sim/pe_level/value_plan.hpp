// SPDX-License-Identifier: Apache-2.0
// What PE(r, c) of an operation reads, computes and writes in step k: an Einsum compiled for one space-time map.
#pragma once

#include <cstdint>
#include <vector>

#include "einsum/kernel.hpp"
#include "sim/pe_level/element_store.hpp"
#include "sim/pe_level/instruction_schedule.hpp"
#include "sim/pe_level/observations.hpp"
#include "sim/pe_level/space_time.hpp"

namespace einloom {

// How an operand comes to a PE.
enum class Entry {
  held,         // it is there: the PE, or the wavefront before, has computed it
  from_left,    // varies along the rows: enters column 0, moves right
  from_top,     // varies along the columns: enters row 0, moves down
  from_corner,  // varies along neither: enters PE(0, 0), moves right along row 0 and down the columns
  preloaded     // varies along both: entered at the top, row by row, before the operation started
};

// Offsets of a tensor's elements, relative to a tile: of an operand, or of the result.
struct Walk {
  std::int64_t per_row = 0, per_column = 0;
  std::vector<std::int64_t> in_step;
  [[nodiscard]] std::int64_t at(std::int64_t row, std::int64_t column, std::int64_t step) const {
    return row * per_row + column * per_column + in_step[static_cast<std::size_t>(step)];
  }
};

[[nodiscard]] Walk walk_of(const kernel::CompiledAccess& access, const SpaceTime& map);

template <class T>
struct OperandPlan {
  std::vector<Element<T>>* elements = nullptr;
  const std::string* tensor = nullptr;
  Entry entry = Entry::held;
  // An index tensor, or part of a predicate: it says where operands are and which points are absent, and goes no
  // further than the edge at which they enter.
  bool steers = false;
  const std::vector<kernel::Gather>* gathers = nullptr;  // index tensors in its own indices
  const kernel::Alternatives::Choice* choice = nullptr;  // of `first(…)`: read where it is inside its tensor
  bool loaded = false;                                   // by a load; otherwise another operation computed it
  bool refilled = false;                                 // the part of it that was spilled
  std::int64_t way_cycles = 0;                           // from where it was computed to the edge it enters
  Walk walk;
};

// Reductions of one kind, as in kernel->groups. By step: which of its results a PE works on, and whether for the first
// or the last time in this operation.
struct ReductionLevel {
  bool rows = false, columns = false;  // partial results move from row to row, from column to column
  std::vector<std::int32_t> target;
  std::vector<char> is_first, is_last;
  std::int32_t targets = 1;
};

template <class T>
struct ValuePlan {
  SpaceTime map;
  const kernel::Compiled<T>* kernel = nullptr;
  std::vector<OperandPlan<T>> operands;  // of kernel->accesses
  std::vector<Element<T>>* results = nullptr;
  Walk result;
  std::vector<ReductionLevel> levels;              // outermost first
  ReductionLevel selection;                        // of a selection: what a PE looks at for one result
  std::int64_t per_rank = 0;                       // offset between its ranked results
  bool moves_rows = false, moves_columns = false;  // partial results move along an axis
  bool sums_go_up = false;                         // from the last row to the first
  bool unloads = false;

  [[nodiscard]] bool selects() const { return kernel->selection.has_value(); }

  // Arrays with a controller: when and how. Their rows are those of the PEs, one of units above and one below.
  const ScheduledEinsum* schedule = nullptr;

  // The row's place in the tile; outside of [0, map.rows): nothing of the tile is there.
  [[nodiscard]] std::int64_t index_row(std::int64_t row) const {
    if (schedule == nullptr) return row;
    if (schedule->station != Station::grid) return 0;
    return schedule->reversed ? schedule->tile_rows - row : row - 1;
  }
};

template <class T>
[[nodiscard]] ValuePlan<T> value_plan(const Program& program, const Geometry& geometry, const Statement& statement,
                                      unsigned variant, const kernel::Compiled<T>& kernel, ElementStore<T>& store,
                                      const ScheduledEinsum* schedule);

}  // namespace einloom
