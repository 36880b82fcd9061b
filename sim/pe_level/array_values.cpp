// SPDX-License-Identifier: Apache-2.0
#include "sim/pe_level/array_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/diagnostic.hpp"

namespace einloom {
namespace {

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

}  // namespace

template <class T>
ArrayValues<T>::ArrayValues(int array, std::int64_t rows, std::int64_t columns, std::int64_t first_row,
                            std::int64_t last_row, std::size_t operands, std::size_t statements,
                            const ElementStore<T>& store)
    : array_(array),
      rows_(rows),
      columns_(columns),
      first_row_(first_row),
      last_row_(last_row),
      store_(store),
      pending_(at(rows * columns)),
      is_absent_(at(rows * columns), 0),
      operand_values_(operands),
      sums_vertical_(rows * columns),
      sums_along_(rows * columns),
      accumulators_(statements) {}

template <class T>
void ArrayValues<T>::begin_cycle(std::int32_t oldest, std::int64_t now) {
  now_ = now;
  sums_vertical_.move(now);
  sums_along_.move(now);
  while (!operations_.empty() && operations_.front().number < oldest) operations_.pop_front();
}

template <class T>
void ArrayValues<T>::evaluate(const OperationValues<T>& what, std::int64_t row) {
  const kernel::Compiled<T>& kernel = *what.plan->kernel;
  const std::size_t count = points_.size();
  if (step_values_.size() < kernel.steps.size() + kernel.registers.size()) {
    step_values_.resize(kernel.steps.size() + kernel.registers.size());
  }
  const auto operand_of = [&](int which) -> Operand<T> {
    const kernel::Register& source = kernel.registers[static_cast<std::size_t>(which)];
    if (source.source == kernel::Source::access)
      return {operand_values_[static_cast<std::size_t>(source.from)].data(), 1};
    if (source.source == kernel::Source::step) return {step_values_[static_cast<std::size_t>(source.from)].data(), 1};
    std::vector<T>& values = step_values_[kernel.steps.size() + static_cast<std::size_t>(which)];
    if (source.source == kernel::Source::first) {
      return chosen(what, kernel.alternatives[static_cast<std::size_t>(source.from)], row, values);
    }
    values.assign(count, static_cast<T>(source.constant));
    for (std::size_t i = 0; source.source == kernel::Source::index && i < count; ++i) {
      static_cast<void>(what.plan->map.point(what.plan->index_row(row), points_[i].column, points_[i].step, index_));
      const auto v = static_cast<std::size_t>(source.from);
      values[i] = static_cast<T>(index_[v] + what.box[v].begin);
    }
    return {values.data(), 1};
  };
  for (std::size_t s = 0; s < kernel.steps.size(); ++s) {
    const kernel::Step<T>& step = kernel.steps[s];
    step_values_[s].resize(count);
    const Operand<T> a = operand_of(step.a);
    const Operand<T> b = step.b == kernel::kNone ? Operand<T>{} : operand_of(step.b);
    if (step.ternary != nullptr) {
      step.ternary(a, b, operand_of(step.c), step_values_[s].data(), count);
    } else {
      step.function(a, b, step_values_[s].data(), count);
    }
  }
  const Operand<T> result = operand_of(kernel.result);
  for (std::size_t i = 0; i < count; ++i) pending_[at(row * columns_ + points_[i].column)] = result.data[i];
}

// Point by point the first choice that is inside its tensor.
template <class T>
Operand<T> ArrayValues<T>::chosen(const OperationValues<T>& what, const kernel::Alternatives& alternatives,
                                  std::int64_t row, std::vector<T>& values) {
  const std::int64_t index_row = what.plan->index_row(row);
  values.assign(points_.size(), T{});
  for (std::size_t i = 0; i < points_.size(); ++i) {
    if (is_absent_[at(row * columns_ + points_[i].column)] != 0) continue;
    for (const kernel::Alternatives::Choice& choice : alternatives.choices) {
      if (choice.access == kernel::kNone) {
        values[i] = static_cast<T>(choice.constant);
        break;
      }
      const auto o = static_cast<std::size_t>(choice.access);
      if (!is_read(what, o, index_row, points_[i])) continue;
      values[i] = operand_values_[o][i];
      break;
    }
  }
  return {values.data(), 1};
}

template <class T>
T ArrayValues<T>::combined(const OperationValues<T>& what, std::size_t level, T a, T b) const {
  T result{};
  what.plan->kernel->groups[level].combine({&a, 1}, {&b, 1}, &result, 1);
  return result;
}

// The PE's own contribution to the result of this level that the step works on.
template <class T>
T ArrayValues<T>::accumulate(const OperationValues<T>& what, std::size_t level, std::int64_t pe, std::int64_t row,
                             const Point& point, T value) {
  const ValuePlan<T>& plan = *what.plan;
  const ReductionLevel& how = plan.levels[level];
  auto& levels = accumulators_[static_cast<std::size_t>(what.statement)];
  if (levels.size() < plan.levels.size()) levels.resize(plan.levels.size());
  std::vector<T>& sums = levels[level];
  const std::size_t needed = at(how.targets * rows_ * columns_);
  if (sums.size() < needed) sums.resize(needed);
  T& sum = sums[at(how.target[at(point.step)] * rows_ * columns_ + pe)];
  if (how.is_first[at(point.step)] != 0) {
    sum = plan.kernel->groups[level].identity;
    const bool in_place = !plan.moves_rows && !plan.moves_columns && plan.kernel->output.gathers.empty();
    if (level == 0 && what.continues && in_place) {
      sum = (*plan.results)[at(what.result_base + plan.result.at(row, point.column, point.step))].value;
    }
  }
  const bool innermost = level + 1 == plan.levels.size();
  const bool present = innermost ? is_absent_[at(pe)] == 0 : is_present(what, row, point, level + 1);
  if (present) sum = combined(what, level, sum, value);
  return sum;
}

template <class T>
void ArrayValues<T>::end_step(const OperationValues<T>& what, std::int64_t physical_row, const Point& point) {
  const ValuePlan<T>& plan = *what.plan;
  const SpaceTime& map = plan.map;
  const std::int64_t pe = physical_row * columns_ + point.column;
  // Where the value is in the tile: an axis that has been reduced does not count any more.
  std::int64_t row = plan.index_row(physical_row);
  Point here = point;
  const auto is_in_tile = [&] { return row >= 0 && row < map.rows && here.column < map.columns; };
  if (plan.selects()) {
    select(what, physical_row, row, here, is_in_tile());
    return;
  }
  if (plan.levels.empty()) {
    if (is_in_tile() && is_result(what, row, here))
      keep(what, pe, row, here, is_absent_[at(pe)] != 0, pending_[at(pe)]);
    return;
  }
  T value = pending_[at(pe)];
  for (std::size_t level = plan.levels.size(); level-- > 0;) {
    const ReductionLevel& how = plan.levels[level];
    value = is_in_tile() ? accumulate(what, level, pe, row, here, value) : plan.kernel->groups[level].identity;
    if (how.is_last[at(point.step)] == 0) return;
    const StepTag tag = step_tag(what.number, how.target[at(point.step)]);
    if (how.rows) {
      const std::int64_t from = plan.sums_go_up ? physical_row + 1 : physical_row - 1;
      const std::int64_t begin = plan.sums_go_up ? last_row_ : first_row_;
      const std::int64_t end = plan.sums_go_up ? first_row_ : last_row_;
      const bool passes = here.column < map.columns;
      if (passes && physical_row != begin) {
        if (!sums_vertical_.is_from(from * columns_ + point.column, tag)) {
          missing(what, physical_row, point,
                  plan.sums_go_up ? "the sum from the row below" : "the sum from the row above");
        }
        value = combined(what, level, sums_vertical_.value(from * columns_ + point.column), value);
      }
      if (physical_row != end) {
        if (passes) sums_vertical_.put(pe, value, tag, now_);
        return;
      }
      row = 0;
    }
    if (how.columns) {
      const bool passes = row >= 0 && row < map.rows;
      if (passes && point.column > 0) {
        if (!sums_along_.is_from(pe - 1, tag)) missing(what, physical_row, point, "the sum from the column before");
        value = combined(what, level, sums_along_.value(pe - 1), value);
      }
      if (point.column < columns_ - 1) {
        if (passes) sums_along_.put(pe, value, tag, now_);
        return;
      }
      here.column = 0;
    }
  }
  if (!is_in_tile() || !is_result(what, row, here)) return;
  if (plan.moves_rows || plan.moves_columns) {
    leave_by_edge(what, row, here, value);
  } else {
    // A reduction has a value even where all of its points are absent; a state may have none.
    const kernel::Compiled<T>& kernel = *plan.kernel;
    keep(what, pe, row, here, !holds(what, row, here, kernel.store_constraints, kernel.store_data_constraints), value);
  }
}

// What PEs have looked at for one result goes from neighbour to neighbour along the axes that the selected rank lies
// on; behind the last of it, the results leave in their order.
template <class T>
void ArrayValues<T>::select(const OperationValues<T>& what, std::int64_t physical_row, std::int64_t row,
                            const Point& point, bool is_in_tile) {
  const ValuePlan<T>& plan = *what.plan;
  const kernel::SelectionPlan& how = *plan.kernel->selection;
  const std::int64_t line = (plan.moves_rows ? 0 : physical_row * columns_) + (plan.moves_columns ? 0 : point.column);
  const auto target = plan.selection.target[at(point.step)];
  auto& looked_at = looked_at_[{what.number, target, line}];
  if (is_in_tile && is_absent_[at(physical_row * columns_ + point.column)] == 0) {
    static_cast<void>(plan.map.point(row, point.column, point.step, index_));
    looked_at.emplace_back(pending_[at(physical_row * columns_ + point.column)], index_.back() + what.box.back().begin);
  }
  const bool is_last = (!plan.moves_rows || physical_row == last_row_) &&
                       (!plan.moves_columns || point.column == columns_ - 1) &&
                       plan.selection.is_last[at(point.step)] != 0;
  if (!is_last) return;
  const Point here{plan.moves_columns ? 0 : point.column, point.step};
  if (plan.moves_rows) row = 0;
  const bool moves = plan.moves_rows || plan.moves_columns;
  const bool is_out = row >= 0 && row < plan.map.rows && here.column < plan.map.columns && is_result(what, row, here);
  const std::int64_t pe = moves ? -1 : physical_row * columns_ + point.column;
  // In the order of their indices first; equal values keep it. NaN goes last.
  const auto by_index = [](const auto& a, const auto& b) { return a.second < b.second; };
  std::sort(looked_at.begin(), looked_at.end(), by_index);
  std::stable_sort(looked_at.begin(), looked_at.end(), [&](const auto& a, const auto& b) {
    if (std::isnan(a.first) || std::isnan(b.first)) return !std::isnan(a.first) && std::isnan(b.first);
    return how.largest_first ? a.first > b.first : a.first < b.first;
  });
  const std::int64_t offset = is_out ? result_offset(what, row, here) : 0;
  const Range ranks = how.counter == kernel::kNone ? Range{0, 1} : what.box[at(how.counter)];
  for (std::int64_t k = ranks.begin; is_out && k < ranks.end; ++k) {
    T value = how.gives_index ? T(-1) : T(0);
    if (at(k) < looked_at.size()) {
      value = how.gives_index ? static_cast<T>(looked_at[at(k)].second) : looked_at[at(k)].first;
    }
    put(what, pe, offset + (k - ranks.begin) * plan.per_rank, value);
  }
  looked_at_.erase({what.number, target, line});
}

template <class T>
void ArrayValues<T>::leave_by_edge(const OperationValues<T>& what, std::int64_t row, const Point& point, T value) {
  const kernel::Compiled<T>& kernel = *what.plan->kernel;
  const std::int64_t offset = result_offset(what, row, point);
  if (!holds(what, row, point, kernel.store_constraints, kernel.store_data_constraints)) {
    if (!kernel.carries_state) return;
    value = (*what.plan->results)[at(offset + kernel.previous_state)].value;
  } else if (what.continues) {
    value = combined(what, 0, (*what.plan->results)[at(offset)].value, value);  // added up where sums are kept
  }
  put(what, -1, offset, value);
}

// In the PE that computed it; an edge that needs no unloading has it as well. An absent point of a map is 0, as in the
// evaluator.
template <class T>
void ArrayValues<T>::keep(const OperationValues<T>& what, std::int64_t pe, std::int64_t row, const Point& point,
                          bool absent, T value) {
  const kernel::Compiled<T>& kernel = *what.plan->kernel;
  const bool scatters = !kernel.output.gathers.empty();
  if (absent && scatters) return;
  const std::int64_t offset = result_offset(what, row, point);
  if (absent) value = kernel.carries_state ? (*what.plan->results)[at(offset + kernel.previous_state)].value : T{};
  if (scatters && what.continues) value = combined(what, 0, (*what.plan->results)[at(offset)].value, value);
  put(what, pe, offset, value);
}

// pe -1: at the edge of the array.
template <class T>
void ArrayValues<T>::put(const OperationValues<T>& what, std::int64_t pe, std::int64_t offset, T value) {
  const kernel::Compiled<T>& kernel = *what.plan->kernel;
  if (kernel.rounds) round_to(kernel.dtype, &value, 1);
  Element<T>& element = (*what.plan->results)[at(offset)];
  element.value = value;
  element.array = pe < 0 ? -1 : array_;
  element.pe = static_cast<std::int32_t>(pe);
  element.held_since = pe < 0 ? kNever : now_ + 1;
  element.out_since = pe >= 0 && what.plan->unloads ? kNever : now_ + 1;
  element.instance = what.instance;
  element.slot = what.slot;
  carry_on(what, offset);
}

// Behind the last iteration of a loop that ends early, a state keeps its value in the iterations left out.
template <class T>
void ArrayValues<T>::carry_on(const OperationValues<T>& what, std::int64_t offset) {
  for (std::int64_t i = 1; i <= what.iterations_left_out; ++i) {
    (*what.plan->results)[at(offset + i * what.next_state)] = (*what.plan->results)[at(offset)];
  }
}

template <class T>
void ArrayValues<T>::row_out(std::int32_t number, std::int64_t physical_row, std::int64_t column, std::int64_t time) {
  const OperationValues<T>& what = operation(number);
  const ValuePlan<T>& plan = *what.plan;
  const std::int64_t row = plan.index_row(physical_row);
  if (row < 0 || row >= plan.map.rows || column >= plan.map.columns) return;
  const kernel::Compiled<T>& kernel = *plan.kernel;
  const bool ranked = plan.selects() && kernel.selection->counter != kernel::kNone;
  const std::int64_t ranks = ranked ? plan.map.extents[at(kernel.selection->counter)] : 1;
  for (std::int64_t step = 0; step < plan.map.steps; ++step) {
    if (!plan.levels.empty() && plan.levels.front().is_last[at(step)] == 0) continue;
    if (plan.selects() && plan.selection.is_last[at(step)] == 0) continue;
    if (!is_result(what, row, {column, step})) continue;
    const std::int64_t offset = result_offset(what, row, {column, step});
    for (std::int64_t k = 0; k < ranks; ++k) {
      for (std::int64_t i = 0; i <= what.iterations_left_out; ++i) {
        Element<T>& element = (*plan.results)[at(offset + k * plan.per_rank + i * what.next_state)];
        if (element.instance == what.instance && element.held_since != kNever) element.out_since = time;
      }
    }
  }
}

template <class T>
std::int64_t ArrayValues<T>::offset_of(const OperationValues<T>& what, std::size_t o, std::int64_t row,
                                       const Point& point) const {
  const OperandPlan<T>& operand = what.plan->operands[o];
  std::int64_t offset = what.operand_base[o] + operand.walk.at(row, point.column, point.step);
  for (const kernel::Gather& gather : *operand.gathers) {
    const auto index = steered(what, at(gather.access), row, point);
    if (!index) return -1;
    offset += gather.stride * *index;
  }
  return offset >= 0 && at(offset) < operand.elements->size() ? offset : -1;
}

template <class T>
std::int64_t ArrayValues<T>::result_offset(const OperationValues<T>& what, std::int64_t row, const Point& point) const {
  std::int64_t offset = what.result_base + what.plan->result.at(row, point.column, point.step);
  for (const kernel::Gather& gather : what.plan->kernel->output.gathers) {
    offset += gather.stride * index_at(what, gather.access, row, point);
  }
  return offset;
}

template <class T>
std::optional<std::int64_t> ArrayValues<T>::steered(const OperationValues<T>& what, std::size_t o, std::int64_t row,
                                                    const Point& point) const {
  const OperandPlan<T>& operand = what.plan->operands[o];
  const std::int64_t offset = offset_of(what, o, row, point);
  if (offset < 0) return 0;
  const T* value = at_its_edge(what, o, (*operand.elements)[at(offset)], row, point);
  if (value == nullptr) return std::nullopt;
  return *value >= T(-0x1p40) && *value <= T(0x1p40) ? static_cast<std::int64_t>(std::llround(*value)) : 0;
}

template <class T>
std::int64_t ArrayValues<T>::index_at(const OperationValues<T>& what, int access, std::int64_t row,
                                      const Point& point) const {
  const auto index = steered(what, at(access), row, point);
  if (!index) missing(what, row, point, "index " + *what.plan->operands[at(access)].tensor);
  return *index;
}

// When it entered, for the PE to be at the point now.
template <class T>
const T* ArrayValues<T>::at_its_edge(const OperationValues<T>& what, std::size_t o, const Element<T>& element,
                                     std::int64_t row, const Point& point) const {
  const OperandPlan<T>& operand = what.plan->operands[o];
  switch (operand.entry) {
    case Entry::held:
      return store_.held(element, array_, row * columns_ + point.column, now_, row + point.column);
    case Entry::from_left:
      return from_edge(operand, element, now_ - point.column, row);
    case Entry::from_top:
      return from_edge(operand, element, now_ - row, point.column);
    case Entry::from_corner:
      return from_edge(operand, element, now_ - row - point.column, 0);
    case Entry::preloaded:
      return from_edge(operand, element, now_ - (what.plan->map.rows - 1), point.column);
  }
  return nullptr;
}

template <class T>
const T* ArrayValues<T>::from_edge(const OperandPlan<T>& operand, const Element<T>& element, std::int64_t time,
                                   std::int64_t skew) const {
  const bool loaded = operand.loaded || (operand.refilled && element.is_spilled);
  return loaded ? store_.entering_loaded(element, time) : store_.entering(element, time, operand.way_cycles, skew);
}

template <class T>
bool ArrayValues<T>::is_read(const OperationValues<T>& what, std::size_t o, std::int64_t row, const Point& point) {
  const kernel::Alternatives::Choice* choice = what.plan->operands[o].choice;
  return choice == nullptr || holds(what, row, point, choice->inside, choice->inside_data);
}

// Do the point's first variables lie inside the tile?
template <class T>
bool ArrayValues<T>::is_inside(const OperationValues<T>& what, std::int64_t row, const Point& point,
                               std::size_t variables) {
  const SpaceTime& map = what.plan->map;
  if (!map.ragged) return true;
  static_cast<void>(map.point(row, point.column, point.step, index_));
  for (std::size_t v = 0; v < variables; ++v) {
    if (index_[v] >= map.extents[v]) return false;
  }
  return true;
}

template <class T>
bool ArrayValues<T>::holds(const OperationValues<T>& what, std::int64_t row, const Point& point,
                           const std::vector<Constraint>& constraints,
                           const std::vector<kernel::DataConstraint>& data) {
  if (constraints.empty() && data.empty()) return true;
  static_cast<void>(what.plan->map.point(row, point.column, point.step, index_));
  for (std::size_t v = 0; v < index_.size(); ++v) index_[v] += what.box[v].begin;
  for (const Constraint& constraint : constraints) {
    const std::int64_t value = constraint.form.at(index_);
    if (constraint.is_not_equal ? value == 0 : value > 0) return false;
  }
  for (const kernel::DataConstraint& constraint : data) {
    std::int64_t value = constraint.form.at(index_);
    for (const kernel::Gather& gather : constraint.gathers) {
      value += gather.stride * index_at(what, gather.access, row, point);
    }
    if (constraint.is_not_equal ? value == 0 : value > 0) return false;
  }
  return true;
}

template <class T>
bool ArrayValues<T>::is_present(const OperationValues<T>& what, std::int64_t row, const Point& point,
                                std::size_t level) {
  const kernel::Compiled<T>& kernel = *what.plan->kernel;
  if (level == kernel.groups.size()) {
    return is_inside(what, row, point, what.plan->map.extents.size()) &&
           (!what.has_constraints || holds(what, row, point, kernel.constraints, kernel.data_constraints));
  }
  const kernel::ReductionGroup<T>& group = kernel.groups[level - 1];
  return is_inside(what, row, point, static_cast<std::size_t>(group.last)) &&
         (!what.has_constraints || holds(what, row, point, group.constraints, group.data_constraints));
}

// Does the step's result lie inside the tile?
template <class T>
bool ArrayValues<T>::is_result(const OperationValues<T>& what, std::int64_t row, const Point& point) {
  return is_inside(what, row, point, static_cast<std::size_t>(what.plan->kernel->outputs));
}

template <class T>
void ArrayValues<T>::missing(const OperationValues<T>& what, std::int64_t row, const Point& point,
                             const std::string& thing) const {
  throw InternalError(fmt::format("cycle {}: PE({}, {}) is at step {} of `{}` {} and lacks {}", now_, row - first_row_,
                                  point.column, point.step, *what.name, what.instance, thing));
}

template class ArrayValues<double>;
template class ArrayValues<float>;

}  // namespace einloom
