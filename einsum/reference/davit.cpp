// SPDX-License-Identifier: Apache-2.0
// DaViT: attention within windows of tokens, and attention among the channels of a group whose scores add up over all
// tokens. Both with their projections, because a window's padding is seen as the projections' biases.
#include <algorithm>

#include "einsum/reference/kernel_inputs.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/scored_keys.hpp"

namespace einloom::reference {
namespace {

using Int = std::int64_t;

// One head of a projection: x · w[·,h,·] + b[h,·].
Row project(const Row& x, const Tensor<double>& w, const Tensor<double>& b, Int h) {
  return row_of_terms(w.extents()[2], [&](Int e) {
    return b(h, e) + sum_over(w.extents()[0], [&](Int d) { return x[to_size(d)] * w(d, h, e); });
  });
}

ReferenceTensors window_attention(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const auto& x = in.read("XN", {"Y", "X", "D"});
  const auto &wq = in.read("WQ", {"D", "H", "E"}), &bq = in.read("BQ", {"H", "E"});
  const auto &wk = in.read("WK", {"D", "H", "E"}), &bk = in.read("BK", {"H", "E"});
  const auto &wv = in.read("WV", {"D", "H", "F"}), &bv = in.read("BV", {"H", "F"});
  const auto &wo = in.read("WO", {"H", "F", "D"}), &bo = in.read("BO", {"D"});
  const Int height = in.extent("Y"), width = in.extent("X"), d_extent = in.extent("D"), heads = in.extent("H");
  const Int e_extent = in.extent("E"), f_extent = in.extent("F"), window = in.parameter("WINDOW");
  const auto token = [&](Int row, Int column) {  // zeros right of and below the image
    return row_of_terms(d_extent, [&](Int d) { return row < height && column < width ? x(row, column, d) : 0; });
  };
  Tensor<double> out({"Y", "X", "D"}, {height, width, d_extent});
  for (Int row = 0; row < height; ++row) {
    for (Int column = 0; column < width; ++column) {
      const Int top = row / window * window, left = column / window * window;
      for (Int d = 0; d < d_extent; ++d) out(row, column, d) = bo(d);
      for (Int h = 0; h < heads; ++h) {
        const Row query = project(token(row, column), wq, bq, h);
        std::vector<Row> values;
        for (Int m = 0; m < window * window; ++m) {
          values.push_back(project(token(top + m / window, left + m % window), wv, bv, h));
        }
        const Row av = softmax_values(
            window * window, f_extent,
            [&](Int m) {
              return dot(query, project(token(top + m / window, left + m % window), wk, bk, h)) *
                     inverse_sqrt(e_extent);
            },
            [&](Int m, Int f) { return values[to_size(m)][to_size(f)]; });
        for (Int d = 0; d < d_extent; ++d) {
          out(row, column, d) += sum_over(f_extent, [&](Int f) { return av[to_size(f)] * wo(h, f, d); });
        }
      }
    }
  }
  return {{"O", out}};
}

ReferenceTensors channel_group_attention(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const auto& x = in.read("XN", {"P", "D"});
  const auto &wq = in.read("WQ", {"D", "G", "C"}), &bq = in.read("BQ", {"G", "C"});
  const auto &wk = in.read("WK", {"D", "G", "C"}), &bk = in.read("BK", {"G", "C"});
  const auto &wv = in.read("WV", {"D", "G", "C"}), &bv = in.read("BV", {"G", "C"});
  const auto &wo = in.read("WO", {"G", "C", "D"}), &bo = in.read("BO", {"D"});
  const Int tokens = in.extent("P"), d_extent = in.extent("D"), groups = in.extent("G"), channels = in.extent("C");
  Tensor<double> out({"P", "D"}, {tokens, d_extent});
  for (Int p = 0; p < tokens; ++p) {
    for (Int d = 0; d < d_extent; ++d) out(p, d) = bo(d);
  }
  for (Int g = 0; g < groups; ++g) {
    std::vector<Row> q, k, v;
    for (Int p = 0; p < tokens; ++p) {
      const Row token = row_of_terms(d_extent, [&](Int d) { return x(p, d); });
      q.push_back(project(token, wq, bq, g));
      k.push_back(project(token, wk, bk, g));
      v.push_back(project(token, wv, bv, g));
    }
    for (Int c1 = 0; c1 < channels; ++c1) {
      const Row av = softmax_values(
          channels, tokens,
          [&](Int c2) {
            return sum_over(tokens, [&](Int p) { return k[to_size(p)][to_size(c1)] * v[to_size(p)][to_size(c2)]; }) *
                   inverse_sqrt(channels);
          },
          [&](Int c2, Int p) { return q[to_size(p)][to_size(c2)]; });
      for (Int p = 0; p < tokens; ++p) {
        for (Int d = 0; d < d_extent; ++d) out(p, d) += av[to_size(p)] * wo(g, c1, d);
      }
    }
  }
  return {{"O", out}};
}

}  // namespace

std::vector<ReferenceKernel> davit_kernels() {
  const std::vector<std::string> inputs{"BK", "BO", "BQ", "BV", "WK", "WO", "WQ", "WV", "XN"};
  return {
      {"channel_group_attention",
       "XN[P,D], WQ[D,G,C], BQ[G,C], WK[D,G,C], BK[G,C], WV[D,G,C], BV[G,C], WO[G,C,D], BO[D] → O[P,D]; scores K·V "
       "over the tokens, weights applied to Q",
       inputs,
       {{"O", {"P", "D"}}},
       &channel_group_attention},
      {"window_attention",
       "XN[Y,X,D], WQ[D,H,E], BQ[H,E], WK[D,H,E], BK[H,E], WV[D,H,F], BV[H,F], WO[H,F,D], BO[D], WINDOW → O[Y,X,D]; "
       "the image is padded with zeros to whole windows",
       inputs,
       {{"O", {"Y", "X", "D"}}},
       &window_attention}};
}

}  // namespace einloom::reference
