// SPDX-License-Identifier: Apache-2.0
// FSA's plan on an array of any size, with operands as good as always there, and when its instructions were accepted.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "timing/recorded_run.hpp"

namespace einloom::test {

struct FsaPoint {
  std::int64_t rows = 4, columns = 4, pieces = 8, reciprocal = 15, engines = 2;
  std::int64_t queries = 4, keys = 4, heads = 1;
  std::string bandwidth = "1000000 GB/s";
  std::int64_t dram_latency = 0;
  std::string plan = "fsa__fsa__flash";

  [[nodiscard]] std::string text() const {
    return fmt::format("{}: {} x {}, P = {}, L = {}, {} engines, {} x {}, H = {}, {}", plan, rows, columns, pieces,
                       reciprocal, engines, queries, keys, heads, bandwidth);
  }
};

struct Accept {
  std::string instruction;
  std::int64_t at = 0, busy = 0;  // cycle of the accept, counted from the first one; busy cycles D
};

struct FsaRun {
  std::vector<Accept> accepts;
  std::int64_t last_busy = 0;  // index of the last cycle an engine is busy
  std::int64_t active = 0;     // cycles with an instruction at work: D of the D + 1 cycles its engine is busy
  Report report;
};

inline FsaRun run_fsa(const FsaPoint& point, bool fast_forward = false) {
  const Overrides overrides = {{"parameters.rows", std::to_string(point.rows)},
                               {"parameters.columns", std::to_string(point.columns)},
                               {"parameters.pieces", std::to_string(point.pieces)},
                               {"parameters.reciprocal", std::to_string(point.reciprocal)},
                               {"parameters.engines", std::to_string(point.engines)},
                               {"components.dram.bandwidth", point.bandwidth},
                               {"components.dram.latency", std::to_string(point.dram_latency) + " cycles"}};
  const Machine machine = machine_of("fsa", overrides);
  const Plan plan = plan_of(point.plan);
  Shape shape;
  shape.set("B", 1);
  shape.set("H", point.heads);
  shape.set("P", point.queries);
  shape.set("M", point.keys);
  shape.set("E", point.rows);
  shape.set("F", point.rows);
  const Program program = lower(cascade_for(plan), machine, plan, shape, Dtype::fp16, {});
  FsaRun run;
  std::int64_t first = -1, active_until = 0;
  std::vector<char> is_first(program.statements.size(), 0);  // of its body
  for (std::size_t s = 0; s < program.statements.size(); ++s) {
    const Statement& statement = program.statements[s];
    is_first[s] = statement.instruction.empty() ? 0 : 1;
    for (std::size_t other = 0; other < s; ++other) {
      const Statement& earlier = program.statements[other];
      if (earlier.instruction == statement.instruction && earlier.body_offset == statement.body_offset) is_first[s] = 0;
    }
  }
  SimulationOptions options;
  options.fast_forward = fast_forward;
  options.observer = [&](int index, std::int64_t, std::int64_t start, std::int64_t) {
    if (is_first[static_cast<std::size_t>(index)] == 0) return;
    if (first < 0) first = start;
    const std::string& name = program.statements[static_cast<std::size_t>(index)].instruction;
    const std::int64_t at = start - first, busy = machine.arrays[0].controller->instructions.at(name).busy_cycles;
    run.accepts.push_back({name, at, busy});
    run.last_busy = std::max(run.last_busy, at + busy);
    run.active += std::max<std::int64_t>(0, at + busy - std::max(at, active_until));
    active_until = std::max(active_until, at + busy);
  };
  run.report = simulate(program, machine, options);
  return run;
}

}  // namespace einloom::test
