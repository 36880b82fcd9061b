// SPDX-License-Identifier: Apache-2.0
// Recursive gated convolution (HorNet, arXiv 2207.14284): projections gated in turn by parts of one depthwise
// convolution.
#include "base/diagnostic.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/image.hpp"
#include "einsum/reference/kernels.hpp"

namespace einloom::reference {
namespace {

struct Weights {
  Matrix in, out;
  Row in_bias, out_bias, window_bias;
  std::vector<Matrix> window, mix;  // per channel of the convolution; per order from 1 on
  std::vector<Row> mix_bias;
  std::vector<std::size_t> widths;  // per order
};

Weights weights_of(const ReferenceTensors& inputs, std::int64_t channels, std::int64_t order) {
  Weights w;
  std::int64_t convolved = 0;
  for (std::int64_t i = 0; i < order; ++i) {
    const std::int64_t parts = std::int64_t{1} << (order - 1 - i);
    ensure(channels % parts == 0, "gn_conv: C is a multiple of 2^(ORDER-1)");
    w.widths.push_back(static_cast<std::size_t>(channels / parts));
    convolved += channels / parts;
  }
  const auto take = [&](const std::string& name, const std::vector<std::int64_t>& extents) -> const Tensor<double>& {
    const auto& tensor = reference_input(inputs, name);
    expect_extents(tensor, name, extents);
    return tensor;
  };
  w.in = matrix_at(take("WIN", {channels, 2 * channels}));
  w.in_bias = row_at(take("BIN", {2 * channels}));
  w.out = matrix_at(take("WO", {channels, channels}));
  w.out_bias = row_at(take("BO", {channels}));
  w.window_bias = row_at(take("BD", {convolved}));
  for (std::int64_t j = 0; j < convolved; ++j) w.window.push_back(matrix_at(take("WD", {convolved, 7, 7}), j));
  for (std::int64_t i = 1; i < order; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const auto from = static_cast<std::int64_t>(w.widths[at - 1]), to = static_cast<std::int64_t>(w.widths[at]);
    w.mix.push_back(matrix_at(take("W" + std::to_string(i), {from, to})));
    w.mix_bias.push_back(row_at(take("BW" + std::to_string(i), {to})));
  }
  return w;
}

// The gates of every token: the depthwise convolution of all but the first widths[0] projected channels.
Matrix gates_of(const Matrix& projected, const Weights& w, const Grid& grid, double scale) {
  Matrix gates;
  for (std::int64_t y = 0; y < grid.y; ++y) {
    for (std::int64_t x = 0; x < grid.x; ++x) {
      gates.emplace_back();
      for (std::size_t j = 0; j < w.window.size(); ++j) {
        const double sum = window_sum(projected, grid, y, x, w.widths[0] + j, w.window[j]);
        gates.back().push_back(scale * (sum + w.window_bias[j]));
      }
    }
  }
  return gates;
}

Row affine(const Row& row, const Matrix& weights, const Row& bias) {
  Row result = times(row, weights);
  add(result, bias);
  return result;
}

Row gated(const Row& projected, const Row& gates, const Weights& w) {
  Row p(projected.begin(), projected.begin() + static_cast<std::ptrdiff_t>(w.widths[0]));
  std::size_t gate = 0;
  for (std::size_t i = 0; i < w.widths.size(); ++i) {
    if (i > 0) p = affine(p, w.mix[i - 1], w.mix_bias[i - 1]);
    for (double& x : p) x *= gates[gate++];
  }
  return affine(p, w.out, w.out_bias);
}

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const auto& u = reference_input(inputs, "U");
  ensure(u.extents().size() == 4, "gn_conv: U has four ranks");
  const Grid grid{u.extents()[1], u.extents()[2]};
  const std::int64_t channels = u.extents()[3];
  const Weights w = weights_of(inputs, channels, setting.extent("ORDER"));
  const double scale = constant_or(setting, "SCALE", 1.0 / 3);
  Tensor<double> out(u.ranks(), u.extents());
  for (std::int64_t b = 0; b < u.extents()[0]; ++b) {
    Matrix projected;
    for (std::int64_t y = 0; y < grid.y; ++y)
      for (std::int64_t x = 0; x < grid.x; ++x) projected.push_back(affine(row_at(u, b, y, x), w.in, w.in_bias));
    const Matrix gates = gates_of(projected, w, grid, scale);
    for (std::int64_t y = 0; y < grid.y; ++y) {
      for (std::int64_t x = 0; x < grid.x; ++x) {
        const Row result = gated(projected[grid.token(y, x)], gates[grid.token(y, x)], w);
        for (std::int64_t c = 0; c < channels; ++c) out(b, y, x, c) = result[static_cast<std::size_t>(c)];
      }
    }
  }
  return {{"O", out}};
}

}  // namespace

std::vector<ReferenceKernel> gn_conv_kernels() {
  return {{"gn_conv",
           "U[B,Y,X,C], WIN[C,2C], BIN[2C], WD[S,7,7], BD[S], WO[C,C], BO[C], for 0 < i < ORDER also Wi[D(i-1),Di] and "
           "BWi[Di], Di = C/2^(ORDER-1-i), S their sum → O[B,Y,X,C]; ORDER 2 to 5, SCALE 1/3",
           {"BD", "BIN", "BO", "BW1", "BW2", "BW3", "BW4", "U", "W1", "W2", "W3", "W4", "WD", "WIN", "WO"},
           {{"O", {"B", "Y", "X", "C"}}},
           &run}};
}

}  // namespace einloom::reference
