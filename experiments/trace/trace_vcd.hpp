// SPDX-License-Identifier: Apache-2.0
// A run as a value change dump, for GTKWave: what every array runs, the bytes every memory holds, whether DRAM's bus is
// busy.
// Contract: 1 ns is 1 cycle; changes in time order; written as the run goes.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "experiments/streamed_file.hpp"
#include "experiments/trace/trace_window.hpp"
#include "sim/occupancy_timeline.hpp"
#include "sim/run_listener.hpp"
#include "sim/units.hpp"

namespace einloom {

class TraceVcd : public RunListener {
 public:
  // UserError output-unwritable.
  TraceVcd(const std::filesystem::path& path, const Span& asked_at, TraceWindow window, std::string title);

  void begins(RunState& run) override;
  void starts(RunState& run, int statement, std::int64_t start, std::int64_t end) override;
  void move_begins(RunState& run, int statement, std::int64_t start) override;
  void moves(RunState& run, int statement, std::int64_t bytes, std::int64_t begin_tick, std::int64_t end_tick) override;
  void move_ends(RunState& run, int statement, std::int64_t start, std::int64_t bus_end, std::int64_t done) override;
  void skipped(std::int64_t cycles) override { closed_ = closed_ || cycles > 0; }
  void ends(RunState& run, const RunResult& result) override;

 private:
  // Declares a variable; `type` and `width` as VCD has them.
  std::size_t declare(const std::string& type, int width, const std::string& name, std::string initial);
  void change(std::int64_t time, std::size_t variable, std::string value);
  void take_levels(const RunState& run, std::int64_t before);
  void write_changes(std::int64_t before);
  void write_instant(std::int64_t time);

  StreamedFile file_;
  TraceWindow window_;
  bool closed_ = false;  // the window has been left: what follows is not told in full
  std::string title_;
  std::vector<std::string> codes_;   // of variables
  std::vector<std::string> values_;  // now
  std::vector<std::string> written_;
  std::map<std::int64_t, std::map<std::size_t, std::string>> pending_;  // time → variable → value
  std::vector<std::size_t> names_, numbers_;  // variables of arrays: the Einsum's name, and its number
  std::vector<std::size_t> bytes_;            // variables of memories
  std::size_t bus_ = 0;
  std::int64_t bus_end_ = -1;
  std::unique_ptr<OccupancyTimeline> timeline_;
  std::vector<std::int64_t> held_, held_by_storage_;  // bytes, by memory and by storage
  bool opened_ = false;
};

}  // namespace einloom
