// SPDX-License-Identifier: Apache-2.0
// Notation: n values of the selected index follow each other on a PE, k results are asked for. The list has
// L = min(k, n) entries, so a value has L + 1 places to go and a search takes ceil(log2(L + 1)) comparisons; k entries
// leave, k - 1 of them behind the first.
#include "mappings/steps/selection_cost.hpp"

#include <algorithm>
#include <bit>

#include "mappings/steps/memory_accesses.hpp"
#include "mappings/steps/register_accesses.hpp"

namespace einloom {
namespace {

// Positions that a tile takes up along its indices.
struct TakenUp {
  std::int64_t values_in_time = 1;  // of the selected index, one after another on a PE
  std::int64_t values_in_space = 1;
  std::int64_t lists = 1;  // on a PE, one after another
};

TakenUp taken_up(const Statement& statement, unsigned set) {
  TakenUp found;
  for (const Place& place : statement.places) {
    if (place.dimension == statement.selection->counter) continue;
    const std::int64_t extent = extent_in(statement.box[static_cast<std::size_t>(place.dimension)], set);
    const std::int64_t here = std::min(place.extent, (extent + place.unit - 1) / place.unit);
    const bool in_time = place.axis == Place::Axis::time;
    if (place.dimension == statement.selection->over) {
      (in_time ? found.values_in_time : found.values_in_space) *= here;
    } else if (in_time) {
      found.lists *= here;
    }
  }
  return found;
}

}  // namespace

std::optional<SelectionShape> selection_of(const Einsum& einsum) {
  if (einsum.selection().empty()) return std::nullopt;
  const std::vector<std::string> variables = einsum.variables();
  const auto position = [&](const std::string& variable) {
    const auto found = std::find(variables.begin(), variables.end(), variable);
    return found == variables.end() ? -1 : static_cast<int>(found - variables.begin());
  };
  return SelectionShape{einsum.selection(), position(einsum.reductions.front().variable),
                        position(einsum.selected_variable())};
}

std::int64_t comparisons_in_list(std::int64_t entries) { return std::bit_width(static_cast<std::uint64_t>(entries)); }

std::optional<SelectionCost> selection_cost(const Statement& statement, const PeArray& array, unsigned set) {
  if (!statement.selection) return std::nullopt;
  const SelectionShape& selection = *statement.selection;
  const OperationCost& comparison = array.operations.at(selection.op);
  const TakenUp tile = taken_up(statement, set);
  const std::int64_t results =
      selection.counter < 0 ? 1 : extent_in(statement.box[static_cast<std::size_t>(selection.counter)], set);
  const std::int64_t entries = std::min(results, tile.values_in_time);
  SelectionCost cost;
  cost.comparisons_of_value = comparisons_in_list(entries);
  cost.cycles_of_value = cost.comparisons_of_value * comparison.issue_cycles;
  cost.registers_of_value = cost.comparisons_of_value * registers_of_comparison(comparison);
  const std::int64_t behind = tile.lists * (results - 1);
  if (tile.values_in_space > 1) {
    cost.merging_comparisons = behind;
    cost.leaving_cycles = behind * std::max<std::int64_t>(1, comparison.issue_cycles);
    cost.leaving_registers = behind * registers_of_comparison(comparison);
  } else {  // nothing to compare with
    cost.leaving_cycles = cost.leaving_registers = behind;
  }
  return cost;
}

}  // namespace einloom
