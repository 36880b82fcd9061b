// SPDX-License-Identifier: Apache-2.0
// The parts of the machine that act: arrays start tile operations, the DRAM channel serves moves. Plain C++ with `now`
// as an argument; sim/components wraps them in SystemC modules. Time rules: sim/README.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "arch/machine.hpp"
#include "sim/counters.hpp"
#include "sim/occupancy.hpp"
#include "sim/policies/arbiter_round_robin.hpp"
#include "sim/policies/port_queue.hpp"
#include "sim/run_listener.hpp"
#include "sim/scoreboard.hpp"

namespace einloom {

// Told about every start, in time order (execution, traces). index: instance number along the effective loops.
using StartObserver = std::function<void(int statement, std::int64_t index, std::int64_t start, std::int64_t end)>;

// The longest time without progress: nothing runs, nothing is on the bus, and still nothing can start.
inline constexpr std::int64_t kMaxIdleCycles = 1'000'000;

// What the units of one run share.
struct RunState {
  RunState(const Program& program, const Machine& machine);

  const Program& program;
  const Machine& machine;
  Scoreboard board;
  Counters counters;
  Occupancy occupancy;
  std::vector<PortQueue> ports;  // by memory
  StartObserver observer;
  std::vector<RunListener*> listeners;
  std::function<void()> after_start;  // the kernel looks whether an iteration has begun
  std::int64_t end_of_run = 0;        // when the last PE or DRAM write has finished, so far
  std::int64_t busy_until = 0;        // when the last operation, slice or move has ended, so far
  std::int64_t max_idle_cycles = kMaxIdleCycles;
  std::int64_t operations_stepped = 0;
  std::vector<int> boundary_loops;         // watched loops whose next iteration has just begun, outermost first
  std::vector<std::int64_t> watched_from;  // by loop: first iteration worth telling of; kNever: none
  std::vector<std::vector<int>> anchored;  // by statement: loops whose iterations it marks, outermost first

  [[nodiscard]] bool is_idle(std::int64_t now) const { return now - busy_until > max_idle_cycles; }
  // Adds a statement's memory accesses to the port queues.
  void queue_accesses(const Work& work, std::int64_t now);
  // The memory whose queue is too long for an access to start, -1 when there is none.
  [[nodiscard]] int blocked_port(const Work& work, std::int64_t now);
};

// Called for another statement's unit: it may be able to start its next instance at `time`.
using Wake = std::function<void(int statement, std::int64_t time)>;

class ArrayUnit {
 public:
  ArrayUnit(RunState& run, int array);
  // Starts what can be started at `now`; returns when to look again (kNever: when woken).
  std::int64_t step(std::int64_t now, const Wake& wake);

  [[nodiscard]] int array() const { return array_; }
  [[nodiscard]] const std::vector<int>& statements() const { return statements_; }
  [[nodiscard]] std::int64_t free_at() const { return free_at_; }  // end of the last issue slot taken
  [[nodiscard]] bool has_started() const { return has_started_; }
  [[nodiscard]] bool is_done() const;
  [[nodiscard]] const RunState& run() const { return run_; }
  [[nodiscard]] std::int64_t first_start() const { return first_start_; }
  void shift_time(std::int64_t cycles) { free_at_ += cycles; }

 private:
  void start(int statement, std::int64_t now, const Wake& wake);
  void account_gap(int statement, std::int64_t now);
  void tell(Stall::Reason reason, std::int64_t from, std::int64_t to, int dependence, int memory);

  RunState& run_;
  int array_;
  std::vector<int> statements_;  // in the plan's order
  std::int64_t free_at_ = 0;
  std::int64_t first_start_ = 0;
  bool has_started_ = false;
  std::vector<std::int64_t> blocked_since_;  // by memory; scratch for port waits
};

// Bus time is kept in ticks of 1/16 cycle, rounded up per move, so that moves back to back do not lose a cycle each
// and the state still repeats.
inline constexpr std::int64_t kTicksPerCycle = 16;
// A move longer than this gives way to other movers now and then.
inline constexpr std::int64_t kQuantumBytes = 64 << 10;

class BankedBus;

// DRAM of model `simple`, or, behind the same door, of model `banked` (banked_bus.hpp).
class ChannelUnit {
 public:
  explicit ChannelUnit(RunState& run);
  ChannelUnit(ChannelUnit&&) noexcept;
  ~ChannelUnit();
  std::int64_t step(std::int64_t now, const Wake& wake);

  [[nodiscard]] const std::vector<int>& statements() const { return moves_; }
  [[nodiscard]] const RunState& run() const { return run_; }
  [[nodiscard]] std::int64_t free_tick() const { return free_tick_; }
  [[nodiscard]] const std::vector<std::int64_t>& bytes_left() const { return bytes_left_; }
  [[nodiscard]] std::size_t last_granted() const { return arbiter_.last(); }
  void shift_time(std::int64_t cycles);
  [[nodiscard]] std::int64_t ticks_of(std::int64_t bytes) const;
  [[nodiscard]] bool is_idle() const;                                // nothing is under way
  [[nodiscard]] BankedBus* banked() const { return banked_.get(); }  // nullptr: model `simple`

 private:
  void begin_move(std::size_t mover, std::int64_t now);

  RunState& run_;
  int memory_;
  std::vector<int> moves_;
  std::vector<std::int64_t> bytes_left_;  // of the move in progress, by mover
  ArbiterRoundRobin arbiter_;
  std::vector<std::int64_t> begun_at_;  // by mover
  std::int64_t free_tick_ = 0;
  std::unique_ptr<BankedBus> banked_;
};

}  // namespace einloom
