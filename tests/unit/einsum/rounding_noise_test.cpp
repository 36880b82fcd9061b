// SPDX-License-Identifier: Apache-2.0
// Is rounding noise as large as its header derives, and the tolerance from it above what real rounding does in any
// order, yet below what a missing term does?
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>
#include <random>

#include "einsum/rounding_noise.hpp"
#include "einsum/tolerance.hpp"
#include "unit/einsum/cascades.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

Dtype fp32_arithmetic(Dtype) { return Dtype::fp32; }

RunRounding stored(double times) {
  return {[times](const std::string&) { return Roundings{true, times}; }, fp32_arithmetic};
}
RunRounding in_registers() {
  return {[](const std::string&) { return Roundings{false, 1}; }, fp32_arithmetic};
}

// A vector product of K terms and what is done with it.
std::string document(const std::string& einsums, const std::string& tensors = "") {
  return "cascade: c\nranks: [M, K]\ntensors:\n  A: {ranks: [M, K], role: input}\n  B: {ranks: [K], role: input}\n" +
         tensors + "einsums:\n" + einsums;
}

TensorStore<double> inputs_of(std::int64_t m, std::int64_t k, std::uint64_t seed, double mean = 0) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(mean, 1);
  TensorStore<double> inputs;
  inputs.emplace("A", Tensor<double>({"M", "K"}, {m, k}));
  inputs.emplace("B", Tensor<double>({"K"}, {k}));
  for (auto& [name, tensor] : inputs) {
    for (std::int64_t i = 0; i < tensor.size(); ++i) tensor.data()[i] = round_to(Dtype::bf16, normal(random));
  }
  return inputs;
}

Shape shape_at(std::int64_t m, std::int64_t k) {
  Shape shape;
  shape.set("M", m);
  shape.set("K", k);
  return shape;
}

double sum_of(const TensorStore<double>& inputs, std::int64_t m) {
  const Tensor<double>&a = inputs.at("A"), &b = inputs.at("B");
  double sum = 0;
  for (std::int64_t k = 0; k < b.size(); ++k) sum += a(m, k) * b(k);
  return sum;
}

// Of how many k is it seen that a schedule leaves them out of all sums? Adds the number of all k to `of`.
std::int64_t terms_seen(const TensorStore<double>& inputs, double tolerance, std::int64_t& of) {
  const Tensor<double>&a = inputs.at("A"), &b = inputs.at("B");
  std::int64_t seen = 0;
  for (std::int64_t k = 0; k < b.size(); ++k) {
    bool found = false;
    for (std::int64_t m = 0; m < a.extents()[0] && !found; ++m) {
      found = std::abs(a(m, k) * b(k)) > tolerance * (1 + std::abs(sum_of(inputs, m)));
    }
    seen += found ? 1 : 0;
    ++of;
  }
  return seen;
}

const double kBf16 = unit_roundoff(Dtype::bf16);

}  // namespace

TEST_CASE("one rounding moves a value by its unit roundoff, one in registers by that of the arithmetic") {
  const Cascade cascade =
      cascade_from(document("  - Z[m,k] = A[m,k] * B[k]\n", "  Z: {ranks: [M, K], role: output}\n"));
  const TensorStore<double> inputs = inputs_of(3, 4, 1);
  double largest = 0;
  for (std::int64_t m = 0; m < 3; ++m) {
    for (std::int64_t k = 0; k < 4; ++k) {
      const double z = std::abs(inputs.at("A")(m, k) * inputs.at("B")(k));
      largest = std::max(largest, z / (1 + z));
    }
  }
  const Shape shape = shape_at(3, 4);
  const RoundingNoise noise(cascade, shape, inputs);
  CHECK(noise.lost(Dtype::bf16, stored(1), 1) == Approx(kBf16 * largest).epsilon(1e-3));
  const double registers = noise.lost(Dtype::bf16, in_registers(), 1);
  CHECK(registers > 0);
  CHECK(registers < 4 * unit_roundoff(Dtype::fp32));
}

TEST_CASE("what a maximum takes from inputs, and what is selected, is not rounded") {
  for (const char* einsum : {"  - Z[m] = max(k) A[m,k]\n", "  - Z[m] = max(k) select(less(A[m,k], B[k]), -A[m,k], 2)\n",
                             "  - Z[m] = argmax(k) A[m,k]\n"}) {
    const bool index = std::string(einsum).find("arg") != std::string::npos;
    const Cascade cascade = cascade_from(
        "cascade: c\nranks: [M, K]\ntensors:\n  A: {ranks: [M, K], role: input}\n" +
        std::string(std::string(einsum).find("B[") != std::string::npos ? "  B: {ranks: [K], role: input}\n" : "") +
        "  Z: {ranks: [M], role: output" + (index ? ", dtype: int32" : "") + "}\neinsums:\n" + einsum);
    TensorStore<double> inputs = inputs_of(5, 7, 2);
    if (cascade.find_tensor("B") == nullptr) inputs.erase("B");
    const Shape shape = shape_at(5, 7);
    CHECK(RoundingNoise(cascade, shape, inputs).lost(Dtype::bf16, stored(4), 1) == 0);
  }
}

TEST_CASE("noise of a sum kept tile by tile grows with the root of its tiles and with its terms, not its value") {
  const Cascade cascade =
      cascade_from(document("  - Z[m] = sum(k) A[m,k] * B[k]\n", "  Z: {ranks: [M], role: output}\n"));
  TensorStore<double> inputs = inputs_of(1, 64, 3);
  // Terms that cancel: what is left says nothing of what was rounded.
  for (std::int64_t k = 0; k < 64; ++k) {
    inputs.at("A")(0, k) = k % 2 == 0 ? 1 : -1;
    inputs.at("B")(k) = 1;
  }
  const Shape shape = shape_at(1, 64);
  const RoundingNoise noise(cascade, shape, inputs);
  for (const double tiles : {2.0, 4.0, 16.0}) {
    CHECK(noise.lost(Dtype::bf16, stored(tiles), 1) == Approx(kBf16 * std::sqrt(tiles) * 8).epsilon(1e-3));
  }
  // Beyond 1/(4u) tiles, errors have a direction.
  CHECK(noise.lost(Dtype::bf16, stored(1024), 1) == Approx(kBf16 * 1024 * 8).epsilon(1e-3));
}

// Sums of either sign, in orders and tiles of any kind, rounded as a run does.
TEST_CASE("no order of a sum loses more than the tolerance, and sums without one of their terms do") {
  const Cascade cascade =
      cascade_from(document("  - Z[m] = sum(k) A[m,k] * B[k]\n", "  Z: {ranks: [M], role: output}\n"));
  std::mt19937_64 random(5);
  double most = 0;
  std::int64_t seen = 0, of = 0;
  for (const std::int64_t terms : {40, 300, 2000}) {
    for (const double mean : {0.0, 0.5}) {
      for (const std::int64_t tile : {8, 64}) {
        const TensorStore<double> inputs = inputs_of(16, terms, 7, mean);
        const Shape shape = shape_at(16, terms);
        const auto tiles = static_cast<double>((terms + tile - 1) / tile);
        for (const Dtype dtype : {Dtype::fp32, Dtype::bf16}) {
          const RunRounding run{[tiles](const std::string&) { return Roundings{true, tiles}; }, fp32_arithmetic};
          const Tolerance tolerance = rounding_tolerance(cascade, shape, dtype, inputs, run);
          if (tolerance.dtype != dtype) continue;
          if (dtype == Dtype::fp32) seen += terms_seen(inputs, tolerance.value, of);
          std::vector<std::int64_t> order(static_cast<std::size_t>(terms));
          std::iota(order.begin(), order.end(), 0);
          for (int trial = 0; trial < 20; ++trial) {
            for (std::int64_t m = 0; m < 16; ++m) {
              const double exact = sum_of(inputs, m);
              float sum = 0, part = 0;
              for (std::int64_t i = 0; i < terms; ++i) {
                const std::int64_t k = order[static_cast<std::size_t>(i)];
                part += static_cast<float>(inputs.at("A")(m, k)) * static_cast<float>(inputs.at("B")(k));
                if ((i + 1) % tile != 0 && i + 1 != terms) continue;
                sum = static_cast<float>(round_to(dtype, static_cast<double>(sum + part)));
                part = 0;
              }
              const double error = std::abs(static_cast<double>(sum) - exact) / (1 + std::abs(exact));
              CHECK(error <= tolerance.value);
              most = std::max(most, error / tolerance.value);
            }
            std::shuffle(order.begin(), order.end(), random);
          }
        }
      }
    }
  }
  CHECK(most > 0.01);  // nor is it far above
  // Terms can be as small as rounding; few are.
  CHECK(static_cast<double>(seen) > 0.98 * static_cast<double>(of));
}

TEST_CASE("where a format decides what is selected, values are held to the tolerance of a wider one") {
  // The larger of two sums that differ by less than bf16 resolves.
  const Cascade cascade = cascade_from(
      "cascade: c\nranks: [M, K]\ntensors:\n  A: {ranks: [M, K], role: input}\n  B: {ranks: [K], role: input}\n"
      "  Z: {ranks: [M]}\n  I: {ranks: [], dtype: int32, role: output}\neinsums:\n"
      "  - Z[m] = sum(k) A[m,k] * B[k]\n  - I[] = argmax(m) Z[m]\n");
  TensorStore<double> inputs = inputs_of(40, 3, 9);
  for (std::int64_t m = 0; m < 40; ++m) {
    inputs.at("A")(m, 0) = 1;
    inputs.at("A")(m, 1) = 0.0001 * static_cast<double>(m % 7);
    inputs.at("A")(m, 2) = 0;
  }
  for (std::int64_t k = 0; k < 3; ++k) inputs.at("B")(k) = 1;
  inputs.at("A")(23, 1) = 0.001;
  const Tolerance tolerance = rounding_tolerance(cascade, shape_at(40, 3), Dtype::bf16, inputs, stored(1));
  CHECK(tolerance.dtype == Dtype::fp32);
  CHECK(tolerance.value == Approx(1e-5));
}
