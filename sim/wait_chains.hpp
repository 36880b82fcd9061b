// SPDX-License-Identifier: Apache-2.0
// What the waits of arrays were for in the end: an account is charged to the last link of a chain; here every cycle of
// a wait for a dependence is charged to what was happening upstream at that cycle.
// Contract: for each dependence the links add up to what its account has. Works with fast-forward, whose periods repeat
// the sums; a chain is then followed as far as instances are remembered, and the rest is `unfollowed`.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "sim/units.hpp"

namespace einloom {

struct ChainLink {
  enum class Kind {
    work,       // `statement` was running, or on the bus and on its way from DRAM
    own_way,    // the result waited for was on its way: the account `wait_transit`
    transit,    // the result of `dependence`, upstream, was on its way
    memory,     // … or in the memory it goes through
    port,       // an instance was held back at the ports of `memory`
    unfollowed  // too long ago to tell
  };
  Kind kind = Kind::work;
  int statement = -1, dependence = -1, memory = -1;
  std::int64_t cycles = 0;
};

class WaitChains : public RunListener {
 public:
  void begins(RunState& run) override;
  void stalls(RunState& run, const Stall& stall) override;
  void starts(RunState& run, int statement, std::int64_t start, std::int64_t end) override;
  void move_begins(RunState& run, int statement, std::int64_t start) override;
  void move_ends(RunState& run, int statement, std::int64_t start, std::int64_t bus_end, std::int64_t done) override;
  void skipped(std::int64_t cycles) override;
  void ends(RunState& run, const RunResult& result) override;

  // After the run: what waits for `dependence` were made of; largest first.
  [[nodiscard]] const std::vector<ChainLink>& links(int dependence) const {
    return links_[static_cast<std::size_t>(dependence)];
  }

 private:
  // One operation or move, remembered while a chain may lead to it.
  struct Slot {
    int statement = -1;
    std::int64_t start = 0, end = 0;  // of a move: until it is done
    std::int64_t unit_free = 0;       // when its unit could take the next
    std::int64_t ready_at = 0;        // with a cause: when that was met
    int cause = -1;                   // the dependence met last, -1: the unit was busy then
    std::int64_t cause_slot = -1;     // number of the producing slot in its unit, -1: forgotten
    int port = -1;                    // memory that held it back
  };
  struct Unit {
    std::deque<Slot> slots;
    std::int64_t first = 0;  // number of slots.front()
    [[nodiscard]] std::int64_t end() const { return first + static_cast<std::int64_t>(slots.size()); }
  };

  [[nodiscard]] std::size_t unit_of(int statement) const;
  [[nodiscard]] const Slot* find(std::size_t unit, std::int64_t number) const;
  [[nodiscard]] Slot slot_of_head(const RunState& run, int statement, std::int64_t start) const;
  void remember(RunState& run, const Slot& slot);
  // Number of the slot in which the instance that `dependence` needs was produced; -1: none that is remembered.
  [[nodiscard]] std::int64_t producing_slot(const RunState& run, int dependence) const;
  // Charges [from, to), at whose end `dependence` was met, to row `row`; returns the beginning of the producer's work.
  void follow(RunState& run, int row, std::int64_t from, std::int64_t to);
  void charge(RunState& run, int row, std::size_t column, std::int64_t cycles);
  void forget(const RunState& run);

  const Program* program_ = nullptr;
  std::size_t base_ = 0, columns_ = 0;
  std::vector<Unit> units_;                         // arrays, then the DRAM channel
  std::vector<std::deque<std::int64_t>> slots_of_;  // by statement: numbers of remembered slots
  std::vector<std::deque<Slot>> moving_;            // by statement: moves under way, oldest first
  std::vector<std::int64_t> idle_since_;            // by array
  std::vector<int> held_by_;                        // by array: the port that held its next operation back
  std::vector<std::vector<ChainLink>> links_;       // by dependence, after the run
};

}  // namespace einloom
