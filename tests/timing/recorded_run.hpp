// SPDX-License-Identifier: Apache-2.0
// Tiny machines and cascades for the timing tests, and the start and end of everything a run did.
#pragma once

#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "support/documents_in_tree.hpp"

namespace einloom::test {

inline const std::string kTinyTechnology = R"(technology: tiny
memories:
  dram: {read: 1 pJ, write: 1 pJ, access_width: 8 B, source: test}
  sram: {read: 1 pJ, write: 1 pJ, source: test}
operations:
  add: {energy: 1 pJ, area: 0 um^2, source: test}
  mac: {energy: 1 pJ, area: 0 um^2, source: test}
  max: {energy: 1 pJ, area: 0 um^2, source: test}
registers:
  pe: {read: 1 pJ, write: 1 pJ, area: 1 um^2, source: test}
)";

// A grid of rows × columns PEs above a line of columns PEs; DRAM moves 16 bytes a cycle (16 GB/s at 1 GHz).
struct TinyMachine {
  std::int64_t rows = 2, columns = 2;
  std::int64_t dram_latency = 10, buffer_latency = 3;
  std::int64_t down = 1, up = 0;  // latency of the links grid → line and line → grid
  std::int64_t ports = 64, queue = 1024;
  std::string clock = "1 GHz";
  std::string banked{};         // the keys of a DRAM of model `banked`, timing set `tiny`; "": `simple`
  std::string banked_timing{};  // document of that timing set

  [[nodiscard]] Machine machine() const {
    const std::string text = fmt::format(
        R"(machine: tiny
technology: tiny
clock: {}
components:
  dram: {{kind: dram, {}, latency: {} cycles, access_width: 8 B, energy: dram}}
  buffer: {{kind: buffer, capacity: 64 KiB, access_width: 4 B, ports: {}, queue_accesses: {}, latency: {} cycles, energy: sram}}
  grid: {{kind: pe_array, rows: {}, columns: {}, pe: pe, operations: {{mac: 1, max: 1, add: 1, sub: {{issue_cycles: 2, actions: {{add: 1}}}}}}}}
  line: {{kind: pe_array, columns: {}, pe: pe, operations: {{mac: 1, max: 1, add: 1, mul: {{issue_cycles: 1, actions: {{mac: 1}}}}}}}}
links:
  - {{between: [dram, buffer]}}
  - {{between: [buffer, grid]}}
  - {{between: [buffer, line]}}
  - {{from: grid, to: line, latency: {} cycles}}
  - {{from: line, to: grid, latency: {} cycles}}
)",
        clock, banked.empty() ? "bandwidth: 16 GB/s" : "model: banked, timing: tiny, " + banked, dram_latency, ports,
        queue, buffer_latency, rows, columns, columns, down, up);
    return load_machine(
        parse_yaml(source_from_text("tiny_machine.yaml", text)),
        [](const std::string&, const Span&) {
          return parse_yaml(source_from_text("tiny_technology.yaml", kTinyTechnology));
        },
        [this](const std::string&, const Span&) {
          return parse_yaml(source_from_text("tiny_timing.yaml", banked_timing));
        });
  }
  // Cycles from the start of a load of `bytes` (a multiple of 16) on an idle bus until its tile may be used.
  [[nodiscard]] std::int64_t load_cycles(std::int64_t bytes) const {
    return bytes / 16 + dram_latency + buffer_latency;
  }
};

struct Lifetime {
  std::int64_t start = 0, end = 0;
  bool operator==(const Lifetime& other) const { return start == other.start && end == other.end; }
};
inline std::ostream& operator<<(std::ostream& out, const Lifetime& life) {
  return out << "[" << life.start << ", " << life.end << ")";
}

struct RecordedRun {
  std::map<std::string, std::vector<Lifetime>> of;  // by statement name, instances in order
  Report report;
};

inline RecordedRun record(const Program& program, const Machine& machine) {
  RecordedRun run;
  SimulationOptions options;
  options.fast_forward = false;
  options.observer = [&](int statement, std::int64_t index, std::int64_t start, std::int64_t end) {
    auto& list = run.of[program.statements[static_cast<std::size_t>(statement)].name];
    ensure(index == static_cast<std::int64_t>(list.size()), "instances start in order");
    list.push_back({start, end});
  };
  run.report = simulate(program, machine, options);
  return run;
}

inline Cascade cascade_from(const std::string& text) {
  return load_cascade(parse_yaml(source_from_text("tiny_cascade.yaml", text)));
}
inline Plan plan_from(const std::string& text) {
  return load_plan(parse_yaml(source_from_text("tiny_plan.yaml", text)));
}

}  // namespace einloom::test
