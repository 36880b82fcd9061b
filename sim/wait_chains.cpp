// SPDX-License-Identifier: Apache-2.0
#include "sim/wait_chains.hpp"

#include <algorithm>

namespace einloom {
namespace {

constexpr std::size_t kMostSlots = 1 << 16;  // remembered by a unit

}  // namespace

void WaitChains::begins(RunState& run) {
  program_ = &run.program;
  const std::size_t dependences = run.program.dependences.size();
  // Transit and memory of each dependence, work of each statement, ports of each memory, the row's own way, and what is
  // not followed.
  columns_ = 2 * dependences + run.program.statements.size() + run.program.memories.size() + 2;
  base_ = run.counters.extend(dependences * columns_);
  units_.assign(run.program.arrays.size() + 1, {});
  slots_of_.assign(run.program.statements.size(), {});
  moving_.resize(run.program.statements.size());
  idle_since_.assign(run.program.arrays.size(), 0);
  held_by_.assign(run.program.arrays.size(), -1);
  links_.assign(dependences, {});
}

std::size_t WaitChains::unit_of(int statement) const {
  const int array = program_->statements[static_cast<std::size_t>(statement)].array;
  return array < 0 ? units_.size() - 1 : static_cast<std::size_t>(array);
}

const WaitChains::Slot* WaitChains::find(std::size_t unit, std::int64_t number) const {
  const Unit& where = units_[unit];
  if (number < where.first || number >= where.end()) return nullptr;
  return &where.slots[static_cast<std::size_t>(number - where.first)];
}

std::int64_t WaitChains::producing_slot(const RunState& run, int dependence) const {
  const int producer = program_->dependences[static_cast<std::size_t>(dependence)].producer;
  const auto& numbers = slots_of_[static_cast<std::size_t>(producer)];
  const std::int64_t newer = run.board.history(producer).size() - run.board.need(dependence);  // instances after it
  const std::int64_t at = static_cast<std::int64_t>(numbers.size()) - 1 - newer;
  return at < 0 || newer < 0 ? -1 : numbers[static_cast<std::size_t>(at)];
}

// What the head instance, about to start, has waited for.
WaitChains::Slot WaitChains::slot_of_head(const RunState& run, int statement, std::int64_t start) const {
  const Head& head = run.board.head(statement);
  Slot slot;
  slot.statement = statement;
  slot.start = start;
  slot.cause = head.met_last;
  slot.ready_at = head.ready_at;
  if (slot.cause >= 0) slot.cause_slot = producing_slot(run, slot.cause);
  return slot;
}

void WaitChains::remember(RunState& run, const Slot& slot) {
  const std::size_t unit = unit_of(slot.statement);
  slots_of_[static_cast<std::size_t>(slot.statement)].push_back(units_[unit].end());
  units_[unit].slots.push_back(slot);
  forget(run);
}

void WaitChains::forget(const RunState& run) {
  std::int64_t horizon = run.end_of_run;
  for (std::size_t a = 0; a < idle_since_.size(); ++a) {
    if (!units_[a].slots.empty()) horizon = std::min(horizon, idle_since_[a]);
  }
  for (Unit& unit : units_) {
    // One slot more than can be reached: it says when its unit fell free.
    while (unit.slots.size() > 1 && (unit.slots[1].end < horizon || unit.slots.size() > kMostSlots)) {
      slots_of_[static_cast<std::size_t>(unit.slots.front().statement)].pop_front();
      unit.slots.pop_front();
      ++unit.first;
    }
  }
}

void WaitChains::stalls(RunState& run, const Stall& stall) {
  const auto array = static_cast<std::size_t>(stall.array);
  if (stall.reason == Stall::Reason::port) held_by_[array] = stall.memory;
  if (stall.reason == Stall::Reason::transit) charge(run, stall.dependence, columns_ - 2, stall.to - stall.from);
  if (stall.reason == Stall::Reason::dependence) follow(run, stall.dependence, stall.from, stall.to);
}

void WaitChains::starts(RunState& run, int statement, std::int64_t start, std::int64_t end) {
  const std::size_t array = unit_of(statement);
  Slot slot = slot_of_head(run, statement, start);
  slot.end = slot.unit_free = end;
  slot.port = held_by_[array];
  held_by_[array] = -1;
  idle_since_[array] = end;
  remember(run, slot);
}

void WaitChains::move_begins(RunState& run, int statement, std::int64_t start) {
  moving_[static_cast<std::size_t>(statement)].push_back(slot_of_head(run, statement, start));
}

void WaitChains::move_ends(RunState& run, int statement, std::int64_t /*start*/, std::int64_t bus_end,
                           std::int64_t done) {
  std::deque<Slot>& moving = moving_[static_cast<std::size_t>(statement)];
  Slot slot = moving.front();
  moving.pop_front();
  slot.end = done;
  slot.unit_free = bus_end;
  remember(run, slot);
}

void WaitChains::skipped(std::int64_t cycles) {
  for (Unit& unit : units_) {
    for (Slot& slot : unit.slots) {
      slot.start += cycles;
      slot.end += cycles;
      slot.unit_free += cycles;
      slot.ready_at += cycles;
    }
  }
  for (std::deque<Slot>& moving : moving_) {
    for (Slot& slot : moving) {
      slot.start += cycles;
      slot.ready_at += cycles;
    }
  }
}

void WaitChains::charge(RunState& run, int row, std::size_t column, std::int64_t cycles) {
  run.counters.extra(base_ + static_cast<std::size_t>(row) * columns_ + column) += cycles;
}

// Backwards from `to`, the last cycle before the transit of `row` itself: memory, the producer's work, what it waited
// for, and so on until the array that waits fell idle.
void WaitChains::follow(RunState& run, int row, std::int64_t from, std::int64_t to) {
  const std::size_t dependences = program_->dependences.size();
  const std::size_t of_work = 2 * dependences, of_ports = of_work + program_->statements.size();
  std::int64_t at = to;
  const auto back_to = [&](std::int64_t time, std::size_t column) {
    const std::int64_t begin = std::max(from, std::min(time, at));
    charge(run, row, column, at - begin);
    at = begin;
  };
  int edge = row;
  std::int64_t number = producing_slot(run, row);
  bool first = true;
  while (at > from) {
    const Slot* slot = nullptr;
    std::size_t unit = 0;
    if (edge >= 0) {  // arrived over a dependence
      const auto e = static_cast<std::size_t>(edge);
      const Dependence& what = program_->dependences[e];
      if (!first) back_to(at - what.transit_cycles, e);
      back_to(at - (what.latency_cycles - what.transit_cycles), dependences + e);
      unit = unit_of(what.producer);
      slot = find(unit, number);
    }
    if (at == from) break;
    if (slot == nullptr) break;
    first = false;
    while (true) {  // along the unit while it was busy with others
      back_to(slot->start, of_work + static_cast<std::size_t>(slot->statement));
      if (at == from) break;
      const Slot* before = find(unit, number - 1);
      const std::int64_t unit_free = before == nullptr ? (number == 0 ? 0 : kNotReady) : before->unit_free;
      const std::int64_t ready = slot->cause >= 0 ? slot->ready_at : kNotReady;
      if (slot->port >= 0 && std::max(unit_free, ready) < at) {
        back_to(std::max(unit_free, ready), of_ports + static_cast<std::size_t>(slot->port));
      }
      if (slot->cause >= 0 && ready == at) break;
      if (before == nullptr || unit_free < at) {
        slot = nullptr;
        break;
      }
      slot = before;
      --number;
    }
    if (slot == nullptr) break;
    edge = slot->cause;
    number = slot->cause_slot;
  }
  charge(run, row, columns_ - 1, at - from);
}

void WaitChains::ends(RunState& run, const RunResult& /*result*/) {
  const std::size_t dependences = program_->dependences.size(), statements = program_->statements.size();
  for (std::size_t row = 0; row < dependences; ++row) {
    for (std::size_t column = 0; column < columns_; ++column) {
      const std::int64_t cycles = run.counters.extra(base_ + row * columns_ + column);
      if (cycles == 0) continue;
      ChainLink link;
      link.cycles = cycles;
      if (column < 2 * dependences) {
        link.kind = column < dependences ? ChainLink::Kind::transit : ChainLink::Kind::memory;
        link.dependence = static_cast<int>(column % dependences);
      } else if (column < 2 * dependences + statements) {
        link.statement = static_cast<int>(column - 2 * dependences);
      } else if (column + 2 == columns_) {
        link.kind = ChainLink::Kind::own_way;
        link.dependence = static_cast<int>(row);
      } else if (column + 1 < columns_) {
        link.kind = ChainLink::Kind::port;
        link.memory = static_cast<int>(column - 2 * dependences - statements);
      } else {
        link.kind = ChainLink::Kind::unfollowed;
      }
      links_[row].push_back(link);
    }
    std::stable_sort(links_[row].begin(), links_[row].end(),
                     [](const ChainLink& a, const ChainLink& b) { return a.cycles > b.cycles; });
  }
}

}  // namespace einloom
