// SPDX-License-Identifier: Apache-2.0
// Gaussian adaptive attention, directly: densities around the mean of a chunk, normalised over it.
#include <cmath>

#include "base/diagnostic.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/matrix.hpp"

namespace einloom::reference {
namespace {

const double kPi = std::acos(-1.0);

// The Gaussians of one head.
struct Gaussians {
  Row offset, width;
  Row share;  // of each in the sum; empty: the product is taken

  [[nodiscard]] double mixed(double x, double mean, double variance) const {
    double product = 1, sum = 0;
    for (std::size_t k = 0; k < offset.size(); ++k) {
      const double y = (x - (mean + offset[k])) / std::sqrt(variance), square = width[k] * width[k];
      const double bell = std::exp(-y * y / (2 * square));
      product *= bell / std::sqrt(2 * kPi * square);
      if (!share.empty()) sum += share[k] * bell;
    }
    return share.empty() ? product : sum;
  }
};

// x · its attention within the chunk. Pads count as zeros in mean and variance and come out unchanged.
Row attended(const Row& x, const Gaussians& gaussians, double epsilon, const double* pad) {
  const auto n = static_cast<double>(x.size());
  Row shown = x;
  for (double& each : shown) each = pad && each == *pad ? 0 : each;
  double mean = 0, variance = epsilon, sum = 0;
  for (const double each : shown) mean += each / n;
  for (const double each : shown) variance += (each - mean) * (each - mean) / (n - 1);
  Row mix;
  for (const double each : x) sum += mix.emplace_back(gaussians.mixed(each, mean, variance));
  Row out;
  for (std::size_t m = 0; m < x.size(); ++m)
    out.push_back(pad && x[m] == *pad ? x[m] : x[m] * mix[m] / std::fmax(sum, epsilon));
  return out;
}

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const auto &x = reference_input(inputs, "X"), &offset = reference_input(inputs, "OFF"),
             &width = reference_input(inputs, "W");
  ensure(x.extents().size() == 3 && offset.extents().size() == 2, "gaam: X has three ranks, OFF two");
  expect_extents(width, "W", offset.extents());
  const std::int64_t heads = offset.extents()[0], tokens = x.extents()[1], chunk = tokens / heads;
  const bool summed = choice(setting, "mix", {"product", "sum"}) == "sum";
  if (summed) expect_extents(reference_input(inputs, "PI"), "PI", offset.extents());
  const auto pad = setting.constants.find("PAD");
  const double epsilon = constant_or(setting, "EPS", 1e-8);
  Tensor<double> out(x.ranks(), x.extents());
  for (std::int64_t h = 0; h < heads; ++h) {
    Gaussians gaussians{row_at(offset, h), row_at(width, h), {}};
    if (summed) softmax(gaussians.share = row_at(reference_input(inputs, "PI"), h));
    const std::int64_t from = h * chunk, to = h + 1 == heads ? tokens : from + chunk;
    for (std::int64_t b = 0; b < x.extents()[0]; ++b) {
      for (std::int64_t r = 0; r < x.extents()[2]; ++r) {
        Row column;
        for (std::int64_t m = from; m < to; ++m) column.push_back(x(b, m, r));
        const Row result =
            attended(column, gaussians, epsilon, pad == setting.constants.end() ? nullptr : &pad->second);
        for (std::int64_t m = from; m < to; ++m) out(b, m, r) = result[static_cast<std::size_t>(m - from)];
      }
    }
  }
  return {{"O", out}};
}

}  // namespace

std::vector<ReferenceKernel> gaam_kernels() {
  return {{"gaam",
           "X[B,M,R], offsets OFF[H,K], widths W[H,K] → O[B,M,R], head h the h-th part of M; mix product, or sum with "
           "PI[H,K], EPS 1e-8, PAD when given",
           {"OFF", "PI", "W", "X"},
           {{"O", {"B", "M", "R"}}},
           &run}};
}

}  // namespace einloom::reference
