// SPDX-License-Identifier: Apache-2.0
// What PE(r, c) of an operation reads, computes and writes in step k: an Einsum compiled for one space-time map.
#pragma once

#include <cstdint>
#include <vector>

#include "einsum/kernel.hpp"
#include "sim/pe_level/element_store.hpp"
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

template <class T>
struct OperandPlan {
  std::vector<Element<T>>* elements = nullptr;
  Entry entry = Entry::held;
  bool loaded = false;          // by a load; otherwise another operation computed it
  std::int64_t way_cycles = 0;  // from where it was computed to the edge it enters
  Walk walk;
};

template <class T>
struct ValuePlan {
  SpaceTime map;
  const kernel::Compiled<T>* kernel = nullptr;
  std::vector<OperandPlan<T>> operands;  // of kernel->accesses
  std::vector<Element<T>>* results = nullptr;
  Walk result;
  bool sums_down = false, sums_along = false;  // partial results move down columns, along rows
  bool unloads = false;
  // By step: which of its results a PE works on, and whether for the first or the last time in this operation.
  std::vector<std::int32_t> target;
  std::vector<char> is_first, is_last;
  std::int32_t targets = 1;
};

template <class T>
[[nodiscard]] ValuePlan<T> value_plan(const Program& program, const Geometry& geometry, const Statement& statement,
                                      unsigned variant, const kernel::Compiled<T>& kernel, ElementStore<T>& store);

}  // namespace einloom
