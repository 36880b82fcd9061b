// SPDX-License-Identifier: Apache-2.0
// All moves over a banked DRAM: what ChannelUnit does for model `simple`, with a DramController behind it.
//
// Movers take turns (round robin), each for at most kQuantumBytes of accesses; an access goes to its channel as soon as
// the queue there takes it, in order. A move ends when the last data of all its accesses has passed; the next tile of
// the same mover may be on its way by then. Moves begin in the DRAM cycle in which their machine cycle starts; data
// counts from the machine cycle that starts when its last DRAM cycle is over.
//
// While a turn lasts nothing outside can change what the DRAM does, so it is run ahead to the turn's last access.
// Contract: as for the other units: step(now) acts and returns when to look again. All state is explicit.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/clock_ratio.hpp"
#include "sim/dram/dram_controller.hpp"
#include "sim/move_addresses.hpp"
#include "sim/policies/arbiter_round_robin.hpp"
#include "sim/units.hpp"

namespace einloom {

class BankedBus : public DramListener {
 public:
  // `moves`: the statements that move something to or from `memory`, whose model is `banked`.
  BankedBus(RunState& run, int memory, std::vector<int> moves);

  std::int64_t step(std::int64_t now, const Wake& wake);
  [[nodiscard]] bool is_idle() const {
    return std::all_of(movers_.begin(), movers_.end(), [](const Mover& mover) { return mover.flights.empty(); });
  }
  // Brings the run's counters up to date, refreshes until `now` included.
  void count(std::int64_t now);

  // For fast-forward. The state relative to `now`; rows and addresses relative to what each tensor's next move touches.
  void append_state(std::int64_t now, std::vector<std::int64_t>& state);
  // Do the addresses of a statement's instances grow evenly along its effective loop `level`?
  [[nodiscard]] bool repeats(int statement, std::size_t level) const;
  // `cycles` were skipped and every statement has its new position, since append_state at the same time.
  void skip(std::int64_t cycles);

  void served(std::int64_t tag, std::int64_t arrival, std::int64_t at) override;

 private:
  // A move whose accesses are on their way.
  struct Flight {
    std::int64_t left = 0;      // accesses not served
    std::int64_t end = 0;       // DRAM cycle after the latest data
    bool complete = false;      // the last access was handed over
    std::int64_t begun_at = 0;  // machine cycle
  };
  struct Mover {
    int statement = -1;
    bool active = false;  // its next instance has begun and has accesses to hand over
    AccessWalk walk;
    std::int64_t first_flight = 0;  // number of flights.front() among the mover's moves
    std::vector<Flight> flights;    // oldest first
  };

  [[nodiscard]] int grant(std::int64_t now, std::int64_t& look_again);
  void begin_move(Mover& mover, std::int64_t now);
  void take_turn(std::size_t index);
  void land(Mover& mover);
  [[nodiscard]] int tensor_of_row(std::int64_t row) const;
  [[nodiscard]] const Statement& statement_of(const Mover& mover) const {
    return run_.program.statements[static_cast<std::size_t>(mover.statement)];
  }

  RunState& run_;
  int memory_;
  const BankedDram& dram_;
  ClockRatio clocks_;
  DramController controller_;
  MoveAddresses addresses_;
  std::int64_t rows_per_period_ = 0;  // rows between addresses one row period apart; 0: rows do not repeat
  std::vector<Mover> movers_;
  ArbiterRoundRobin arbiter_;
  std::int64_t at_ = -1;                          // DRAM cycles up to this one are over
  std::int64_t next_ = DramController::kNoCycle;  // of the DRAM, as it said at at_
  std::vector<std::int64_t> references_;          // by tensor: where its next move starts; -1: it has none
  DramCounters counted_;
  std::int64_t now_ = 0;        // of the step in progress
  const Wake* wake_ = nullptr;  // nullptr outside of a step
};

}  // namespace einloom
