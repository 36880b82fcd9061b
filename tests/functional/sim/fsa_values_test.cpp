// SPDX-License-Identifier: Apache-2.0
// FSA's numbers: elements in fp16, sums in fp32, 2^x by chords. Do the values of the simulated run agree with the
// kernel that rounds where the machine does, and how far are both from exact attention?
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "einsum/reference/pwl_attention.hpp"
#include "einsum/reference/softmax_attention.hpp"
#include "sim/execute.hpp"
#include "support/documents_in_tree.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

Cascade mixed_precision(bool causal) {
  Overrides dtypes;
  for (const char* element : {"Q", "K", "V", "QS", "R", "X", "Y", "PT"}) {
    dtypes.emplace_back(fmt::format("tensors.{}.dtype", element), "fp16");
  }
  for (const char* sum : {"S", "LM", "RM", "A", "LD", "D", "CF", "RD", "OT", "RN", "RC", "O"}) {
    dtypes.emplace_back(fmt::format("tensors.{}.dtype", sum), "fp32");
  }
  return load_cascade(document_in_tree("einsum/cascades/fsa.yaml", dtypes),
                      {{{"mask", causal ? "causal" : "full"}}, {}, {}});
}

struct Errors {
  double largest = 0, frobenius = 0;  // absolute; relative
};

Errors errors(const Tensor<double>& found, const Tensor<double>& expected) {
  Errors result;
  double difference = 0, size = 0;
  for (std::int64_t i = 0; i < found.size(); ++i) {
    const double one = found.data()[i] - expected.data()[i];
    result.largest = std::max(result.largest, std::abs(one));
    difference += one * one;
    size += expected.data()[i] * expected.data()[i];
  }
  result.frobenius = std::sqrt(difference / size);
  return result;
}

PwlAttention numerics(const Shape& shape, bool causal) {
  PwlAttention options;
  options.keys_per_tile = shape.at("M0");
  options.pieces = shape.at("PIECES");
  options.causal = causal;
  options.element = Dtype::fp16;
  options.sum = Dtype::fp32;
  return options;
}

// Largest absolute error of a simulated run against the kernel with the machine's roundings.
double simulated_error(bool causal, std::int64_t pieces, std::uint64_t seed) {
  Shape shape;
  for (const auto& [rank, extent] : {std::pair{"B", 1}, {"H", 2}, {"P", 70}, {"M", 90}, {"E", 16}, {"F", 16}}) {
    shape.set(rank, extent);
  }
  const Plan plan = plan_of(causal ? "fsa__fsa__flash_causal" : "fsa__fsa__flash");
  const Machine machine = machine_of("fsa", {{"parameters.rows", "16"},
                                             {"parameters.columns", "16"},
                                             {"parameters.pieces", std::to_string(pieces)},
                                             {"parameters.element_bytes", "4"},
                                             {"parameters.sum_bytes", "4"}});
  const ReferenceFunction reference = [&](const TensorStore<double>& inputs, const Shape& at) {
    TensorStore<double> outputs;
    outputs.emplace("O", pwl_attention(inputs.at("Q"), inputs.at("K"), inputs.at("V"), numerics(at, causal)));
    return outputs;
  };
  CheckOptions options;
  options.dtype = Dtype::fp16;
  options.seed = seed;
  options.operation_budget = 10'000'000;
  const CheckReport report = check_values(mixed_precision(causal), machine, plan, shape, reference, options, {});
  INFO(report.first_mismatch);
  CHECK(report.passed);
  CHECK(report.values == 2 * 70 * 16);
  return report.max_abs_error;
}

}  // namespace

TEST_CASE("FSA's values are those of the kernel that rounds where the machine does") {
  double largest = 0;
  for (std::uint64_t seed : {1, 2, 3}) {
    for (std::int64_t pieces : {4, 8, 16}) {
      for (bool causal : {false, true}) largest = std::max(largest, simulated_error(causal, pieces, seed));
    }
  }
  fmt::print("FSA in fp16 and fp32, simulated against the kernel: largest error {:.2e}\n", largest);
  // Both round alike; fp32 against fp64 in between is all that is left.
  CHECK(largest < 1e-6);
}

TEST_CASE("FSA's chords and roundings against exact attention") {
  const std::int64_t d = 128, keys = 1024, queries = 32;
  Tensor<double> q({"B", "H", "P", "E"}, {1, 1, queries, d}), k({"B", "H", "M", "E"}, {1, 1, keys, d}),
      v({"B", "H", "M", "F"}, {1, 1, keys, d});
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  for (Tensor<double>* tensor : {&q, &k, &v}) {
    for (std::int64_t i = 0; i < tensor->size(); ++i) tensor->data()[i] = round_to(Dtype::fp16, normal(random));
  }
  const Tensor<double> exact = softmax_attention(q, k, v);
  PwlAttention options;
  // One tile, so nothing is rescaled: only the chords' spread, std((ln 2 / 8)^2 / 2 · t (1 - t)) = 2.8e-4, is left.
  options.keys_per_tile = keys;
  const Errors one_tile = errors(pwl_attention(q, k, v, options), exact);
  fmt::print("FSA, 8 chords, one tile of keys: error {:.1e} (Frobenius {:.1e})\n", one_tile.largest,
             one_tile.frobenius);
  CHECK(one_tile.frobenius < 3.5e-4);
  options.keys_per_tile = d;
  double before = 1;
  for (std::int64_t pieces : {4, 8, 16, 32}) {
    options.pieces = pieces;
    const Errors chords = errors(pwl_attention(q, k, v, options), exact);
    PwlAttention rounded = options;
    rounded.element = Dtype::fp16;
    rounded.sum = Dtype::fp32;
    const Errors all = errors(pwl_attention(q, k, v, rounded), exact);
    rounded.slope = Dtype::fp16;
    const Errors slopes = errors(pwl_attention(q, k, v, rounded), exact);
    fmt::print(
        "FSA, {} chords: error {:.1e} (Frobenius {:.1e}); in fp16 and fp32 {:.1e} ({:.1e}); fp16 slopes {:.1e} "
        "({:.1e})\n",
        pieces, chords.largest, chords.frobenius, all.largest, all.frobenius, slopes.largest, slopes.frobenius);
    CHECK(chords.frobenius < before / 2);
    before = chords.frobenius;
    if (pieces < 8) continue;
    CHECK(chords.largest < 1e-3);
    CHECK(chords.frobenius < 1e-3);
    CHECK(all.largest < 1e-3);
    CHECK(all.frobenius < 2e-3);
    CHECK(slopes.frobenius < 2e-3);
  }
}
