// SPDX-License-Identifier: Apache-2.0
#include "sim/pe_level/grid_values.hpp"

#include <fmt/format.h>

#include "base/diagnostic.hpp"

namespace einloom {
namespace {

// Of a step's operands, or of a result on its way: which operation, and which step or result.
StepTag tag_of(std::int32_t operation, std::int64_t step) {
  return (static_cast<StepTag>(operation % 0xffff + 1) << 16) | static_cast<StepTag>(step & 0xffff);
}

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

}  // namespace

template <class T>
GridValues<T>::GridValues(int array, std::int64_t rows, std::int64_t columns, std::size_t operands,
                          std::size_t statements, const ElementStore<T>& store)
    : array_(array),
      rows_(rows),
      columns_(columns),
      store_(store),
      right_(operands, OperandStream<T>(rows, columns, false)),
      down_(operands, OperandStream<T>(rows, columns, true)),
      sums_down_(rows * columns),
      sums_along_(rows * columns),
      pending_(at(rows * columns)),
      is_absent_(at(rows * columns), 0),
      accumulators_(statements),
      operand_values_(operands) {}

template <class T>
void GridValues<T>::cycle(const PeGrid& pes, std::int64_t now) {
  now_ = now;
  for (auto& stream : right_) stream.move(now);
  for (auto& stream : down_) stream.move(now);
  sums_down_.move(now);
  sums_along_.move(now);
  while (!operations_.empty() && operations_.front().number < pes.oldest()) operations_.pop_front();
  for (std::int64_t r = 0; r < rows_; ++r) {
    const std::int32_t* number = pes.at() + r * columns_;
    const std::int32_t* left = pes.left() + r * columns_;
    for (std::int64_t c = 0; c < columns_;) {
      std::int64_t end = c + 1;
      if (left[c] > 0) {
        while (end < columns_ && left[end] > 0 && number[end] == number[c]) ++end;
        run_of_row(operation(number[c]), r, c, end, left);
      }
      c = end;
    }
  }
}

// PEs [begin, end) of a row are at the same operation.
template <class T>
void GridValues<T>::run_of_row(const OperationValues<T>& what, std::int64_t row, std::int64_t begin, std::int64_t end,
                               const std::int32_t* left) {
  const SpaceTime& map = what.plan->map;
  const std::int64_t cycles = map.cycles(), issue = map.issue_cycles;
  points_.clear();
  if (row < map.rows) {
    for (std::int64_t c = begin; c < std::min(end, map.columns); ++c) {
      const std::int64_t worked = cycles - left[c];
      if (worked % issue == 0) points_.push_back({c, worked / issue});
    }
    if (!points_.empty()) begin_steps(what, row);
  }
  // PEs beyond the tile pass on what moves through them.
  const bool here = row < map.rows || what.plan->sums_down;
  const std::int64_t last = what.plan->sums_along ? end : std::min(end, map.columns);
  for (std::int64_t c = begin; here && c < last; ++c) {
    const std::int64_t worked = cycles - left[c];
    if (worked % issue == issue - 1) end_step(what, row, {c, worked / issue});
  }
}

template <class T>
void GridValues<T>::begin_steps(const OperationValues<T>& what, std::int64_t row) {
  for (const Point& point : points_) {
    is_absent_[at(row * columns_ + point.column)] = is_present(what, row, point) ? 0 : 1;
  }
  for (std::size_t o = 0; o < what.plan->operands.size(); ++o) fetch(what, o, row);
  const T* values = evaluate(what, row);
  for (std::size_t i = 0; i < points_.size(); ++i) pending_[at(row * columns_ + points_[i].column)] = values[i];
}

template <class T>
void GridValues<T>::fetch(const OperationValues<T>& what, std::size_t o, std::int64_t row) {
  const OperandPlan<T>& operand = what.plan->operands[o];
  std::vector<T>& values = operand_values_[o];
  values.resize(points_.size());
  for (std::size_t i = 0; i < points_.size(); ++i) {
    const Point& point = points_[i];
    const std::int64_t pe = row * columns_ + point.column;
    const StepTag tag = tag_of(what.number, point.step);
    const bool absent = is_absent_[at(pe)] != 0;
    if (absent && (operand.entry == Entry::held || operand.entry == Entry::preloaded)) {
      values[i] = T{};
      continue;
    }
    if (operand.entry == Entry::held) {
      const auto& element =
          (*operand.elements)[at(what.operand_base[o] + operand.walk.at(row, point.column, point.step))];
      const T* value = store_.held(element, array_, pe, now_, row + point.column);
      if (value == nullptr)
        missing(what, row, point, "its own result of operand " + what.plan->kernel->accesses[o].tensor);
      values[i] = *value;
      continue;
    }
    if (operand.entry == Entry::preloaded) {
      // It entered the top rows - 1 cycles before PE(0, c) began, and a hop a cycle later for every row of the tile.
      const std::int64_t entered = what.plan->map.rows - 1;
      const auto& element =
          (*operand.elements)[at(what.operand_base[o] + operand.walk.at(row, point.column, point.step))];
      const T* value = operand.loaded ? store_.entering_loaded(element, now_ - entered)
                                      : store_.entering(element, now_ - entered, operand.way_cycles, point.column);
      if (value == nullptr) missing(what, row, point, "preloaded " + what.plan->kernel->accesses[o].tensor);
      values[i] = *value;
      continue;
    }
    OperandStream<T>*link = &right_[o], *onward = nullptr;
    if (operand.entry == Entry::from_left) {
      if (point.column == 0) enter(what, o, row, point, row, right_[o]);
    } else if (operand.entry == Entry::from_top) {
      link = &down_[o];
      if (row == 0) enter(what, o, row, point, point.column, down_[o]);
    } else {
      if (row == 0 && point.column == 0) enter(what, o, row, point, 0, right_[o]);
      (row == 0 ? onward : link) = &down_[o];
    }
    if (!link->is_here(pe, tag)) {
      if (!absent) missing(what, row, point, "streamed " + what.plan->kernel->accesses[o].tensor);
      values[i] = T{};
      continue;
    }
    values[i] = link->value(pe);
    if (onward != nullptr) onward->enter(pe, values[i], tag, now_);
  }
}

// From an edge onto the link, if it is at the edge in this cycle.
template <class T>
void GridValues<T>::enter(const OperationValues<T>& what, std::size_t o, std::int64_t row, const Point& point,
                          std::int64_t skew, OperandStream<T>& link) {
  const OperandPlan<T>& operand = what.plan->operands[o];
  const std::int64_t offset = what.operand_base[o] + operand.walk.at(row, point.column, point.step);
  if (offset < 0 || at(offset) >= operand.elements->size()) return;  // beyond a tile at the edge of the tensor
  const auto& element = (*operand.elements)[at(offset)];
  const T* value =
      operand.loaded ? store_.entering_loaded(element, now_) : store_.entering(element, now_, operand.way_cycles, skew);
  if (value != nullptr) link.enter(row * columns_ + point.column, *value, tag_of(what.number, point.step), now_);
}

template <class T>
const T* GridValues<T>::evaluate(const OperationValues<T>& what, std::int64_t row) {
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
    values.assign(count, static_cast<T>(source.constant));
    for (std::size_t i = 0; source.source == kernel::Source::index && i < count; ++i) {
      static_cast<void>(what.plan->map.point(row, points_[i].column, points_[i].step, index_));
      const auto v = static_cast<std::size_t>(source.from);
      values[i] = static_cast<T>(index_[v] + what.box[v].begin);
    }
    return {values.data(), 1};
  };
  for (std::size_t s = 0; s < kernel.steps.size(); ++s) {
    const kernel::Step<T>& step = kernel.steps[s];
    step_values_[s].resize(count);
    const Operand<T> a = operand_of(step.a);
    step.function(a, step.b == kernel::kNone ? Operand<T>{} : operand_of(step.b), step_values_[s].data(), count);
  }
  return operand_of(kernel.result).data;
}

template <class T>
T GridValues<T>::combined(const OperationValues<T>& what, T a, T b) const {
  T result{};
  what.plan->kernel->groups.front().combine({&a, 1}, {&b, 1}, &result, 1);
  return result;
}

// The PE's own contribution to the result that this step works on.
template <class T>
T GridValues<T>::accumulate(const OperationValues<T>& what, std::int64_t row, const Point& point) {
  const ValuePlan<T>& plan = *what.plan;
  const std::int64_t pe = row * columns_ + point.column;
  std::vector<T>& sums = accumulators_[static_cast<std::size_t>(what.statement)];
  const std::size_t needed = at(plan.targets * rows_ * columns_);
  if (sums.size() < needed) sums.resize(needed);
  T& sum = sums[at(plan.target[at(point.step)] * rows_ * columns_ + pe)];
  if (plan.is_first[at(point.step)] != 0) {
    sum = plan.kernel->groups.front().identity;
    if (what.continues && !plan.sums_down && !plan.sums_along) {
      sum = (*plan.results)[at(what.result_base + plan.result.at(row, point.column, point.step))].value;
    }
  }
  if (is_absent_[at(pe)] == 0) sum = combined(what, sum, pending_[at(pe)]);
  return sum;
}

template <class T>
void GridValues<T>::end_step(const OperationValues<T>& what, std::int64_t row, const Point& point) {
  const ValuePlan<T>& plan = *what.plan;
  const std::int64_t pe = row * columns_ + point.column;
  const bool in_tile = row < plan.map.rows && point.column < plan.map.columns;
  if (plan.kernel->groups.empty()) {
    if (is_result(what, row, point)) keep(what, row, point, pending_[at(pe)]);
    return;
  }
  T value = in_tile ? accumulate(what, row, point) : plan.kernel->groups.front().identity;
  if (plan.is_last[at(point.step)] == 0) return;
  if (!plan.sums_down && !plan.sums_along) {
    is_absent_[at(pe)] = 0;  // a reduction has a value even where all of its points are absent
    if (is_result(what, row, point)) keep(what, row, point, value);
    return;
  }
  const StepTag tag = tag_of(what.number, plan.target[at(point.step)]);
  if (plan.sums_down && point.column < plan.map.columns) {
    if (row > 0) {
      if (!sums_down_.is_from(pe - columns_, tag)) missing(what, row, point, "the sum from the row above");
      value = row < plan.map.rows ? combined(what, sums_down_.value(pe - columns_), value)
                                  : sums_down_.value(pe - columns_);
    }
    if (row < rows_ - 1) {
      sums_down_.put(pe, value, tag, now_);
      return;
    }
  } else if (plan.sums_down && row < rows_ - 1) {
    return;
  }
  if (plan.sums_along) {
    if (point.column > 0) {
      if (!sums_along_.is_from(pe - 1, tag)) missing(what, row, point, "the sum from the column before");
      value = point.column < plan.map.columns ? combined(what, sums_along_.value(pe - 1), value)
                                              : sums_along_.value(pe - 1);
    }
    if (point.column < columns_ - 1) {
      sums_along_.put(pe, value, tag, now_);
      return;
    }
  }
  // Out at the last row, or column: what was summed over does not count any more.
  const Point leaves{plan.sums_along ? 0 : point.column, point.step};
  const std::int64_t from = plan.sums_down ? 0 : row;
  if (is_result(what, from, leaves)) {
    leave_by_edge(what, what.result_base + plan.result.at(from, leaves.column, leaves.step), value);
  }
}

template <class T>
void GridValues<T>::leave_by_edge(const OperationValues<T>& what, std::int64_t offset, T value) {
  Element<T>& element = (*what.plan->results)[at(offset)];
  if (what.continues) value = combined(what, element.value, value);  // added up where sums are kept
  if (what.plan->kernel->rounds) round_to(what.plan->kernel->dtype, &value, 1);
  element.value = value;
  element.array = -1;
  element.pe = -1;
  element.held_since = kNever;
  element.out_since = now_ + 1;
  element.instance = what.instance;
  element.slot = what.slot;
}

// In the PE that computed it; an edge that needs no unloading has it as well.
template <class T>
void GridValues<T>::keep(const OperationValues<T>& what, std::int64_t row, const Point& point, T value) {
  const kernel::Compiled<T>& kernel = *what.plan->kernel;
  const std::int64_t offset = what.result_base + what.plan->result.at(row, point.column, point.step);
  Element<T>& element = (*what.plan->results)[at(offset)];
  if (is_absent_[at(row * columns_ + point.column)] != 0) {
    if (!kernel.carries_state) return;
    value = (*what.plan->results)[at(offset + kernel.previous_state)].value;
  }
  if (kernel.rounds) round_to(kernel.dtype, &value, 1);
  element.value = value;
  element.array = array_;
  element.pe = static_cast<std::int32_t>(row * columns_ + point.column);
  element.held_since = now_ + 1;
  element.out_since = what.plan->unloads ? kNever : now_ + 1;
  element.instance = what.instance;
  element.slot = what.slot;
}

template <class T>
void GridValues<T>::row_out(std::int32_t number, std::int64_t row, std::int64_t column, std::int64_t time) {
  const OperationValues<T>& what = operation(number);
  const ValuePlan<T>& plan = *what.plan;
  if (row >= plan.map.rows || column >= plan.map.columns) return;
  for (std::int64_t step = 0; step < plan.map.steps; ++step) {
    if (plan.is_last[at(step)] == 0 || !is_result(what, row, {column, step})) continue;
    Element<T>& element = (*plan.results)[at(what.result_base + plan.result.at(row, column, step))];
    if (element.instance == what.instance && element.held_since != kNever) element.out_since = time;
  }
}

// Is the point there: inside the tile, and wanted by the Einsum's predicates?
template <class T>
bool GridValues<T>::is_present(const OperationValues<T>& what, std::int64_t row, const Point& point) {
  if (!what.plan->map.ragged && !what.has_constraints) return true;
  if (!what.plan->map.point(row, point.column, point.step, index_)) return false;
  if (!what.has_constraints) return true;
  for (std::size_t v = 0; v < index_.size(); ++v) index_[v] += what.box[v].begin;
  for (const Constraint& constraint : what.plan->kernel->constraints) {
    const std::int64_t value = constraint.form.at(index_);
    if (constraint.is_not_equal ? value == 0 : value > 0) return false;
  }
  return true;
}

// Does the step's result lie inside the tile?
template <class T>
bool GridValues<T>::is_result(const OperationValues<T>& what, std::int64_t row, const Point& point) {
  const SpaceTime& map = what.plan->map;
  if (!map.ragged) return true;
  static_cast<void>(map.point(row, point.column, point.step, index_));
  for (std::size_t v = 0; v < static_cast<std::size_t>(what.plan->kernel->outputs); ++v) {
    if (index_[v] >= map.extents[v]) return false;
  }
  return true;
}

template <class T>
void GridValues<T>::missing(const OperationValues<T>& what, std::int64_t row, const Point& point,
                            const std::string& thing) const {
  throw InternalError(fmt::format("cycle {}: PE({}, {}) is at step {} of `{}` {} and lacks {}", now_, row, point.column,
                                  point.step, *what.name, what.instance, thing));
}

template class GridValues<double>;
template class GridValues<float>;

}  // namespace einloom
