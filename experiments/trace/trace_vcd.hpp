// SPDX-License-Identifier: Apache-2.0
// A run as a value change dump, for GTKWave: what every array runs, the bytes every memory holds, whether DRAM's bus is
// busy.
// Contract: 1 ns is 1 cycle; changes in time order.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "experiments/trace/trace.hpp"

namespace einloom {

class TraceVcd : public Trace {
 public:
  TraceVcd(const std::filesystem::path& path, const Span& asked_at, TraceWindow window, std::string title)
      : Trace(path, asked_at, window, std::move(title)) {}

 private:
  void write_head(const RunState& run) override;
  void write_changes(const RunState& run, OccupancyTimeline& timeline, std::int64_t before) override;
  void write_operation(RunState& run, int statement, std::int64_t start, std::int64_t end) override;
  void write_transfer(RunState& run, int statement, std::int64_t bytes, std::int64_t begin_tick,
                      std::int64_t end_tick) override;
  void write_tail(const RunState& run, const RunResult& result) override;

  // Declares a variable; `type` and `width` as VCD has them.
  std::size_t declare(const std::string& type, int width, const std::string& name, std::string initial);
  void change(std::int64_t time, std::size_t variable, std::string value);
  void write_pending(std::int64_t before);
  void write_instant(std::int64_t time);

  std::vector<std::string> codes_;   // of variables
  std::vector<std::string> values_;  // now
  std::vector<std::string> written_;
  std::map<std::int64_t, std::map<std::size_t, std::string>> pending_;  // time → variable → value
  std::vector<std::size_t> names_, numbers_;  // variables of arrays: the Einsum's name, and its number
  std::vector<std::size_t> bytes_;            // variables of memories
  std::size_t bus_ = 0;
  std::int64_t bus_end_ = -1;
  std::vector<std::int64_t> held_, held_by_storage_;  // bytes, by memory and by storage
  bool opened_ = false;
};

}  // namespace einloom
