// SPDX-License-Identifier: Apache-2.0
// The evaluator against the hand-written kernel on OpenBLAS: attention of 4096 tokens in fp32, one head of 64 or 128,
// one thread. Cascades are evaluated untiled, with every intermediate tensor stored; `ratio` is the kernel's time by
// the evaluator's.
#include <benchmark/benchmark.h>
#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <random>
#include <string>

#include "base/source_file.hpp"
#include "base/yaml_reader.hpp"
#include "einsum/evaluator.hpp"
#include "einsum/reference/softmax_attention_blas.hpp"

namespace einloom {
namespace {

constexpr std::int64_t kTokens = 4096;

Tensor<float> random_tensor(const std::vector<std::string>& ranks, std::int64_t head, std::mt19937& random) {
  Tensor<float> tensor(ranks, {1, 1, kTokens, head});
  for (std::int64_t i = 0; i < tensor.size(); ++i) tensor.data()[i] = static_cast<float>(random() % 512) / 128 - 2;
  return tensor;
}

struct Inputs {
  Tensor<float> q, k, v;
};

Inputs inputs_of(std::int64_t head) {
  std::mt19937 random(1);
  return {random_tensor({"B", "H", "P", "E"}, head, random), random_tensor({"B", "H", "M", "E"}, head, random),
          random_tensor({"B", "H", "M", "F"}, head, random)};
}

// CPU time of the process: with one thread it does not depend on what else the machine does.
double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

double seconds_of_kernel(const Inputs& inputs) {
  const double begin = cpu_seconds();
  const Tensor<float> result = softmax_attention_blas(inputs.q, inputs.k, inputs.v);
  benchmark::DoNotOptimize(result.data()[0]);
  return cpu_seconds() - begin;
}

void kernel(benchmark::State& state) {
  openblas_set_num_threads(1);
  const Inputs inputs = inputs_of(state.range(0));
  for ([[maybe_unused]] auto _ : state) seconds_of_kernel(inputs);
}
BENCHMARK(kernel)->Arg(64)->Arg(128)->Unit(benchmark::kMillisecond);

void evaluator(benchmark::State& state, const std::string& name) {
  openblas_set_num_threads(1);
  const Cascade cascade =
      load_cascade(load_yaml(std::string(EINLOOM_SOURCE_DIR) + "/einsum/cascades/" + name + ".yaml"));
  const Inputs inputs = inputs_of(state.range(0));
  Shape extents;
  for (const auto& [rank, extent] : std::map<std::string, std::int64_t>{
           {"B", 1}, {"H", 1}, {"P", kTokens}, {"M", kTokens}, {"E", state.range(0)}, {"F", state.range(0)}}) {
    extents.set(rank, extent);
  }
  const Shape shape = cascade.bind(extents, {});
  TensorStore<float> store = make_store<float>(cascade, shape, 0);
  store.at("Q") = inputs.q;
  store.at("K") = inputs.k;
  store.at("V") = inputs.v;
  double own = 0, theirs = 0, largest = 0;
  for ([[maybe_unused]] auto _ : state) {
    const double begin = cpu_seconds();
    evaluate(cascade, shape, Precision{Dtype::fp32}, store);
    own += cpu_seconds() - begin;
    state.PauseTiming();  // the kernel right behind, so that both see the same machine
    theirs += seconds_of_kernel(inputs);
    state.ResumeTiming();
  }
  const Tensor<float> expected = softmax_attention_blas(inputs.q, inputs.k, inputs.v);
  for (std::int64_t i = 0; i < expected.size(); ++i) {
    largest = std::max(largest, static_cast<double>(std::abs(expected.data()[i] - store.at("AV").data()[i])));
  }
  state.counters["ratio"] = theirs / own;
  state.counters["largest_error"] = largest;
}
BENCHMARK_CAPTURE(evaluator, three_passes, std::string("attention_3pass"))
    ->Arg(64)
    ->Arg(128)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(evaluator, one_pass, std::string("attention_1pass"))
    ->Arg(64)
    ->Arg(128)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace einloom

BENCHMARK_MAIN();
