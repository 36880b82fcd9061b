// SPDX-License-Identifier: Apache-2.0
#include "experiments/trace/trace_vcd.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/kernel.hpp"

namespace einloom {
namespace {

constexpr int kNumberBits = 16, kByteBits = 48;

std::string binary(std::int64_t value) { return fmt::format("b{:b} ", value); }

// Identifier codes are words of the printable characters.
std::string code_of(std::size_t number) {
  std::string code;
  do {
    code += static_cast<char>('!' + number % 94);
    number /= 94;
  } while (number > 0);
  return code;
}

}  // namespace

std::size_t TraceVcd::declare(const std::string& type, int width, const std::string& name, std::string initial) {
  codes_.push_back(code_of(codes_.size()));
  values_.push_back(std::move(initial));
  written_.emplace_back();
  file_.write(fmt::format("$var {} {} {} {} $end\n", type, width, codes_.back(), name));
  return codes_.size() - 1;
}

void TraceVcd::write_head(const RunState& run) {
  const Program& program = run.program;
  std::string legend = "0 idle";
  for (std::size_t i = 0; i < program.einsums.size(); ++i) legend += fmt::format(", {} {}", i + 1, program.einsums[i]);
  file_.write(fmt::format("$comment {}; 1 ns is 1 cycle $end\n$comment <array>_einsum: {} $end\n$timescale 1 ns $end\n",
                          title_, legend));
  file_.write("$scope module arrays $end\n");
  for (const std::string& array : program.arrays) {
    names_.push_back(declare("string", 1, array, "sidle "));
    numbers_.push_back(declare("integer", kNumberBits, array + "_einsum", binary(0)));
  }
  file_.write("$upscope $end\n$scope module memories $end\n");
  for (std::size_t m = 0; m < program.memories.size(); ++m) {
    const bool dram = run.machine.memories[m].kind == MemoryKind::dram;
    bytes_.push_back(dram ? declare("wire", 1, program.memories[m] + "_busy", "0")
                          : declare("integer", kByteBits, program.memories[m] + "_bytes", binary(0)));
    if (dram) bus_ = bytes_.back();
  }
  file_.write("$upscope $end\n$enddefinitions $end\n");
  held_.assign(program.memories.size(), 0);
  held_by_storage_.assign(program.storages.size(), 0);
}

void TraceVcd::change(std::int64_t time, std::size_t variable, std::string value) {
  pending_[time][variable] = std::move(value);
}

void TraceVcd::write_operation(RunState& run, int statement, std::int64_t start, std::int64_t end) {
  const Statement& what = statement_of(run, statement);
  const auto array = static_cast<std::size_t>(what.array);
  change(start, names_[array], "s" + what.name + " ");
  change(start, numbers_[array], binary(what.einsum + 1));
  change(end, names_[array], "sidle ");
  change(end, numbers_[array], binary(0));
}

void TraceVcd::write_transfer(RunState& /*run*/, int /*statement*/, std::int64_t /*bytes*/, std::int64_t begin_tick,
                              std::int64_t end_tick) {
  const std::int64_t begin = begin_tick / kTicksPerCycle, end = (end_tick + kTicksPerCycle - 1) / kTicksPerCycle;
  if (begin <= bus_end_) {
    const auto found = pending_.find(bus_end_);
    if (found != pending_.end()) found->second.erase(bus_);
  } else {
    change(begin, bus_, "1");
  }
  bus_end_ = end;
  change(end, bus_, "0");
}

void TraceVcd::write_changes(const RunState& run, OccupancyTimeline& timeline, std::int64_t before) {
  timeline.take(before, [&](std::int64_t time, int storage, std::int64_t bytes) {
    const auto s = static_cast<std::size_t>(storage);
    const auto memory = static_cast<std::size_t>(run.program.storages[s].memory);
    held_[memory] += bytes - held_by_storage_[s];
    held_by_storage_[s] = bytes;
    change(time, bytes_[memory], binary(held_[memory]));
  });
  // A slice may begin in the cycle that has just gone by.
  write_pending(before - 1);
}

void TraceVcd::write_instant(std::int64_t time) {
  std::string text;
  for (std::size_t i = 0; i < values_.size(); ++i) {
    if (values_[i] == written_[i]) continue;
    text += values_[i] + codes_[i] + "\n";
    written_[i] = values_[i];
  }
  if (!text.empty()) file_.write(fmt::format("#{}\n{}", time, text));
}

void TraceVcd::write_pending(std::int64_t before) {
  while (!pending_.empty() && pending_.begin()->first < before) {
    const std::int64_t time = pending_.begin()->first;
    if (!opened_ && time > window_.from) {
      opened_ = true;
      write_instant(window_.from);
    }
    for (auto& [variable, value] : pending_.begin()->second) values_[variable] = std::move(value);
    pending_.erase(pending_.begin());
    if (time >= window_.from && time < window_.to) {
      opened_ = true;
      write_instant(time);
    }
  }
}

void TraceVcd::write_tail(const RunState& /*run*/, const RunResult& result) {
  write_pending(INT64_MAX);
  file_.write(fmt::format("#{}\n", std::min(result.cycles, window_.to)));
}

}  // namespace einloom
