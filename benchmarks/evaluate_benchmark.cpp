// SPDX-License-Identifier: Apache-2.0
// The evaluator against the hand-written kernel on OpenBLAS: attention of 4096 tokens in fp32, one head, one thread.
// Cascades are evaluated untiled, with every intermediate tensor stored; `ratio` is the kernel's time by the
// evaluator's.
#include <benchmark/benchmark.h>
#include <cblas.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <string>

#include "base/source_file.hpp"
#include "base/yaml_reader.hpp"
#include "einsum/evaluator.hpp"
#include "einsum/reference/softmax_attention_blas.hpp"

namespace einloom {
namespace {

constexpr std::int64_t kTokens = 4096, kHead = 64;

Tensor<float> random_tensor(std::mt19937& random) {
  Tensor<float> tensor({1, 1, kTokens, kHead}, 0);
  for (std::int64_t i = 0; i < tensor.size(); ++i) tensor.data()[i] = static_cast<float>(random() % 512) / 128 - 2;
  return tensor;
}

struct Inputs {
  Tensor<float> q, k, v;
};

const Inputs& inputs() {
  static const Inputs kInputs = [] {
    std::mt19937 random(1);
    Inputs made{random_tensor(random), random_tensor(random), random_tensor(random)};
    return made;
  }();
  return kInputs;
}

double seconds_of_kernel() {
  const auto begin = std::chrono::steady_clock::now();
  const Tensor<float> result = softmax_attention_blas(inputs().q, inputs().k, inputs().v);
  benchmark::DoNotOptimize(result.data()[0]);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void kernel(benchmark::State& state) {
  openblas_set_num_threads(1);
  for ([[maybe_unused]] auto _ : state) seconds_of_kernel();
}
BENCHMARK(kernel)->Unit(benchmark::kMillisecond);

void evaluator(benchmark::State& state, const std::string& name) {
  openblas_set_num_threads(1);
  const Cascade cascade =
      load_cascade(load_yaml(std::string(EINLOOM_SOURCE_DIR) + "/einsum/cascades/" + name + ".yaml"));
  Shape extents;
  for (const auto& [rank, extent] : std::map<std::string, std::int64_t>{
           {"B", 1}, {"H", 1}, {"P", kTokens}, {"M", kTokens}, {"E", kHead}, {"F", kHead}}) {
    extents.set(rank, extent);
  }
  const Shape shape = cascade.bind(extents, {});
  TensorStore<float> store = make_store<float>(cascade, shape, 0);
  store.at("Q") = inputs().q;
  store.at("K") = inputs().k;
  store.at("V") = inputs().v;
  double own = 0, theirs = 0, largest = 0;
  for ([[maybe_unused]] auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    evaluate(cascade, shape, Precision{Dtype::fp32}, store);
    own += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    state.PauseTiming();  // the kernel right behind, so that both see the same machine
    theirs += seconds_of_kernel();
    state.ResumeTiming();
  }
  const Tensor<float> expected = softmax_attention_blas(inputs().q, inputs().k, inputs().v);
  for (std::int64_t i = 0; i < expected.size(); ++i) {
    largest = std::max(largest, static_cast<double>(std::abs(expected.data()[i] - store.at("AV").data()[i])));
  }
  state.counters["ratio"] = theirs / own;
  state.counters["largest_error"] = largest;
}
BENCHMARK_CAPTURE(evaluator, three_passes, std::string("attention_3pass"))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(evaluator, one_pass, std::string("attention_1pass"))->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace einloom

BENCHMARK_MAIN();
