// SPDX-License-Identifier: Apache-2.0
#include "sim/pe_level/instruction_values.hpp"

#include <fmt/format.h>

#include "base/diagnostic.hpp"

namespace einloom {
namespace {

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

}  // namespace

template <class T>
InstructionValues<T>::InstructionValues(int array, const PeArray& machine, std::size_t operands, std::size_t statements,
                                        const ElementStore<T>& store)
    : ArrayValues<T>(array, machine.rows + 2, machine.columns, 1, machine.rows, operands, statements, store),
      pe_rows_(machine.rows),
      operands_(operands),
      right_(statements * operands, OperandStream<T>(machine.rows, machine.columns, false)),
      down_(statements * operands, OperandStream<T>(machine.rows + 1, machine.columns, true)),
      taken_(statements * operands) {}

template <class T>
void InstructionValues<T>::cycle(const InstructionGrid& pes, std::int64_t now) {
  this->begin_cycle(pes.oldest(), now);
  for (auto& stream : right_) stream.move(now);
  for (auto& stream : down_) stream.move(now);
  for (const OperationValues<T>& what : operations_) send_from_top(what);
  for (std::int64_t r = 0; r < rows_; ++r) {
    const std::int32_t* number = pes.at() + r * columns_;
    const std::int32_t* phase = pes.phase() + r * columns_;
    const std::int32_t* left = pes.left() + r * columns_;
    for (std::int64_t c = 0; c < columns_;) {
      std::int64_t end = c + 1;
      if (left[c] > 0) {
        while (end < columns_ && left[end] > 0 && number[end] == number[c] && phase[end] == phase[c]) ++end;
        run_of_row(this->operation(number[c]), phase[c], r, c, end, left);
      }
      c = end;
    }
  }
}

// The units at the top send a value down each column, for a step or for a row, when its time has come.
template <class T>
void InstructionValues<T>::send_from_top(const OperationValues<T>& what) {
  const ScheduledEinsum& einsum = *what.plan->schedule;
  for (std::size_t o = 0; o < einsum.operands.size(); ++o) {
    const OperandPassage& passage = einsum.operands[o];
    const bool parked = passage.passage == Passage::parked;
    if (!parked && passage.passage != Passage::falls && passage.passage != Passage::from_top) continue;
    for (std::int64_t c = 0; c < what.plan->map.columns; ++c) {
      const std::int64_t cycle = now_ - what.accepted - passage.sent - (what.is_skewed ? c : 0);
      if (cycle < 0) break;
      // What goes furthest down is sent first.
      const std::int64_t row = parked ? einsum.tile_rows - cycle : 1;
      const std::int64_t step = parked ? 0 : cycle < what.plan->map.cycles() ? what.plan->map.begins(cycle) : -1;
      if (row < 1 || step < 0) continue;
      const std::int64_t index = parked ? what.plan->index_row(row) : 0;
      if (index < 0 || index >= what.plan->map.rows) continue;
      const Element<T>* sent = element(what, o, index, {c, step});
      const T* value = sent == nullptr ? nullptr : from_edge(what.plan->operands[o], *sent, c, passage.through_top);
      if (value != nullptr) link(down_, what, o).enter(c, *value, step_tag(what.number, parked ? row : step), now_);
    }
  }
}

// Stations [begin, end) of a row are at the same phase of the same operation.
template <class T>
void InstructionValues<T>::run_of_row(const OperationValues<T>& what, std::int32_t phase, std::int64_t row,
                                      std::int64_t begin, std::int64_t end, const std::int32_t* left) {
  const ValuePlan<T>& plan = *what.plan;
  const SpaceTime& map = plan.map;
  const bool is_latch = plan.schedule->is_latch;
  if (phase > 0 || is_latch) {
    for (std::int64_t c = begin; c < end; ++c) {
      take_in(what, is_latch ? 0 : static_cast<std::size_t>(phase - 1), row, c, left[c]);
    }
    if (phase > 0) return;
  }
  const auto worked = [&](std::int64_t c) { return is_latch ? (left[c] == 1 ? 0 : -1) : map.cycles() - left[c]; };
  const std::int64_t index = plan.index_row(row);
  const bool in_rows = index >= 0 && index < map.rows;
  points_.clear();
  if (in_rows) {
    for (std::int64_t c = begin; c < std::min(end, map.columns); ++c) {
      const std::int64_t step = worked(c) < 0 ? -1 : map.begins(worked(c));
      if (step >= 0) points_.push_back({c, step});
    }
    if (!points_.empty()) {
      for (const Point& point : points_) {
        const bool present = this->is_present(what, index, point, plan.levels.size());
        is_absent_[at(row * columns_ + point.column)] = present ? 0 : 1;
      }
      for (std::size_t o = 0; o < plan.operands.size(); ++o) fetch(what, o, row);
      this->evaluate(what, row);
    }
  }
  // PEs beyond the tile pass on what moves through them.
  const bool here = in_rows || plan.moves_rows;
  const std::int64_t last = plan.moves_columns ? end : std::min(end, map.columns);
  for (std::int64_t c = begin; here && c < last; ++c) {
    const std::int64_t step = worked(c) < 0 ? -1 : map.ends(worked(c));
    if (step >= 0) this->end_step(what, row, {c, step});
  }
}

// A cycle of taking an operand in: column 0 lets in one value for every column, the last column's first; what comes
// down the column is there in one cycle.
template <class T>
void InstructionValues<T>::take_in(const OperationValues<T>& what, std::size_t latch, std::int64_t row,
                                   std::int64_t column, std::int64_t left) {
  const Latch& how = what.plan->schedule->latches[latch];
  const auto o = static_cast<std::size_t>(how.operand);
  const std::int64_t index = what.plan->index_row(row);
  if (index < 0 || index >= what.plan->map.rows) return;
  const std::int64_t pe = (row - 1) * columns_ + column;
  if (how.shifts && column == 0 && left - 1 < what.plan->map.columns) {
    const Element<T>* entering = element(what, o, index, {left - 1, 0});
    const T* value = entering == nullptr ? nullptr : from_edge(what.plan->operands[o], *entering, 0, false);
    if (value != nullptr) link(right_, what, o).enter(pe, *value, step_tag(what.number, left - 1), now_);
  }
  if (left > 1 || column >= what.plan->map.columns) return;
  const OperandStream<T>& arrives = link(how.shifts ? right_ : down_, what, o);
  const StepTag tag = step_tag(what.number, how.shifts ? column : row);
  std::vector<Taken>& taken = link(taken_, what, o);
  if (taken.empty()) taken.resize(at(rows_ * columns_));
  if (arrives.is_here(pe, tag)) taken[at(row * columns_ + column)] = {what.number, arrives.value(pe)};
}

template <class T>
void InstructionValues<T>::fetch(const OperationValues<T>& what, std::size_t o, std::int64_t row) {
  const ValuePlan<T>& plan = *what.plan;
  const OperandPlan<T>& operand = plan.operands[o];
  const OperandPassage& passage = plan.schedule->operands[o];
  const std::int64_t index = plan.index_row(row);
  std::vector<T>& values = operand_values_[o];
  values.resize(points_.size());
  for (std::size_t i = 0; i < points_.size(); ++i) {
    const Point& point = points_[i];
    const std::int64_t station = row * columns_ + point.column, pe = station - columns_;
    const StepTag tag = step_tag(what.number, point.step);
    const T* value = nullptr;
    T on_link{};
    const Element<T>* here = element(what, o, index, point);
    switch (passage.passage) {
      case Passage::held:
        if (here != nullptr) value = store_.held(*here, array_, station, now_, point.column);
        break;
      case Passage::at_edge:
        if (here != nullptr) value = from_edge(operand, *here, point.column, false);
        break;
      case Passage::from_left:
        if (point.column == 0 && here != nullptr) {
          const T* entering = from_edge(operand, *here, 0, false);
          if (entering != nullptr) link(right_, what, o).enter(pe, *entering, tag, now_);
        }
        if (link(right_, what, o).is_here(pe, tag)) value = &(on_link = link(right_, what, o).value(pe));
        break;
      case Passage::from_top:
      case Passage::falls:
        if (link(down_, what, o).is_here(pe, tag)) value = &(on_link = link(down_, what, o).value(pe));
        break;
      case Passage::shifted_in:
      case Passage::parked:
        if (const auto& taken = link(taken_, what, o); !taken.empty() && taken[at(station)].number == what.number) {
          value = &taken[at(station)].value;
        }
        break;
    }
    if (value == nullptr && is_absent_[at(station)] == 0) {
      too_early(what, row, point, plan.kernel->accesses[o].tensor);
    }
    values[i] = value == nullptr ? T{} : *value;
  }
}

template <class T>
const Element<T>* InstructionValues<T>::element(const OperationValues<T>& what, std::size_t o, std::int64_t row,
                                                const Point& point) {
  const OperandPlan<T>& operand = what.plan->operands[o];
  const std::int64_t offset = what.operand_base[o] + operand.walk.at(row, point.column, point.step);
  if (offset < 0 || at(offset) >= operand.elements->size()) return nullptr;  // beyond a tile at the edge of the tensor
  return &(*operand.elements)[at(offset)];
}

template <class T>
const T* InstructionValues<T>::from_edge(const OperandPlan<T>& operand, const Element<T>& element, std::int64_t column,
                                         bool through_top) {
  const bool loaded = operand.loaded || (operand.refilled && element.is_spilled);
  if (loaded) return store_.entering_loaded(element, now_);
  return store_.entering(element, now_, operand.way_cycles + (through_top ? 1 : 0), column);
}

// The table of the controller lets instructions follow each other too closely.
template <class T>
void InstructionValues<T>::too_early(const OperationValues<T>& what, std::int64_t row, const Point& point,
                                     const std::string& thing) const {
  Diagnostic diagnostic;
  diagnostic.code = "instruction-conflict";
  const std::string place = row == 0         ? fmt::format("the unit above column {}", point.column)
                            : row > pe_rows_ ? fmt::format("the unit below column {}", point.column)
                                             : fmt::format("PE({}, {})", row - 1, point.column);
  diagnostic.message =
      fmt::format("cycle {}: {} is at step {} of `{}` and lacks `{}`", now_, place, point.step, *what.name, thing);
  diagnostic.span = what.span;
  diagnostic.with_help(
      "instructions are accepted too closely: make `next` of an earlier one longer, or let this one wait");
  throw UserError(diagnostic);
}

template class InstructionValues<double>;
template class InstructionValues<float>;

}  // namespace einloom
