// SPDX-License-Identifier: Apache-2.0
// Token-aware average pooling (TAP): each token mixes averages over dilated windows by learned weights.
#include <cmath>

#include "base/diagnostic.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/image.hpp"
#include "einsum/reference/kernels.hpp"

namespace einloom::reference {
namespace {

// A 3x3 convolution with zeros around the image: kernel[s][channel][u][v].
Matrix convolved(const Matrix& tokens, const Grid& grid, const Tensor<double>& kernel) {
  Matrix result;
  for (std::int64_t y = 0; y < grid.y; ++y) {
    for (std::int64_t x = 0; x < grid.x; ++x) {
      result.emplace_back();
      for (std::int64_t s = 0; s < kernel.extents()[0]; ++s) {
        double sum = 0;
        for (std::int64_t c = 0; c < kernel.extents()[1]; ++c)
          sum += window_sum(tokens, grid, y, x, static_cast<std::size_t>(c), matrix_at(kernel, s, c));
        result.back().push_back(sum);
      }
    }
  }
  return result;
}

// The token itself at dilation 0; otherwise the nine tokens that far apart, over nine.
double average(const Matrix& tokens, const Grid& grid, std::int64_t y, std::int64_t x, std::size_t channel,
               std::int64_t dilation) {
  double sum = 0;
  for (std::int64_t u = -1; u <= 1; ++u) {
    for (std::int64_t v = -1; v <= 1; ++v) {
      const std::int64_t at_y = y + dilation * u, at_x = x + dilation * v;
      if (grid.contains(at_y, at_x)) sum += tokens[grid.token(at_y, at_x)][channel];
    }
  }
  return sum / 9;
}

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const auto &image = reference_input(inputs, "XIN"), &first = reference_input(inputs, "CONV1"),
             &second = reference_input(inputs, "CONV2");
  const auto &gain = reference_input(inputs, "BNA"), &bias = reference_input(inputs, "BNB");
  ensure(image.extents().size() == 4 && first.extents().size() == 4,
         "token_aware_pooling: XIN and CONV1 have four ranks");
  const Grid grid{image.extents()[1], image.extents()[2]};
  const std::int64_t channels = image.extents()[3], scales = first.extents()[0];
  expect_extents(first, "CONV1", {scales, channels, 3, 3});
  expect_extents(second, "CONV2", {scales, scales, 3, 3});
  expect_extents(gain, "BNA", {scales});
  expect_extents(bias, "BNB", {scales});
  const double temperature = constant_or(setting, "TAU", 1);
  Tensor<double> out(image.ranks(), image.extents());
  for (std::int64_t b = 0; b < image.extents()[0]; ++b) {
    Matrix tokens;
    for (std::int64_t y = 0; y < grid.y; ++y)
      for (std::int64_t x = 0; x < grid.x; ++x) tokens.push_back(row_at(image, b, y, x));
    Matrix hidden = convolved(tokens, grid, first);
    for (Row& row : hidden)
      for (std::size_t s = 0; s < row.size(); ++s) row[s] = row[s] * gain(s) + bias(s);
    Matrix weights = convolved(hidden, grid, second);
    for (Row& row : weights) {
      for (double& x : row) x /= temperature;
      softmax(row);
    }
    for (std::int64_t y = 0; y < grid.y; ++y) {
      for (std::int64_t x = 0; x < grid.x; ++x) {
        const Row& weight = weights[grid.token(y, x)];
        for (std::int64_t c = 0; c < channels; ++c) {
          const auto channel = static_cast<std::size_t>(c);
          out(b, y, x, c) = weight[0] * tokens[grid.token(y, x)][channel];
          for (std::int64_t s = 1; s < scales; ++s)
            out(b, y, x, c) += weight[static_cast<std::size_t>(s)] * average(tokens, grid, y, x, channel, s);
        }
      }
    }
  }
  return {{"XT", out}};
}

}  // namespace

std::vector<ReferenceKernel> token_aware_pooling_kernels() {
  return {{"token_aware_pooling",
           "XIN[B,Y,X,C], CONV1[S,C,3,3], its scale BNA[S] and offset BNB[S], CONV2[S,S,3,3] → XT[B,Y,X,C]; TAU 1",
           {"BNA", "BNB", "CONV1", "CONV2", "XIN"},
           {{"XT", {"B", "Y", "X", "C"}}},
           &run}};
}

}  // namespace einloom::reference
