// SPDX-License-Identifier: Apache-2.0
#include "sim/banked_bus.hpp"

#include <algorithm>

#include "base/diagnostic.hpp"

namespace einloom {
namespace {

constexpr std::int64_t kLeastAlignment = 4096;  // bytes; where rows do not repeat along addresses
constexpr int kMoverBits = 32;                  // tag: mover above, number of its move below

std::int64_t rows_apart(const AddressMap& map) {
  return map.row_period() == 0 ? 0 : map.place(map.row_period()).row - map.place(0).row;
}

}  // namespace

BankedBus::BankedBus(RunState& run, int memory, std::vector<int> moves)
    : run_(run),
      memory_(memory),
      dram_(*run.machine.memories[static_cast<std::size_t>(memory)].banked),
      clocks_(run.machine.clock, dram_.timing.clock),
      controller_(dram_, this),
      addresses_(run.program, std::max(kLeastAlignment, controller_.addresses().row_period())),
      rows_per_period_(rows_apart(controller_.addresses())),
      references_(run.program.tensors.size(), -1) {
  for (int statement : moves) {
    movers_.emplace_back();
    movers_.back().statement = statement;
  }
}

int BankedBus::grant(std::int64_t now, std::int64_t& look_again) {
  look_again = kNever;
  return arbiter_.grant(movers_.size(), [&](std::size_t i) {
    if (movers_[i].active) return true;
    const Readiness readiness = run_.board.check(movers_[i].statement, now);
    if (!readiness.ready) look_again = std::min(look_again, readiness.known_at);
    return readiness.ready;
  });
}

void BankedBus::begin_move(Mover& mover, std::int64_t now) {
  const Work& work = run_.board.work(mover.statement);
  const Head& head = run_.board.head(mover.statement);
  ++run_.counters.instances(mover.statement, head.variant);
  run_.queue_accesses(work, now);
  run_.occupancy.start(mover.statement, run_.board, run_.counters, now);
  addresses_.walk(statement_of(mover), head.position, work.move_bytes, dram_.timing.access_bytes, mover.walk);
  mover.flights.emplace_back();
  mover.flights.back().begun_at = now;
  mover.active = true;
  for (RunListener* listener : run_.listeners) listener->move_begins(run_, mover.statement, now);
}

// Hands over accesses until the turn or the move is over; time runs on where a queue is full.
void BankedBus::take_turn(std::size_t index) {
  Mover& mover = movers_[index];
  const DramDirection direction =
      statement_of(mover).kind == StatementKind::load ? DramDirection::read : DramDirection::write;
  const std::int64_t tag = (static_cast<std::int64_t>(index) << kMoverBits) |
                           (mover.first_flight + static_cast<std::int64_t>(mover.flights.size()) - 1);
  const std::int64_t access = dram_.timing.access_bytes;
  for (std::int64_t turn = kQuantumBytes; turn > 0 && !mover.walk.done(); turn -= access) {
    const DramPlace place = controller_.addresses().place(mover.walk.address);
    while (!controller_.accepts(place, direction)) {
      at_ = std::max(at_ + 1, next_);
      next_ = controller_.step(at_);
    }
    ++mover.flights.back().left;
    controller_.add(place, direction, tag, at_);
    next_ = at_ + 1;
    mover.walk.advance(access);
  }
  if (!mover.walk.done()) return;
  mover.active = false;
  mover.flights.back().complete = true;
  run_.board.advance(mover.statement);
  land(mover);
}

// Records the moves whose data has passed, in order.
void BankedBus::land(Mover& mover) {
  while (!mover.flights.empty() && mover.flights.front().complete && mover.flights.front().left == 0) {
    const Statement& what = statement_of(mover);
    std::int64_t done = clocks_.machine_at(mover.flights.front().end) +
                        run_.machine.memories[static_cast<std::size_t>(memory_)].latency.value();
    const std::int64_t begun_at = mover.flights.front().begun_at;
    const std::int64_t bus_end = clocks_.machine_at(mover.flights.front().end);
    mover.flights.erase(mover.flights.begin());
    ++mover.first_flight;
    run_.end_of_run = std::max(run_.end_of_run, done);
    if (what.kind == StatementKind::load && what.to >= 0) {
      done += run_.machine.memories[static_cast<std::size_t>(what.to)].latency.value();
      run_.end_of_run = std::max(run_.end_of_run, done);
    }
    const History& history = run_.board.history(mover.statement);
    if (history.size() > history.first()) done = std::max(done, history.at(history.size() - 1));
    run_.busy_until = std::max(run_.busy_until, done);
    for (RunListener* listener : run_.listeners) listener->move_ends(run_, mover.statement, begun_at, bus_end, done);
    if (run_.observer) run_.observer(mover.statement, history.size(), now_, done);
    run_.board.record(mover.statement, done, now_, *wake_);
  }
}

void BankedBus::served(std::int64_t tag, std::int64_t, std::int64_t at) {
  Mover& mover = movers_[static_cast<std::size_t>(tag >> kMoverBits)];
  const std::int64_t number = tag & ((std::int64_t{1} << kMoverBits) - 1);
  Flight& flight = mover.flights[static_cast<std::size_t>(number - mover.first_flight)];
  --flight.left;
  flight.end = std::max(flight.end, at);
  ensure(wake_ != nullptr, "data passes within a step only");
  land(mover);
}

std::int64_t BankedBus::step(std::int64_t now, const Wake& wake) {
  now_ = now;
  wake_ = &wake;
  const std::int64_t begin = clocks_.dram_at(now) - 1;  // what comes now is seen from the cycle's first DRAM cycle on
  const std::int64_t last = clocks_.dram_at(now + 1) - 1;
  if (at_ < begin) {
    at_ = begin;
    next_ = controller_.step(at_);
  }
  std::int64_t look_again = kNever;
  while (at_ <= last) {
    const int mover = grant(now, look_again);
    if (mover < 0) {
      if (at_ < last) next_ = controller_.step(last);
      at_ = last;
      break;
    }
    if (!movers_[static_cast<std::size_t>(mover)].active) begin_move(movers_[static_cast<std::size_t>(mover)], now);
    take_turn(static_cast<std::size_t>(mover));
    look_again = kNever;
  }
  wake_ = nullptr;
  if (at_ > last) return clocks_.machine_of(at_);
  if (next_ == DramController::kNoCycle) return look_again;
  return std::min(look_again, std::max(now + 1, clocks_.machine_of(next_)));
}

void BankedBus::count(std::int64_t now) {
  const std::int64_t reached = clocks_.dram_at(now) - 1;
  if (at_ < reached) {
    at_ = reached;
    next_ = controller_.step(at_);
  }
  const DramCounters counters = controller_.counters();
  run_.counters.add_dram(counters, counted_);
  counted_ = counters;
}

int BankedBus::tensor_of_row(std::int64_t row) const {
  return addresses_.tensor_at(row / rows_per_period_ * controller_.addresses().row_period());
}

void BankedBus::append_state(std::int64_t now, std::vector<std::int64_t>& state) {
  count(now);
  const std::int64_t begin = clocks_.dram_at(now) - 1;
  const std::int64_t period = controller_.addresses().row_period();
  std::fill(references_.begin(), references_.end(), -1);
  for (const Mover& mover : movers_) {
    const Head& head = run_.board.head(mover.statement);
    if (head.done) continue;
    const std::int64_t start = addresses_.start(statement_of(mover), head.position);
    std::int64_t& reference = references_[static_cast<std::size_t>(statement_of(mover).tensor)];
    if (reference < 0) {
      reference = start;
      state.push_back(period > 0 ? start % period : start);
    } else {
      state.push_back(start - reference);
    }
  }
  const auto row_of = [&](int, int, std::int64_t row) {
    if (period == 0) return row;
    const int tensor = tensor_of_row(row);
    if (tensor < 0 || references_[static_cast<std::size_t>(tensor)] < 0) return row;
    const std::int64_t reference = references_[static_cast<std::size_t>(tensor)] / period * rows_per_period_;
    return row - reference + (static_cast<std::int64_t>(tensor + 1) << 44);
  };
  const auto tag_of = [&](std::int64_t tag) {
    const std::int64_t mover = tag >> kMoverBits;
    const std::int64_t number = tag & ((std::int64_t{1} << kMoverBits) - 1);
    return (mover << kMoverBits) | (number - movers_[static_cast<std::size_t>(mover)].first_flight);
  };
  controller_.append_state(begin, row_of, tag_of, state);
  state.insert(state.end(), {clocks_.phase(now), at_ - begin, static_cast<std::int64_t>(arbiter_.last())});
  for (const Mover& mover : movers_) {
    state.push_back(static_cast<std::int64_t>(mover.flights.size()));
    for (const Flight& flight : mover.flights) {
      state.insert(state.end(), {flight.left, std::max(flight.end, at_) - begin, flight.complete ? 1 : 0});
    }
    state.push_back(run_.board.head(mover.statement).index - run_.board.history(mover.statement).size());
    if (!mover.active) continue;
    state.insert(state.end(), {mover.walk.run, mover.walk.address - mover.walk.start, mover.walk.left});
  }
}

bool BankedBus::repeats(int statement, std::size_t level) const {
  const Statement& what = run_.program.statements[static_cast<std::size_t>(statement)];
  return what.kind == StatementKind::operation || addresses_.is_even(what, level);
}

void BankedBus::skip(std::int64_t cycles) {
  const std::int64_t period = controller_.addresses().row_period();
  std::vector<std::int64_t> moved(references_.size(), 0);  // bytes, by tensor
  for (Mover& mover : movers_) {
    const Head& head = run_.board.head(mover.statement);
    const auto tensor = static_cast<std::size_t>(statement_of(mover).tensor);
    if (head.done || moved[tensor] != 0) continue;
    // The first live mover of the tensor was the reference; all live ones move alike.
    moved[tensor] = addresses_.start(statement_of(mover), head.position) - references_[tensor];
  }
  for (Mover& mover : movers_) {
    for (Flight& flight : mover.flights) flight.begun_at += cycles;
    if (!mover.active) continue;
    mover.walk.start += moved[static_cast<std::size_t>(statement_of(mover).tensor)];
    mover.walk.address += moved[static_cast<std::size_t>(statement_of(mover).tensor)];
  }
  if (period > 0) {
    controller_.map_rows([&](std::int64_t row) {
      const int tensor = tensor_of_row(row);
      return tensor < 0 ? row : row + moved[static_cast<std::size_t>(tensor)] / period * rows_per_period_;
    });
  }
  // The phase is the same before and after, so these are whole DRAM cycles.
  const std::int64_t shift = clocks_.dram_at(cycles);
  ensure(clocks_.phase(cycles) == 0, "skipped cycles are whole cycles of the DRAM");
  controller_.shift_time(shift);
  at_ += shift;
  if (next_ != DramController::kNoCycle) next_ += shift;
  for (Mover& mover : movers_) {
    for (Flight& flight : mover.flights) {
      if (flight.end != 0) flight.end += shift;
    }
  }
}

}  // namespace einloom
