// SPDX-License-Identifier: Apache-2.0
#include "experiments/trace/trace_json.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/report_json.hpp"
#include "experiments/trace/statement_digits.hpp"
#include "sim/accounts.hpp"
#include "sim/kernel.hpp"

namespace einloom {
namespace {

constexpr int kArrays = 1, kMemories = 2;  // process numbers: groups of tracks

std::string json_text(const std::string& text) { return Json(text).dump(); }

std::string digits_json(const Program& program, const Statement& statement, const Head& head) {
  std::string text;
  for (const auto& [loop, digit] : digits_of(program, statement, head.position)) {
    text += fmt::format("{}{}:{}", text.empty() ? "" : ",", json_text(loop), digit);
  }
  return text;
}

std::string tick_text(std::int64_t tick) {
  return fmt::format("{:.10g}", static_cast<double>(tick) / static_cast<double>(kTicksPerCycle));
}

}  // namespace

void TraceJson::event(const std::string& text) {
  file_.write(first_ ? "\n" : ",\n");
  file_.write(text);
  first_ = false;
}

void TraceJson::name_track(int process, std::size_t track, const std::string& what, const std::string& name) {
  event(fmt::format(R"({{"ph":"M","pid":{},"tid":{},"name":"{}","args":{{"name":{}}}}})", process, track, what,
                    json_text(name)));
}

void TraceJson::write_head(const RunState& run) {
  file_.write("{\"traceEvents\":[");
  name_track(kArrays, 0, "process_name", "arrays");
  name_track(kMemories, 0, "process_name", "memories");
  for (std::size_t a = 0; a < run.program.arrays.size(); ++a) {
    name_track(kArrays, a + 1, "thread_name", run.program.arrays[a]);
  }
  for (std::size_t m = 0; m < run.program.memories.size(); ++m) {
    const bool dram = run.machine.memories[m].kind == MemoryKind::dram;
    name_track(kMemories, m + 1, "thread_name", run.program.memories[m] + (dram ? " bus" : " moves"));
  }
  memory_names_ = run.program.memories;
  levels_.resize(run.program.memories.size());
  moving_.resize(run.program.statements.size());
  stale_.assign(run.program.memories.size(), 0);
  stale_at_ = window_.from;
  for (const Storage& storage : run.program.storages) {
    level_of_.push_back(0);
    if (storage.memory < 0) continue;
    auto& levels = levels_[static_cast<std::size_t>(storage.memory)];
    const std::string& tensor = run.program.tensors[static_cast<std::size_t>(storage.tensor)];
    level_of_.back() = levels.size();
    levels.emplace_back(tensor, 0);
    stale_[static_cast<std::size_t>(storage.memory)] = 1;
  }
}

void TraceJson::slice(int process, int track, const std::string& name, const char* category, std::int64_t begin,
                      std::int64_t end, const std::string& arguments) {
  if (!window_.clip(begin, end)) return;
  event(fmt::format(R"({{"ph":"X","pid":{},"tid":{},"ts":{},"dur":{},"name":{},"cat":"{}","args":{{{}}}}})", process,
                    track + 1, begin, end - begin, json_text(name), category, arguments));
}

void TraceJson::write_stall(const RunState& run, const Stall& stall) {
  const auto [kind, subject] = account_name(run.program, stall);
  slice(kArrays, stall.array, subject.empty() ? kind : kind + " " + subject, "stall", stall.from, stall.to,
        fmt::format(R"("kind":"{}","subject":{})", kind, json_text(subject)));
}

void TraceJson::write_operation(RunState& run, int statement, std::int64_t start, std::int64_t end) {
  const Statement& what = statement_of(run, statement);
  slice(kArrays, what.array, what.name, "operation", start, end,
        digits_json(run.program, what, run.board.head(statement)));
}

void TraceJson::write_move_start(const RunState& run, int statement) {
  moving_[static_cast<std::size_t>(statement)].push_back(
      digits_json(run.program, statement_of(run, statement), run.board.head(statement)));
}

void TraceJson::write_transfer(RunState& run, int statement, std::int64_t bytes, std::int64_t begin_tick,
                               std::int64_t end_tick) {
  const bool limited = window_.is_limited();
  const std::int64_t from = window_.from * kTicksPerCycle, to = limited ? window_.to * kTicksPerCycle : INT64_MAX;
  begin_tick = std::max(begin_tick, from);
  end_tick = std::min(end_tick, to);
  if (begin_tick >= end_tick) return;
  const Statement& what = statement_of(run, statement);
  const int dram = what.kind == StatementKind::load ? what.from : what.to;
  const std::string digits = digits_json(run.program, what, run.board.head(statement));
  event(
      fmt::format(R"({{"ph":"X","pid":{},"tid":{},"ts":{},"dur":{},"name":{},"cat":"move","args":{{"bytes":{}{}{}}}}})",
                  kMemories, dram + 1, tick_text(begin_tick), tick_text(end_tick - begin_tick), json_text(what.name),
                  bytes, digits.empty() ? "" : ",", digits));
}

void TraceJson::write_move(RunState& run, int statement, std::int64_t start, std::int64_t done) {
  std::deque<std::string>& moving = moving_[static_cast<std::size_t>(statement)];
  const std::string digits = std::move(moving.front());
  moving.pop_front();
  if (!window_.clip(start, done)) return;
  const Statement& what = statement_of(run, statement);
  const int memory = what.kind == StatementKind::load ? what.to : what.from;
  const std::string common =
      fmt::format(R"("cat":"move","id":{},"pid":{},"tid":{},"name":{})", ++moves_told_, kMemories, memory + 1,
                  json_text(fmt::format("{} ({})", what.name, run.program.memories[static_cast<std::size_t>(memory)])));
  event(fmt::format(R"({{"ph":"b",{},"ts":{},"args":{{{}}}}})", common, start, digits));
  event(fmt::format(R"({{"ph":"e",{},"ts":{}}})", common, done));
}

void TraceJson::write_levels(std::size_t memory, std::int64_t time) {
  std::string text;
  for (std::size_t i = 0; i < levels_[memory].size(); ++i) {
    const std::string& tensor = levels_[memory][i].first;
    std::int64_t bytes = 0;
    bool told = false;  // a tensor may have several storages
    for (std::size_t j = 0; j < levels_[memory].size(); ++j) {
      if (levels_[memory][j].first != tensor) continue;
      told = told || j < i;
      bytes += levels_[memory][j].second;
    }
    if (!told) text += fmt::format("{}{}:{}", text.empty() ? "" : ",", json_text(tensor), bytes);
  }
  event(fmt::format(R"({{"ph":"C","pid":{},"name":"{} bytes","ts":{},"args":{{{}}}}})", kMemories,
                    memory_names_[memory], time, text));
  stale_[memory] = 0;
}

// Everything that changes at one cycle is one event; what lies before the window is its first.
void TraceJson::write_changes(const RunState& run, OccupancyTimeline& timeline, std::int64_t before) {
  const auto flush = [&](std::int64_t next) {
    if (next <= stale_at_) return;
    for (std::size_t m = 0; m < stale_.size(); ++m) {
      if (stale_[m] != 0 && stale_at_ < window_.to) write_levels(m, stale_at_);
    }
  };
  timeline.take(before, [&](std::int64_t time, int storage, std::int64_t bytes) {
    flush(time);
    stale_at_ = std::max(time, window_.from);
    const int memory = run.program.storages[static_cast<std::size_t>(storage)].memory;
    levels_[static_cast<std::size_t>(memory)][level_of_[static_cast<std::size_t>(storage)]].second = bytes;
    stale_[static_cast<std::size_t>(memory)] = 1;
  });
  flush(before);
}

void TraceJson::write_tail(const RunState& run, const RunResult& result) {
  file_.write(
      fmt::format("\n],\n\"otherData\":{{\"unit\":\"1 cycle is shown as 1 us\",\"point\":{},\"plan\":{},"
                  "\"machine\":{},\"clock_hz\":{},\"cycles\":{}}}}}\n",
                  json_text(title_), json_text(run.program.plan), json_text(run.program.machine),
                  run.machine.clock.value(), result.cycles));
}

}  // namespace einloom
