// SPDX-License-Identifier: Apache-2.0
#include "sim/pe_level/space_time.hpp"

#include <algorithm>
#include <map>

namespace einloom {
namespace {

std::int64_t extent_of(const BoxDimension& box, unsigned variant) {
  return box.partial >= 0 && (variant >> box.partial & 1U) != 0 ? box.last : box.full;
}

// Positions of a place that a tile of `extent` elements uses.
std::int64_t positions(const Place& place, std::int64_t extent) {
  return std::min(place.extent, (extent + place.unit - 1) / place.unit);
}

}  // namespace

const Place* place_along(const Statement& statement, Place::Axis axis) {
  for (const Place& place : statement.places) {
    if (place.axis == axis) return &place;
  }
  return nullptr;
}

bool SpaceTime::point(std::int64_t row_at, std::int64_t column_at, std::int64_t step,
                      std::vector<std::int64_t>& index) const {
  const std::size_t dimensions = extents.size();
  const std::int64_t* in_time = step_index.data() + static_cast<std::size_t>(step) * dimensions;
  index.assign(in_time, in_time + dimensions);
  if (row.dimension >= 0) index[static_cast<std::size_t>(row.dimension)] += row_at * row.unit;
  if (column.dimension >= 0) index[static_cast<std::size_t>(column.dimension)] += column_at * column.unit;
  for (std::size_t d = 0; ragged && d < dimensions; ++d) {
    if (index[d] >= extents[d]) return false;
  }
  return true;
}

namespace {

// A step with which the values of an inner reduction are complete goes on for as long as the outer one combines them.
void add_outer_reductions(const Statement& statement, const PeArray& array, SpaceTime& map) {
  if (statement.outer_operations.empty()) return;
  const std::size_t dimensions = map.extents.size();
  std::vector<std::int64_t> cycles(static_cast<std::size_t>(map.steps), map.issue_cycles);
  for (const OuterOperation& outer : statement.outer_operations) {
    std::map<std::vector<std::int64_t>, std::size_t> last;  // step with which a value is complete
    for (std::size_t step = 0; step < cycles.size(); ++step) {
      const auto* index = map.step_index.data() + step * dimensions;
      last[std::vector(index, index + outer.variables)] = step;
    }
    for (const auto& [index, step] : last) cycles[step] += array.operations.at(outer.op).issue_cycles;
  }
  std::int64_t end = 0;
  for (const std::int64_t each : cycles) map.step_end.push_back(end += each);
}

// What a PE keeps for one result of a selection: of the steps that look at its values, how many and the last one.
struct SortedList {
  std::int64_t values = 0;
  std::size_t last_step = 0;
};

std::vector<SortedList> sorted_lists(const Statement& statement, const SpaceTime& map) {
  if (!statement.selection) return {};
  const std::size_t dimensions = map.extents.size();
  std::map<std::vector<std::int64_t>, SortedList> by_result;
  for (std::size_t step = 0; step < static_cast<std::size_t>(map.steps); ++step) {
    const auto* index = map.step_index.data() + step * dimensions;
    std::vector<std::int64_t> result(index, index + dimensions);
    result[static_cast<std::size_t>(statement.selection->over)] = 0;
    SortedList& list = by_result[result];
    ++list.values;
    list.last_step = step;
  }
  std::vector<SortedList> lists;
  for (const auto& [result, list] : by_result) lists.push_back(list);
  return lists;
}

std::int64_t results_of(const Statement& statement, const SpaceTime& map) {
  return statement.selection->counter < 0 ? 1 : map.extents[static_cast<std::size_t>(statement.selection->counter)];
}

// A value's place in the list is found by halving: in front of an entry, or behind all of them.
std::int64_t comparisons_in(const Statement& statement, const SpaceTime& map, const std::vector<SortedList>& lists) {
  std::int64_t longest = 0;
  for (const SortedList& list : lists) longest = std::max(longest, list.values);
  std::int64_t comparisons = 0;
  for (std::int64_t places = std::min(longest, results_of(statement, map)) + 1; places > 1; places = (places + 1) / 2) {
    ++comparisons;
  }
  return comparisons;
}

// With the last value of a list its first entry leaves, and behind it, in the same step, all the others. Where PEs next
// to each other have lists of the same result, each entry is the better one of two.
void add_leaving(const Statement& statement, const PeArray& array, const std::vector<SortedList>& lists,
                 SpaceTime& map) {
  if (!statement.selection || results_of(statement, map) == 1) return;
  const int over = statement.selection->over;
  const bool merges = (map.row.dimension == over && map.rows > 1) || (map.column.dimension == over && map.columns > 1);
  const std::int64_t each =
      merges ? std::max<std::int64_t>(1, array.operations.at(statement.selection->op).issue_cycles) : 1;
  std::vector<std::int64_t> cycles(static_cast<std::size_t>(map.steps), map.issue_cycles);
  for (const SortedList& list : lists) cycles[list.last_step] += (results_of(statement, map) - 1) * each;
  std::int64_t end = 0;
  for (const std::int64_t step : cycles) map.step_end.push_back(end += step);
}

// In an array with a controller a product and a sum are one mac, where it has one.
std::int64_t fused_cycles(const Statement& statement, const PeArray& array) {
  if (array.operations.count("mac") == 0) return 0;
  std::int64_t products = 0, sums = 0;
  for (const auto& [op, count] : statement.operations_per_point) {
    if (op == "mul") products = count;
    if (op == "add") sums = count;
  }
  return std::min(products, sums) == 0 ? 0 : std::min(products, sums) * array.operations.at("add").issue_cycles;
}

}  // namespace

SpaceTime space_time_of(const Statement& statement, const PeArray& array, unsigned variant) {
  SpaceTime map;
  // An instruction takes the steps of a whole tile, whatever there is to do in them: its inner times are fixed.
  const unsigned timed_like = statement.instruction.empty() ? variant : 0;
  std::vector<std::int64_t> covered(statement.box.size(), 1);
  for (const BoxDimension& box : statement.box) map.extents.push_back(extent_of(box, variant));
  std::vector<std::int64_t> radix;
  std::vector<const Place*> in_time;
  for (const Place& place : statement.places) {
    const auto d = static_cast<std::size_t>(place.dimension);
    if (statement.selection && place.dimension == statement.selection->counter) continue;  // nothing advances it
    if (place.axis == Place::Axis::time) {
      const std::int64_t here = positions(place, extent_of(statement.box[d], timed_like));
      covered[d] += (here - 1) * place.unit;
      in_time.push_back(&place);
      radix.push_back(here);
      map.steps *= here;
    } else {
      const std::int64_t here = positions(place, map.extents[d]);
      covered[d] += (here - 1) * place.unit;
      (place.axis == Place::Axis::rows ? map.rows : map.columns) = here;
      (place.axis == Place::Axis::rows ? map.row : map.column) = {place.dimension, place.unit};
    }
  }
  for (std::size_t d = 0; d < covered.size(); ++d) map.ragged = map.ragged || covered[d] > map.extents[d];
  map.step_index.assign(static_cast<std::size_t>(map.steps) * covered.size(), 0);
  for (std::int64_t step = 0; step < map.steps; ++step) {
    std::int64_t left = step;
    for (std::size_t i = in_time.size(); i-- > 0;) {  // the last place is the fastest
      const std::size_t at = static_cast<std::size_t>(step) * covered.size();
      map.step_index[at + static_cast<std::size_t>(in_time[i]->dimension)] += left % radix[i] * in_time[i]->unit;
      left /= radix[i];
    }
  }
  map.issue_cycles = 0;
  const std::vector<SortedList> lists = sorted_lists(statement, map);
  for (const auto& [op, count] : statement.operations_per_point) {
    const bool selects = statement.selection && statement.selection->op == op;
    map.issue_cycles +=
        (selects ? comparisons_in(statement, map, lists) : count) * array.operations.at(op).issue_cycles;
  }
  if (!statement.instruction.empty()) map.issue_cycles -= fused_cycles(statement, array);
  map.issue_cycles = std::max<std::int64_t>(1, map.issue_cycles);  // a copy
  add_outer_reductions(statement, array, map);
  add_leaving(statement, array, lists, map);
  return map;
}

}  // namespace einloom
