// SPDX-License-Identifier: Apache-2.0
// HyperZZW (Terminator): a context times a fast feature, as matrices per channel, and a depthwise
// convolution whose kernel was generated.
#include "base/diagnostic.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/image.hpp"
#include "einsum/reference/kernels.hpp"

namespace einloom::reference {
namespace {

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting&) {
  const auto &z = reference_input(inputs, "Z"), &slow = reference_input(inputs, "HK"),
             &fast = reference_input(inputs, "FT"), &kernel = reference_input(inputs, "HKL");
  ensure(z.extents().size() == 4 && kernel.extents().size() == 3 && fast.extents().size() == 4,
         "hyper_zzw: Z and FT have four ranks, HKL three");
  const std::int64_t batch = z.extents()[0], channels = z.extents()[1], side = z.extents()[2],
                     window = kernel.extents()[1];
  expect_extents(z, "Z", {batch, channels, side, side});
  expect_extents(slow, "HK", {channels, side, side});
  expect_extents(fast, "FT", z.extents());
  expect_extents(kernel, "HKL", {channels, window, window});
  ReferenceTensors outputs;
  outputs["OG"] = each_head({z.ranks()[0], z.ranks()[1], z.ranks()[2], fast.ranks()[3]}, batch, channels,
                            [&](std::int64_t b, std::int64_t c) {
                              Matrix context = matrix_at(z, b, c);
                              const Matrix factors = matrix_at(slow, c);
                              for (std::size_t y = 0; y < context.size(); ++y)
                                for (std::size_t x = 0; x < context[y].size(); ++x) context[y][x] *= factors[y][x];
                              return times(context, matrix_at(fast, b, c));
                            });
  outputs["LC"] = each_head(z.ranks(), batch, channels, [&](std::int64_t b, std::int64_t c) {
    Matrix tokens, out = zeros(side, side);
    for (const Row& row : matrix_at(z, b, c))
      for (const double value : row) tokens.push_back({value});
    for (std::int64_t y = 0; y < side; ++y)
      for (std::int64_t x = 0; x < side; ++x)
        out[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)] =
            window_sum(tokens, {side, side}, y, x, 0, matrix_at(kernel, c));
    return out;
  });
  return outputs;
}

}  // namespace

std::vector<ReferenceKernel> hyper_zzw_kernels() {
  return {{"hyper_zzw",
           "Z[B,C,Y,X], hyper-kernels HK[C,Y,X] and HKL[C,I,J], fast feature FT[B,C,X,W], with Y = X = W → global "
           "OG[B,C,Y,W], local LC[B,C,Y,X]",
           {"FT", "HK", "HKL", "Z"},
           {{"LC", {"B", "C", "Y", "X"}}, {"OG", {"B", "C", "Y", "W"}}},
           &run}};
}

}  // namespace einloom::reference
