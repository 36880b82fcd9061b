// SPDX-License-Identifier: Apache-2.0
#include "sim/units.hpp"

#include <algorithm>
#include <cmath>

#include "base/diagnostic.hpp"
#include "sim/banked_bus.hpp"
#include "sim/policies/issue_order.hpp"

namespace einloom {
namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace

RunState::RunState(const Program& the_program, const Machine& the_machine)
    : program(the_program),
      machine(the_machine),
      board(the_program),
      counters(the_program),
      occupancy(the_program),
      watched_from(the_program.loops.size(), kNever),
      anchored(the_program.statements.size()) {
  for (const Memory& memory : machine.memories) ports.emplace_back(memory.ports, memory.queue_accesses);
  // A loop's iterations are marked by the first operation that acts in each of them.
  for (std::size_t loop = 0; loop < program.loops.size(); ++loop) {
    for (std::size_t s = 0; s < program.statements.size(); ++s) {
      const Statement& statement = program.statements[s];
      if (statement.kind != StatementKind::operation) continue;
      const auto found = std::find(statement.loops.begin(), statement.loops.end(), static_cast<int>(loop));
      if (found == statement.loops.end()) continue;
      if (statement.guards[static_cast<std::size_t>(found - statement.loops.begin())] != Guard::every) continue;
      anchored[s].push_back(static_cast<int>(loop));
      break;
    }
  }
}

void RunState::queue_accesses(const Work& work, std::int64_t now) {
  for (const MemoryAccess& access : work.accesses) {
    const Memory& memory = machine.memories[static_cast<std::size_t>(access.memory)];
    if (memory.kind == MemoryKind::dram) continue;
    ports[static_cast<std::size_t>(access.memory)].add(
        ceil_div(access.read_bytes + access.write_bytes, memory.access_width.value()), now);
  }
}

int RunState::blocked_port(const Work& work, std::int64_t now) {
  for (const MemoryAccess& access : work.accesses) {
    if (machine.memories[static_cast<std::size_t>(access.memory)].kind == MemoryKind::dram) continue;
    if (!ports[static_cast<std::size_t>(access.memory)].accepts(now)) return access.memory;
  }
  return -1;
}

ArrayUnit::ArrayUnit(RunState& run, int array) : run_(run), array_(array), blocked_since_(run.ports.size(), -1) {
  for (std::size_t s = 0; s < run.program.statements.size(); ++s) {
    if (run.program.statements[s].array == array) statements_.push_back(static_cast<int>(s));
  }
}

bool ArrayUnit::is_done() const {
  return std::all_of(statements_.begin(), statements_.end(), [this](int s) { return run_.board.head(s).done; });
}

std::int64_t ArrayUnit::step(std::int64_t now, const Wake& wake) {
  if (now < free_at_) return free_at_;
  int best = -1;
  std::int64_t look_again = kNever;
  for (int statement : statements_) {
    const Readiness readiness = run_.board.check(statement, now);
    if (!readiness.ready) {
      look_again = std::min(look_again, readiness.known_at);
      continue;
    }
    const std::int64_t age = run_.board.head(statement).iteration;
    if (best >= 0 && !goes_first(run_.program.issue, age, run_.board.head(best).iteration)) continue;
    const int port = run_.blocked_port(run_.board.work(statement), now);
    if (port >= 0) {
      auto& since = blocked_since_[static_cast<std::size_t>(port)];
      if (since < 0) since = now;
      look_again = std::min(look_again, run_.ports[static_cast<std::size_t>(port)].accepts_at(now));
      continue;
    }
    best = statement;
  }
  if (best < 0) return look_again;
  start(best, now, wake);
  return free_at_;
}

void ArrayUnit::start(int statement, std::int64_t now, const Wake& wake) {
  Scoreboard& board = run_.board;
  const Statement& what = run_.program.statements[static_cast<std::size_t>(statement)];
  const Work& work = board.work(statement);
  const std::int64_t index = board.head(statement).index;
  account_gap(statement, now);
  ++run_.counters.instances(statement, board.head(statement).variant);
  ++run_.operations_stepped;
  run_.queue_accesses(work, now);
  run_.occupancy.start(statement, board, run_.counters, now);
  free_at_ = now + work.duration_cycles;
  run_.busy_until = std::max(run_.busy_until, free_at_);
  run_.end_of_run = std::max(run_.end_of_run, free_at_ + work.tail_cycles);
  if (run_.observer) run_.observer(statement, index, now, free_at_);
  for (RunListener* listener : run_.listeners) listener->starts(run_, statement, now, free_at_);
  for (int loop : run_.anchored[static_cast<std::size_t>(statement)]) {
    const auto found = std::find_if(what.effective.begin(), what.effective.end(),
                                    [&](int each) { return what.loops[static_cast<std::size_t>(each)] == loop; });
    ensure(found != what.effective.end(), "a loop that tells of its iterations is one of the statement's");
    const auto level = static_cast<std::size_t>(found - what.effective.begin());
    const std::int64_t iteration = board.head(statement).position[level];
    const auto l = static_cast<std::size_t>(loop);
    const bool begins = board.begins(statement, level) && iteration >= run_.watched_from[l] &&
                        iteration < run_.program.loops[l].trip - 1;
    if (begins) run_.boundary_loops.push_back(loop);
  }
  if (run_.after_start) run_.after_start();
  board.advance(statement);
  board.record(statement, free_at_, now, wake);
}

// The array stood idle from free_at_ until now: charge what the starting operation waited for last.
void ArrayUnit::account_gap(int statement, std::int64_t now) {
  const std::int64_t gap = now - free_at_;
  if (!has_started_) {
    has_started_ = true;
    first_start_ = now;
    run_.counters.fill(array_) += gap;
    tell(Stall::Reason::fill, free_at_, now, -1, -1);
    std::fill(blocked_since_.begin(), blocked_since_.end(), -1);
    return;
  }
  if (gap > 0) {
    const Head& head = run_.board.head(statement);
    const std::int64_t latest = std::max(free_at_, head.ready_at);
    if (latest > free_at_) {
      ensure(head.met_last >= 0, "an operation was looked at when its last dependence was met");
      const std::int64_t transit =
          std::min(latest - free_at_, run_.program.dependences[static_cast<std::size_t>(head.met_last)].transit_cycles);
      run_.counters.in_transit(head.met_last) += transit;
      run_.counters.waiting(head.met_last) += latest - free_at_ - transit;
      tell(Stall::Reason::dependence, free_at_, latest - transit, head.met_last, -1);
      tell(Stall::Reason::transit, latest - transit, latest, head.met_last, -1);
    }
    std::int64_t rest = now - latest;  // ready but held back at a memory's ports
    for (std::size_t memory = 0; memory < blocked_since_.size() && rest > 0; ++memory) {
      if (blocked_since_[memory] < 0) continue;
      run_.counters.port_wait(array_, static_cast<int>(memory)) += rest;
      tell(Stall::Reason::port, latest, now, -1, static_cast<int>(memory));
      rest = 0;
    }
    ensure(rest == 0, "an array was idle although an operation was ready");
  }
  std::fill(blocked_since_.begin(), blocked_since_.end(), -1);
}

void ArrayUnit::tell(Stall::Reason reason, std::int64_t from, std::int64_t to, int dependence, int memory) {
  if (from == to) return;
  for (RunListener* listener : run_.listeners) listener->stalls(run_, {reason, array_, from, to, dependence, memory});
}

ChannelUnit::ChannelUnit(RunState& run) : run_(run), memory_(0) {
  for (std::size_t m = 0; m < run.machine.memories.size(); ++m) {
    if (run.machine.memories[m].kind == MemoryKind::dram) memory_ = static_cast<int>(m);
  }
  for (std::size_t s = 0; s < run.program.statements.size(); ++s) {
    if (run.program.statements[s].kind != StatementKind::operation) moves_.push_back(static_cast<int>(s));
  }
  bytes_left_.assign(moves_.size(), 0);
  begun_at_.assign(moves_.size(), 0);
  if (run.machine.memories[static_cast<std::size_t>(memory_)].banked) {
    banked_ = std::make_unique<BankedBus>(run, memory_, moves_);
  }
}

ChannelUnit::ChannelUnit(ChannelUnit&&) noexcept = default;
ChannelUnit::~ChannelUnit() = default;

void ChannelUnit::shift_time(std::int64_t cycles) {
  free_tick_ += cycles * kTicksPerCycle;
  for (std::int64_t& begun_at : begun_at_) begun_at += cycles;
  if (banked_) banked_->skip(cycles);
}

bool ChannelUnit::is_idle() const {
  if (banked_) return banked_->is_idle();
  return std::all_of(bytes_left_.begin(), bytes_left_.end(), [](std::int64_t left) { return left == 0; });
}

std::int64_t ChannelUnit::ticks_of(std::int64_t bytes) const {
  const long double exact =
      static_cast<long double>(bytes) * kTicksPerCycle * static_cast<long double>(run_.machine.clock.value()) /
      static_cast<long double>(run_.machine.memories[static_cast<std::size_t>(memory_)].bandwidth.value());
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(exact)));
}

void ChannelUnit::begin_move(std::size_t mover, std::int64_t now) {
  const int statement = moves_[mover];
  const Work& work = run_.board.work(statement);
  ++run_.counters.instances(statement, run_.board.head(statement).variant);
  bytes_left_[mover] = work.move_bytes;
  begun_at_[mover] = now;
  run_.queue_accesses(work, now);
  run_.occupancy.start(statement, run_.board, run_.counters, now);
  for (RunListener* listener : run_.listeners) listener->move_begins(run_, statement, now);
}

std::int64_t ChannelUnit::step(std::int64_t now, const Wake& wake) {
  if (banked_) return banked_->step(now, wake);
  const std::int64_t now_tick = now * kTicksPerCycle;
  if (now_tick < free_tick_) return ceil_div(free_tick_, kTicksPerCycle);
  std::int64_t look_again = kNever;
  const int mover = arbiter_.grant(moves_.size(), [&](std::size_t i) {
    if (bytes_left_[i] > 0) return true;
    const Readiness readiness = run_.board.check(moves_[i], now);
    if (!readiness.ready) look_again = std::min(look_again, readiness.known_at);
    return readiness.ready;
  });
  if (mover < 0) return look_again;
  const auto m = static_cast<std::size_t>(mover);
  const int statement = moves_[m];
  if (bytes_left_[m] == 0) begin_move(m, now);
  const std::int64_t index = run_.board.head(statement).index;
  const std::int64_t slice = std::min(bytes_left_[m], kQuantumBytes);
  bytes_left_[m] -= slice;
  // Back to back when the bus fell free within the last cycle.
  const std::int64_t begin = free_tick_ > now_tick - kTicksPerCycle ? free_tick_ : now_tick;
  const std::int64_t ticks = ticks_of(slice);
  run_.counters.channel_busy_ticks() += ticks;
  free_tick_ = begin + ticks;
  for (RunListener* listener : run_.listeners) listener->moves(run_, statement, slice, begin, free_tick_);
  const std::int64_t bus_free = ceil_div(free_tick_, kTicksPerCycle);
  // What ends within this cycle is seen in the next one: nobody's turn in a cycle depends on who is asked first.
  const std::int64_t end = std::max(bus_free, now + 1);
  run_.busy_until = std::max(run_.busy_until, end);
  if (bytes_left_[m] == 0) {
    const Statement& what = run_.program.statements[static_cast<std::size_t>(statement)];
    const std::int64_t dram_latency = run_.machine.memories[static_cast<std::size_t>(memory_)].latency.value();
    std::int64_t done = end;
    if (what.kind == StatementKind::load) {
      done += dram_latency + run_.machine.memories[static_cast<std::size_t>(what.to)].latency.value();
      run_.end_of_run = std::max(run_.end_of_run, done);
    } else {
      run_.end_of_run = std::max(run_.end_of_run, done + dram_latency);
    }
    run_.busy_until = std::max(run_.busy_until, done);
    run_.board.advance(statement);
    if (run_.observer) run_.observer(statement, index, now, done);
    for (RunListener* listener : run_.listeners) listener->move_ends(run_, statement, begun_at_[m], end, done);
    run_.board.record(statement, done, now, wake);
  }
  return bus_free;
}

}  // namespace einloom
