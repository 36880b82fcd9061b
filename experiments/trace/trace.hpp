// SPDX-License-Identifier: Apache-2.0
// What traces of every format share: the file, the window, and the bytes held as they change.
// Contract: a format hears of everything inside the window and before it, in time order, and of nothing once cycles
// were skipped; before each event it is told what had changed until then. Written as the run goes, so memory use does
// not depend on its length.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "experiments/streamed_file.hpp"
#include "experiments/trace/trace_window.hpp"
#include "sim/occupancy_timeline.hpp"
#include "sim/run_listener.hpp"

namespace einloom {

class Trace : public RunListener {
 public:
  void begins(RunState& run) final;
  void stalls(RunState& run, const Stall& stall) final;
  void starts(RunState& run, int statement, std::int64_t start, std::int64_t end) final;
  void move_begins(RunState& run, int statement, std::int64_t start) final;
  void moves(RunState& run, int statement, std::int64_t bytes, std::int64_t begin_tick, std::int64_t end_tick) final;
  void move_ends(RunState& run, int statement, std::int64_t start, std::int64_t bus_end, std::int64_t done) final;
  void skipped(std::int64_t cycles) final { closed_ = closed_ || cycles > 0; }
  void ends(RunState& run, const RunResult& result) final;

 protected:
  // `title` names the run. UserError output-unwritable.
  Trace(const std::filesystem::path& path, const Span& asked_at, TraceWindow window, std::string title);

  virtual void write_head(const RunState& run) = 0;
  // Takes from `timeline` what changed before that cycle.
  virtual void write_changes(const RunState& run, OccupancyTimeline& timeline, std::int64_t before) = 0;
  virtual void write_stall(const RunState& /*run*/, const Stall& /*stall*/) {}
  virtual void write_operation(RunState& run, int statement, std::int64_t start, std::int64_t end) = 0;
  // The head instance of a move begins; those of a statement end in the order in which they began.
  virtual void write_move_start(const RunState& /*run*/, int /*statement*/) {}
  virtual void write_transfer(RunState& run, int statement, std::int64_t bytes, std::int64_t begin_tick,
                              std::int64_t end_tick) = 0;
  // Of a statement's moves under way, the oldest; the head may have moved on.
  virtual void write_move(RunState& /*run*/, int /*statement*/, std::int64_t /*start*/, std::int64_t /*done*/) {}
  virtual void write_tail(const RunState& run, const RunResult& result) = 0;

  [[nodiscard]] static const Statement& statement_of(const RunState& run, int statement);

  StreamedFile file_;
  const TraceWindow window_;
  const std::string title_;

 private:
  bool closed_ = false;  // the window has been left: what follows is not told in full
  std::unique_ptr<OccupancyTimeline> timeline_;
};

}  // namespace einloom
