// SPDX-License-Identifier: Apache-2.0
#include "sim/pe_level/instruction_grid.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/diagnostic.hpp"

namespace einloom {
namespace {

std::size_t index_of(std::int64_t index) { return static_cast<std::size_t>(index); }

}  // namespace

InstructionGrid::InstructionGrid(const Program& program, const PeArray& array,
                                 const std::vector<InstructionSchedule>& schedules)
    : program_(program), array_(array), rows_(array.rows), columns_(array.columns) {
  for (const InstructionSchedule& schedule : schedules) {
    if (program.arrays[index_of(schedule.array)] != array.name) continue;
    for (const ScheduledEinsum& einsum : schedule.einsums) schedule_of_[einsum.statement] = {&schedule, &einsum};
  }
  const std::size_t stations = index_of(rows() * columns_);
  words_.resize(stations);
  for (auto* plane : {&at_, &phase_, &left_}) plane->assign(stations, 0);
  registers_in_use_.assign(stations, 0);
  engines_.resize(index_of(array.controller->engines));
  takes_in_.assign(stations, 0);
  finished_in_row0_.assign(index_of(columns_), 0);
}

void InstructionGrid::issue(IssuedOperation operation, std::int64_t now) {
  const auto [schedule, einsum] = schedule_of_.at(operation.statement);
  operation.number = ++issued_;
  if (&schedule->einsums.front() == einsum) begin_instruction(now, *schedule, operation.number);
  ensure(last_accept_ == now, "the Einsums of an instruction are accepted together");
  engines_[index_of((accepted_ - 1) % array_.controller->engines)].last = operation.number;
  operation.schedule = einsum;
  send_words(operation, schedule->is_skewed, now);
  under_way_.push_back(std::move(operation));
}

// The next engine in turn takes it.
void InstructionGrid::begin_instruction(std::int64_t now, const InstructionSchedule& schedule, std::int32_t number) {
  const Controller& controller = *array_.controller;
  const Instruction& instruction = controller.instructions.at(schedule.instruction);
  Engine& engine = engines_[index_of(accepted_ % controller.engines)];
  ensure(engine.works_on == nullptr, "the engine whose turn it is is free");
  for (const Engine& other : engines_) {
    ensure(other.works_on == nullptr || (other.until_next <= 0 && !instruction.waits),
           "an instruction is accepted when the one before it no longer conflicts, or all engines are idle");
  }
  engine = {&schedule, number, number, controller.hold_cycles(instruction), instruction.busy_cycles + 1};
  ++accepted_;
  last_accept_ = now;
}

void InstructionGrid::send_words(const IssuedOperation& operation, bool is_skewed, std::int64_t now) {
  const ScheduledEinsum& einsum = *operation.schedule;
  Calendar& calendar = is_skewed ? entering_ : to_all_columns_;
  const auto to_rows = [&](std::int64_t start, int skew, Word word) {
    for (std::int64_t r = 0; r < rows_; ++r) {
      const std::int64_t late = skew > 0 ? r : skew < 0 ? rows_ - 1 - r : 0;
      calendar[now + start + late].emplace_back(r + 1, word);
    }
  };
  for (std::size_t i = 0; i < einsum.latches.size(); ++i) {
    const Latch& latch = einsum.latches[i];
    const auto phase = static_cast<std::int32_t>(einsum.is_latch ? 0 : i + 1);
    const auto cycles = static_cast<std::int32_t>(latch.shifts ? columns_ : 1);
    to_rows(latch.start, 0, {operation.number, phase, cycles, latch.shifts});
  }
  if (einsum.is_latch) return;
  const Word word{operation.number, 0, static_cast<std::int32_t>(operation.map->cycles()), false};
  if (einsum.station == Station::grid) {
    to_rows(einsum.start, einsum.skew, word);
  } else {
    calendar[now + einsum.start].emplace_back(einsum.station == Station::top ? 0 : rows_ + 1, word);
  }
}

// One hop to the right, and what enters in this cycle.
void InstructionGrid::move_words(std::int64_t now) {
  for (std::size_t i = words_.size(); i-- > 0;) {
    words_[i] = i % index_of(columns_) == 0 ? Word{} : words_[i - 1];
    if (words_[i].shifts) --words_[i].cycles;
  }
  if (const auto today = entering_.find(now); today != entering_.end()) {
    for (const auto& [row, word] : today->second) {
      Word& place = words_[index_of(row * columns_)];
      if (place.number != 0)
        conflict(operation(word.number), index_of(row * columns_), now, "is reached by another Einsum");
      place = word;
    }
    entering_.erase(today);
  }
  for (std::size_t i = 0; i < words_.size(); ++i) {
    if (words_[i].number != 0) receive(i, words_[i], now);
  }
  // Units at the edges that are told all at once.
  if (const auto today = to_all_columns_.find(now); today != to_all_columns_.end()) {
    for (const auto& [row, word] : today->second) {
      for (std::int64_t c = 0; c < columns_; ++c) receive(index_of(row * columns_ + c), word, now);
    }
    to_all_columns_.erase(today);
  }
}

// A station that gets a word starts; it must have finished what it did before.
void InstructionGrid::receive(std::size_t i, const Word& word, std::int64_t now) {
  const IssuedOperation& what = operation(word.number);
  if (left_[i] > 0) {
    const Statement& busy_with = program_.statements[index_of(operation(at_[i]).statement)];
    conflict(what, i, now, fmt::format("is still at `{}`", busy_with.name));
  }
  at_[i] = word.number;
  phase_[i] = word.phase;
  left_[i] = word.cycles;
  takes_in_[i] = word.phase > 0 || what.schedule->is_latch ? 1 : 0;
  // What is taken in before it is used needs a register from its first value on.
  if (takes_in_[i] != 0) take_register(what, i, 1, now);
}

bool InstructionGrid::is_in_tile(const IssuedOperation& what, std::int64_t row, std::int64_t column) const {
  const ScheduledEinsum& einsum = *what.schedule;
  const std::int64_t index = einsum.reversed ? einsum.tile_rows - row : row - 1;
  return row >= 1 && row <= rows_ && index >= 0 && index < what.map->rows && column < what.map->columns;
}

void InstructionGrid::take_register(const IssuedOperation& what, std::size_t station, std::int64_t count,
                                    std::int64_t now) {
  const auto row = static_cast<std::int64_t>(station) / columns_,
             column = static_cast<std::int64_t>(station) % columns_;
  if (!is_in_tile(what, row, column)) return;
  registers_in_use_[station] += count;
  if (array_.registers == 0 || registers_in_use_[station] <= array_.registers) return;
  conflict(what, station, now, fmt::format("has no register free (of {})", array_.registers));
}

void InstructionGrid::work(std::int64_t now) {
  std::fill(finished_in_row0_.begin(), finished_in_row0_.end(), 0);
  for (std::size_t i = 0; i < left_.size(); ++i) {
    if (left_[i] == 0) continue;
    const IssuedOperation& what = operation(at_[i]);
    const auto row = static_cast<std::int64_t>(i) / columns_, column = static_cast<std::int64_t>(i) % columns_;
    --left_[i];
    // Taking something in is work when that is all there is to do, and then the last cycle of it.
    const bool works = takes_in_[i] == 0 || (phase_[i] == 0 && left_[i] == 0);
    if (works && is_in_tile(what, row, column)) ++busy_;
    if (left_[i] > 0 || phase_[i] > 0) continue;
    ends(what, i, now);
    if (row == 1) finished_in_row0_[index_of(column)] = what.number;
  }
  stepped_ += rows_ * columns_;
}

// A PE has done its part of an Einsum: what was read for the last time makes room for the results.
void InstructionGrid::ends(const IssuedOperation& what, std::size_t station, std::int64_t now) {
  const auto row = static_cast<std::int64_t>(station) / columns_,
             column = static_cast<std::int64_t>(station) % columns_;
  const ScheduledEinsum& einsum = *what.schedule;
  if (!is_in_tile(what, row, column)) return;
  const auto held_by = [&](int statement) -> std::vector<std::int64_t>& {
    std::vector<std::int64_t>& held = registers_held_[statement];
    if (held.empty()) held.assign(left_.size(), 0);
    return held;
  };
  for (const int statement : einsum.releases) {
    std::int64_t& held = held_by(statement)[station];
    registers_in_use_[station] -= held;
    held = 0;
  }
  registers_in_use_[station] -= static_cast<std::int64_t>(einsum.latches.size());
  if (!einsum.keeps) return;
  held_by(what.statement)[station] += einsum.results;
  take_register(what, station, einsum.results, now);
}

void InstructionGrid::unload(std::int64_t now, const OnRowOut& on_row_out) {
  const std::int32_t starting = finished_in_row0_.front();
  if (starting >= oldest() && operation(starting).schedule->leaves) {
    unloading_.emplace_back(starting, rows_, columns_);
  }
  most_unloading_ = std::max(most_unloading_, unloading_.size());
  for (UnloadChain& chain : unloading_) {
    const IssuedOperation& what = operation(chain.operation());
    chain.step(
        finished_in_row0_,
        [&](std::int64_t r, std::int64_t c) {
          const std::size_t station = index_of((r + 1) * columns_ + c);
          return at_[station] != what.number || left_[station] == 0;
        },
        [&](std::int64_t r, std::int64_t c) {
          if (on_row_out) on_row_out(what, r + 1, c, now + 1);
        });
  }
  std::erase_if(unloading_, [](const UnloadChain& chain) { return chain.is_done(); });
}

// Engines count down; what they wait for next can be acted upon in the next cycle.
void InstructionGrid::run_engines(std::int64_t now, const OnEvent& on_event) {
  for (Engine& engine : engines_) {
    if (engine.works_on == nullptr) continue;
    if (--engine.until_next == 0) on_event(operation(engine.last), Seen::slot_over, now + 1);
    if (--engine.until_idle > 0) continue;
    for (std::int32_t number = engine.first; number <= engine.last; ++number) {
      on_event(operation(number), Seen::engine_idle, now + 1);
    }
    idle_since_ = now + 1;
    engine.works_on = nullptr;
  }
}

void InstructionGrid::step(std::int64_t now, const OnEvent& on_event, const OnCycle& on_cycle,
                           const OnRowOut& on_row_out) {
  move_words(now);
  if (on_cycle) on_cycle(now);
  unload(now, on_row_out);
  work(now);
  run_engines(now, on_event);
  // Operations are over with their instructions: the PEs need no longer than the engines.
  std::int32_t oldest = issued_ + 1;
  for (const Engine& engine : engines_) {
    if (engine.works_on != nullptr) oldest = std::min(oldest, engine.first);
  }
  while (!under_way_.empty() && under_way_.front().number < oldest) under_way_.pop_front();
}

void InstructionGrid::conflict(const IssuedOperation& operation, std::size_t station, std::int64_t now,
                               const std::string& why) const {
  const Statement& statement = program_.statements[index_of(operation.statement)];
  const auto row = static_cast<std::int64_t>(station) / columns_ - 1;
  const std::string where = row < 0 ? "the unit above column" : row == rows_ ? "the unit below column" : "PE";
  const std::string place = row < 0 || row == rows_
                                ? fmt::format("{} {}", where, static_cast<std::int64_t>(station) % columns_)
                                : fmt::format("PE({}, {})", row, static_cast<std::int64_t>(station) % columns_);
  Diagnostic diagnostic;
  diagnostic.code = "instruction-conflict";
  diagnostic.message = fmt::format("cycle {}: {} of `{}` {} when `{}` of instruction `{}` reaches it", now, place,
                                   array_.name, why, statement.name, statement.instruction);
  diagnostic.span = statement.span;
  diagnostic.notes.push_back({"the controller's table", array_.controller->span});
  diagnostic.with_help("instructions are accepted too closely: make `next` of the one before longer");
  throw UserError(diagnostic);
}

}  // namespace einloom
