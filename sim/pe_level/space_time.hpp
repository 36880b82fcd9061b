// SPDX-License-Identifier: Apache-2.0
// Which PE computes which point of a tile, and in which step: the map from (row, column, step) to indices that a
// binding stands for. Derived from the places alone, not from the Program's costs.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "arch/machine.hpp"
#include "mappings/program.hpp"

namespace einloom {

// Index of an axis of the array: position · unit; dimension -1: nothing varies along it.
struct AxisPlace {
  int dimension = -1;
  std::int64_t unit = 1;
};

struct SpaceTime {
  std::int64_t rows = 1, columns = 1;  // PEs that take part, from PE(0, 0)
  std::int64_t steps = 1;              // points one after another on a PE
  std::int64_t issue_cycles = 1;       // of one step
  std::vector<std::int64_t> step_end;  // by step: cycles until it is over; empty where all steps take issue_cycles
  AxisPlace row, column;
  std::vector<std::int64_t> extents;     // of the tile, by dimension of Statement::box
  std::vector<std::int64_t> step_index;  // [step · dimensions + dimension]: what the step adds to each index
  bool ragged = false;                   // some (row, column, step) lie outside of the tile

  [[nodiscard]] std::int64_t cycles() const { return step_end.empty() ? steps * issue_cycles : step_end.back(); }
  // The step that a PE begins, or ends, in its cycle `worked`; -1: none.
  [[nodiscard]] std::int64_t begins(std::int64_t worked) const {
    if (step_end.empty()) return worked % issue_cycles == 0 ? worked / issue_cycles : -1;
    if (worked == 0) return 0;
    const std::int64_t before = ends(worked - 1);
    return before < 0 ? -1 : before + 1;
  }
  [[nodiscard]] std::int64_t ends(std::int64_t worked) const {
    if (step_end.empty()) return (worked + 1) % issue_cycles == 0 ? worked / issue_cycles : -1;
    const auto found = std::lower_bound(step_end.begin(), step_end.end(), worked + 1);
    return found != step_end.end() && *found == worked + 1 ? found - step_end.begin() : -1;
  }
  // The point's indices relative to the tile; false when it lies outside.
  bool point(std::int64_t row_at, std::int64_t column_at, std::int64_t step, std::vector<std::int64_t>& index) const;
};

[[nodiscard]] SpaceTime space_time_of(const Statement& statement, const PeArray& array, unsigned variant);

// The place that spreads a statement over an axis; nullptr when it has none.
[[nodiscard]] const Place* place_along(const Statement& statement, Place::Axis axis);

}  // namespace einloom
