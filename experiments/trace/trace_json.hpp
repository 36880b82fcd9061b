// SPDX-License-Identifier: Apache-2.0
// A run as Chrome trace JSON, for Perfetto: a track of operations and stalls for each array, one of moves for DRAM's
// bus and each memory, counters of the bytes held, by tensor.
// Contract: 1 cycle is shown as 1 us; slices of one array never overlap and cover the run without gaps.
#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "experiments/trace/trace.hpp"

namespace einloom {

class TraceJson : public Trace {
 public:
  TraceJson(const std::filesystem::path& path, const Span& asked_at, TraceWindow window, std::string title)
      : Trace(path, asked_at, window, std::move(title)) {}

 private:
  void write_head(const RunState& run) override;
  void write_changes(const RunState& run, OccupancyTimeline& timeline, std::int64_t before) override;
  void write_stall(const RunState& run, const Stall& stall) override;
  void write_operation(RunState& run, int statement, std::int64_t start, std::int64_t end) override;
  void write_move_start(const RunState& run, int statement) override;
  void write_transfer(RunState& run, int statement, std::int64_t bytes, std::int64_t begin_tick,
                      std::int64_t end_tick) override;
  void write_move(RunState& run, int statement, std::int64_t start, std::int64_t done) override;
  void write_tail(const RunState& run, const RunResult& result) override;

  void event(const std::string& text);  // one member of traceEvents
  void name_track(int process, std::size_t track, const std::string& what, const std::string& name);
  void slice(int process, int track, const std::string& name, const char* category, std::int64_t begin,
             std::int64_t end, const std::string& arguments);
  void write_levels(std::size_t memory, std::int64_t time);

  bool first_ = true;
  std::int64_t moves_told_ = 0;
  std::vector<std::deque<std::string>> moving_;  // by statement: loop indices of moves under way, oldest first
  std::vector<std::vector<std::pair<std::string, std::int64_t>>> levels_;  // by memory: tensor, bytes
  std::vector<std::size_t> level_of_;                                      // by storage: place in its memory's list
  std::vector<char> stale_;                                                // by memory: levels not yet written
  std::int64_t stale_at_ = 0;
  std::vector<std::string> memory_names_;
};

}  // namespace einloom
