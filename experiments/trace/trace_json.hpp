// SPDX-License-Identifier: Apache-2.0
// A run as Chrome trace JSON, for Perfetto: a track of operations and stalls for each array, one of moves for DRAM's
// bus and each memory, counters of the bytes held, by tensor.
// Contract: 1 cycle is shown as 1 us; slices of one array never overlap and cover the run without gaps; written as the
// run goes, so memory use does not depend on its length.
#pragma once

#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "experiments/streamed_file.hpp"
#include "experiments/trace/trace_window.hpp"
#include "sim/occupancy_timeline.hpp"
#include "sim/run_listener.hpp"
#include "sim/units.hpp"

namespace einloom {

class TraceJson : public RunListener {
 public:
  // `title` names the run. UserError output-unwritable.
  TraceJson(const std::filesystem::path& path, const Span& asked_at, TraceWindow window, std::string title);

  void begins(RunState& run) override;
  void stalls(RunState& run, const Stall& stall) override;
  void starts(RunState& run, int statement, std::int64_t start, std::int64_t end) override;
  void move_begins(RunState& run, int statement, std::int64_t start) override;
  void moves(RunState& run, int statement, std::int64_t bytes, std::int64_t begin_tick, std::int64_t end_tick) override;
  void move_ends(RunState& run, int statement, std::int64_t start, std::int64_t bus_end, std::int64_t done) override;
  void skipped(std::int64_t cycles) override { closed_ = closed_ || cycles > 0; }
  void ends(RunState& run, const RunResult& result) override;

 private:
  void event(const std::string& text);  // one member of traceEvents
  void name_track(int process, std::size_t track, const std::string& what, const std::string& name);
  void slice(int process, int track, const std::string& name, const char* category, std::int64_t begin,
             std::int64_t end, const std::string& arguments);
  void write_changes(const RunState& run, std::int64_t before);
  void write_levels(std::size_t memory, std::int64_t time);

  StreamedFile file_;
  TraceWindow window_;
  bool closed_ = false;  // the window has been left: what follows is not told in full
  std::string title_;
  bool first_ = true;
  std::int64_t moves_told_ = 0;
  std::vector<std::deque<std::string>> moving_;  // by statement: loop indices of moves under way, oldest first
  std::unique_ptr<OccupancyTimeline> timeline_;
  std::vector<std::vector<std::pair<std::string, std::int64_t>>> levels_;  // by memory: tensor, bytes
  std::vector<std::size_t> level_of_;                                      // by storage: place in its memory's list
  std::vector<char> stale_;                                                // by memory: levels not yet written
  std::int64_t stale_at_ = 0;
  std::vector<std::string> memory_names_;
};

}  // namespace einloom
