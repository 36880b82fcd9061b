// SPDX-License-Identifier: Apache-2.0
// How fast the simulator is: tile operations stepped per second, and the time of one point with fast-forward.
// Lowering is measured apart; documents are read once, outside of what is timed.
#include <benchmark/benchmark.h>

#include <string>

#include "experiments/documents.hpp"
#include "experiments/point.hpp"
#include "experiments/spec.hpp"
#include "mappings/lower.hpp"
#include "sim/simulate.hpp"

namespace einloom {
namespace {

// The one point of the quickstart's `configuration` with `heads` (b, h) and `seq_len` tokens, fidelity cycle.
Point quickstart_point(const std::string& configuration, std::int64_t heads, std::int64_t seq_len) {
  static const Library library(Library::default_root());
  std::vector<Spec> specs = load_spec_tree(library, "fusemax_quickstart", Span{});
  std::vector<std::vector<Setting>> settings;
  for (const std::string& text : {"configuration=" + configuration, std::string("fidelity=cycle"), std::string("B=1"),
                                  "H=" + std::to_string(heads), "seq_len=" + std::to_string(seq_len)}) {
    settings.push_back(parse_command_line_setting(text));
  }
  override_specs(specs, settings);
  return resolve_points(library, specs).at(0);
}

Program lowered(const Point& point) {
  return lower(*point.cascade, *point.machine, *point.plan, point.workload, point.dtype, point.where);
}

const char* configuration_of(std::int64_t number) { return number == 0 ? "binding" : "architecture"; }

// Every tile operation stepped. Counter tile_operations: per second.
void step_every_operation(benchmark::State& state) {
  const Point point = quickstart_point(configuration_of(state.range(0)), state.range(1), state.range(2));
  const Program program = lowered(point);
  SimulationOptions options;
  options.fast_forward = false;
  std::int64_t operations = 0;
  for (auto _ : state) {
    const Report report = simulate(program, *point.machine, options);
    operations += report.tile_operations_simulated;
    benchmark::DoNotOptimize(operations);
  }
  state.counters["tile_operations"] = benchmark::Counter(static_cast<double>(operations), benchmark::Counter::kIsRate);
}

// One point as `einloom run` computes it. Counter stepped: tile operations that were not skipped.
void fast_forward(benchmark::State& state) {
  const Point point = quickstart_point(configuration_of(state.range(0)), state.range(1), state.range(2));
  const Program program = lowered(point);
  std::int64_t stepped = 0;
  for (auto _ : state) {
    const Report report = simulate(program, *point.machine, SimulationOptions{});
    stepped = report.tile_operations_simulated;
    benchmark::DoNotOptimize(stepped);
  }
  state.counters["stepped"] = static_cast<double>(stepped);
}

void lower_point(benchmark::State& state) {
  const Point point = quickstart_point(configuration_of(state.range(0)), state.range(1), state.range(2));
  for (auto _ : state) {
    const Program program = lowered(point);
    benchmark::DoNotOptimize(&program);
  }
}

void every_length(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"serial", "heads", "seq_len"});
  for (std::int64_t serial : {0, 1}) {
    for (std::int64_t seq_len : {1024, 4096, 16384, 65536, 262144, 1048576}) benchmark->Args({serial, 768, seq_len});
  }
}

BENCHMARK(step_every_operation)
    ->ArgNames({"serial", "heads", "seq_len"})
    ->Args({0, 4, 4096})
    ->Args({1, 4, 4096})
    ->Unit(benchmark::kMillisecond)
    ->MinTime(1);
// A SystemC context is never given back, so the number of runs is fixed.
BENCHMARK(fast_forward)->Apply(every_length)->Unit(benchmark::kMillisecond)->Iterations(100);
BENCHMARK(lower_point)
    ->ArgNames({"serial", "heads", "seq_len"})
    ->Args({0, 768, 1024})
    ->Args({0, 768, 1048576})
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace einloom

BENCHMARK_MAIN();
