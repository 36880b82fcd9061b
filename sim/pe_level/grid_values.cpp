// SPDX-License-Identifier: Apache-2.0
#include "sim/pe_level/grid_values.hpp"

#include <fmt/format.h>

#include "base/diagnostic.hpp"

namespace einloom {
namespace {

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

}  // namespace

template <class T>
GridValues<T>::GridValues(int array, std::int64_t rows, std::int64_t columns, std::size_t operands,
                          std::size_t statements, const ElementStore<T>& store)
    : ArrayValues<T>(array, rows, columns, 0, rows - 1, operands, statements, store),
      right_(operands, OperandStream<T>(rows, columns, false)),
      down_(operands, OperandStream<T>(rows, columns, true)) {}

template <class T>
void GridValues<T>::cycle(const PeGrid& pes, std::int64_t now) {
  this->begin_cycle(pes.oldest(), now);
  for (auto& stream : right_) stream.move(now);
  for (auto& stream : down_) stream.move(now);
  for (std::int64_t r = 0; r < rows_; ++r) {
    const std::int32_t* number = pes.at() + r * columns_;
    const std::int32_t* left = pes.left() + r * columns_;
    for (std::int64_t c = 0; c < columns_;) {
      std::int64_t end = c + 1;
      if (left[c] > 0) {
        while (end < columns_ && left[end] > 0 && number[end] == number[c]) ++end;
        run_of_row(this->operation(number[c]), r, c, end, left);
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
  const std::int64_t cycles = map.cycles();
  points_.clear();
  if (row < map.rows) {
    for (std::int64_t c = begin; c < std::min(end, map.columns); ++c) {
      const std::int64_t step = map.begins(cycles - left[c]);
      if (step >= 0) points_.push_back({c, step});
    }
    if (!points_.empty()) {
      for (const Point& point : points_) {
        const bool present = this->is_present(what, row, point, what.plan->levels.size());
        is_absent_[at(row * columns_ + point.column)] = present ? 0 : 1;
      }
      for (std::size_t o = 0; o < what.plan->operands.size(); ++o) fetch(what, o, row);
      this->evaluate(what, row);
    }
  }
  // PEs beyond the tile pass on what moves through them.
  const bool here = row < map.rows || what.plan->moves_rows;
  const std::int64_t last = what.plan->moves_columns ? end : std::min(end, map.columns);
  for (std::int64_t c = begin; here && c < last; ++c) {
    const std::int64_t step = map.ends(cycles - left[c]);
    if (step >= 0) this->end_step(what, row, {c, step});
  }
}

template <class T>
void GridValues<T>::fetch(const OperationValues<T>& what, std::size_t o, std::int64_t row) {
  const OperandPlan<T>& operand = what.plan->operands[o];
  if (operand.steers) return;
  std::vector<T>& values = operand_values_[o];
  values.resize(points_.size());
  for (std::size_t i = 0; i < points_.size(); ++i) {
    const Point& point = points_[i];
    const std::int64_t pe = row * columns_ + point.column;
    const StepTag tag = step_tag(what.number, point.step);
    const bool absent = is_absent_[at(pe)] != 0 || !this->is_read(what, o, row, point);
    if (absent && (operand.entry == Entry::held || operand.entry == Entry::preloaded)) {
      values[i] = T{};
      continue;
    }
    if (operand.entry == Entry::held) {
      const Element<T>& element = this->element(what, o, row, point);
      const T* value = store_.held(element, array_, pe, now_, row + point.column);
      if (value == nullptr)
        this->missing(what, row, point, "its own result of operand " + what.plan->kernel->accesses[o].tensor);
      values[i] = *value;
      continue;
    }
    if (operand.entry == Entry::preloaded) {
      // It entered the top rows - 1 cycles before PE(0, c) began, and a hop a cycle later for every row of the tile.
      const std::int64_t entered = what.plan->map.rows - 1;
      const Element<T>& element = this->element(what, o, row, point);
      const T* value = this->from_edge(operand, element, now_ - entered, point.column);
      if (value == nullptr) this->missing(what, row, point, "preloaded " + what.plan->kernel->accesses[o].tensor);
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
      if (!absent) this->missing(what, row, point, "streamed " + what.plan->kernel->accesses[o].tensor);
      values[i] = T{};
      continue;
    }
    values[i] = link->value(pe);
    if (onward != nullptr) onward->enter(pe, values[i], tag, now_);
  }
}

template <class T>
const Element<T>& GridValues<T>::element(const OperationValues<T>& what, std::size_t o, std::int64_t row,
                                         const Point& point) const {
  const std::int64_t offset = this->offset_of(what, o, row, point);
  if (offset < 0) this->missing(what, row, point, "an index of operand " + *what.plan->operands[o].tensor);
  return (*what.plan->operands[o].elements)[at(offset)];
}

// From an edge onto the link, if it is at the edge in this cycle.
template <class T>
void GridValues<T>::enter(const OperationValues<T>& what, std::size_t o, std::int64_t row, const Point& point,
                          std::int64_t skew, OperandStream<T>& link) {
  const OperandPlan<T>& operand = what.plan->operands[o];
  const std::int64_t offset = this->offset_of(what, o, row, point);
  if (offset < 0) return;  // beyond a tile at the edge of the tensor
  const auto& element = (*operand.elements)[at(offset)];
  const T* value = this->from_edge(operand, element, now_, skew);
  if (value != nullptr) link.enter(row * columns_ + point.column, *value, step_tag(what.number, point.step), now_);
}

template class GridValues<double>;
template class GridValues<float>;

}  // namespace einloom
