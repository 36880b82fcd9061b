// SPDX-License-Identifier: Apache-2.0
// Fidelity pe: PE-cycles stepped per second on one core, 256 × 256 PEs and a row of 256, timing only and with values.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <random>
#include <string>

#include "experiments/documents.hpp"
#include "experiments/point.hpp"
#include "experiments/spec.hpp"
#include "mappings/lower.hpp"
#include "sim/pe_level/pe_values.hpp"
#include "sim/simulate.hpp"

namespace einloom {
namespace {

// BERT, one head, from the quickstart: 0 interleaved, 1 serial.
Point point_of(std::int64_t serial, std::int64_t seq_len) {
  static const Library library(Library::default_root());
  std::vector<Spec> specs = load_spec_tree(library, "fusemax_quickstart", Span{});
  std::vector<std::vector<Setting>> settings;
  for (const std::string& text :
       {std::string("configuration=") + (serial == 0 ? "binding" : "architecture"), std::string("fidelity=pe"),
        std::string("B=1"), std::string("H=1"), "seq_len=" + std::to_string(seq_len)}) {
    settings.push_back(parse_command_line_setting(text));
  }
  override_specs(specs, settings);
  return resolve_points(library, specs).at(0);
}

TensorStore<float> inputs_of(const Point& point, const Program& program) {
  TensorStore<float> dram = make_store<float>(*point.cascade, program.shape, 0);
  std::mt19937 random(1);
  for (const TensorDecl& tensor : point.cascade->tensors()) {
    if (tensor.role != TensorRole::input) continue;
    Tensor<float>& values = dram.at(tensor.name);
    for (std::int64_t i = 0; i < values.size(); ++i) values.data()[i] = static_cast<float>(random() % 256) / 128 - 1;
  }
  return dram;
}

void step_pes(benchmark::State& state) {
  const Point point = point_of(state.range(0), state.range(1));
  const Program program = lower(*point.cascade, *point.machine, *point.plan, point.workload, point.dtype, point.where);
  std::int64_t pe_cycles = 0;
  for (auto _ : state) {
    SimulationOptions options;
    options.fidelity = Fidelity::pe;
    options.cascade = point.cascade.get();
    PeValues<float> values(program, *point.machine, *point.cascade, point.dtype, inputs_of(point, program));
    if (state.range(2) != 0) options.values = &values;
    pe_cycles += simulate(program, *point.machine, options).pe_cycles_simulated;
  }
  state.counters["pe_cycles"] = benchmark::Counter(static_cast<double>(pe_cycles), benchmark::Counter::kIsRate);
}

BENCHMARK(step_pes)
    ->ArgNames({"serial", "seq_len", "values"})
    ->Args({0, 1024, 0})
    ->Args({1, 1024, 0})
    ->Args({0, 512, 1})
    ->Args({1, 512, 1})
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

}  // namespace
}  // namespace einloom

BENCHMARK_MAIN();
