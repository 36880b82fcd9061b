// SPDX-License-Identifier: Apache-2.0
// Hears of everything that happens in a run, as it happens: for traces, waveforms and explanations.
// Contract: nothing is called in a run without listeners; calls come in the order in which units act, so `start`,
// `begin` and `to` never decrease, and ends lie in the future. With fast-forward only what is stepped is told.
#pragma once

#include <cstdint>

namespace einloom {

struct RunState;
struct RunResult;

// Cycles [from, to) in which an array stood idle, with one reason.
struct Stall {
  enum class Reason {
    fill,        // before the array's first operation
    dependence,  // a result, a slot or an iteration was waited for
    transit,     // the result was on its way
    port,        // a memory's port queue was too long
    drain        // after the array's last operation
  };
  Reason reason = Reason::fill;
  int array = -1;
  std::int64_t from = 0, to = 0;
  int dependence = -1;  // dependence, transit: the one met last
  int memory = -1;      // port
};

class RunListener {
 public:
  RunListener() = default;
  RunListener(const RunListener&) = delete;
  RunListener& operator=(const RunListener&) = delete;
  virtual ~RunListener() = default;

  virtual void begins(RunState& /*run*/) {}
  // An array is about to start the head instance of `statement`; its stalls since the operation before come first.
  virtual void stalls(RunState& /*run*/, const Stall& /*stall*/) {}
  virtual void starts(RunState& /*run*/, int /*statement*/, std::int64_t /*start*/, std::int64_t /*end*/) {}
  // The head instance of a move is about to take its first slice of the bus.
  virtual void move_begins(RunState& /*run*/, int /*statement*/, std::int64_t /*start*/) {}
  // A slice of it is on the bus in [begin_tick, end_tick), in ticks of 1/kTicksPerCycle of a cycle.
  virtual void moves(RunState& /*run*/, int /*statement*/, std::int64_t /*bytes*/, std::int64_t /*begin_tick*/,
                     std::int64_t /*end_tick*/) {}
  // Of a statement's moves that have begun, the oldest: the head may have moved on. Its last slice leaves the bus at
  // `bus_end`; it is done when the tile may be used, or its slot taken again.
  virtual void move_ends(RunState& /*run*/, int /*statement*/, std::int64_t /*start*/, std::int64_t /*bus_end*/,
                         std::int64_t /*done*/) {}
  // Fast-forward has skipped this many cycles: every instant told of is as many later.
  virtual void skipped(std::int64_t /*cycles*/) {}
  // The last call but for the arrays' drain stalls, which come before it.
  virtual void ends(RunState& /*run*/, const RunResult& /*result*/) {}
};

}  // namespace einloom
