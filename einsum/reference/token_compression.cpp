// SPDX-License-Identifier: Apache-2.0
// Token compression (E-MMDiT): an image's tokens become two smaller sets, of blocks of 2 x 2 and of 4 x 4; later both
// sets are spread out again and joined with the tokens from before.
#include <cmath>

#include "base/diagnostic.hpp"
#include "einsum/reference/kernel_inputs.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/scored_keys.hpp"

namespace einloom::reference {
namespace {

using Int = std::int64_t;

double gelu_by_tanh(double x) {
  return x / 2 * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
}

void gelu_all(Row& row) {
  for (double& x : row) x = gelu_by_tanh(x);
}

// w[from, to], b[to].
Row linear(const Row& x, const Tensor<double>& w, const Tensor<double>& b) {
  return row_of_terms(w.extents()[1], [&](Int j) {
    return b(j) + sum_over(w.extents()[0], [&](Int i) { return x[to_size(i)] * w(i, j); });
  });
}

// Blocks of r x r through one linear layer, GELU, another one.
Tensor<double> compress(KernelInputs& in, const Tensor<double>& x, Int r) {
  const std::string n = std::to_string(r);
  const auto& blocks = in.read("WA" + n, {"C", "D", "I" + n, "J" + n});
  const auto& block_bias = in.read("BA" + n, {"C"});
  const auto &w = in.read("WB" + n, {"C", "D"}), &b = in.read("BB" + n, {"D"});
  const Int rows = in.extent("Y") / r, columns = in.extent("X") / r, d_extent = in.extent("D");
  ensure(
      rows * r == in.extent("Y") && columns * r == in.extent("X") && in.extent("I" + n) == r && in.extent("J" + n) == r,
      "token_compression: the image divides into blocks");
  Tensor<double> z({"Y" + n, "X" + n, "D"}, {rows, columns, d_extent});
  for (Int y = 0; y < rows; ++y) {
    for (Int column = 0; column < columns; ++column) {
      Row hidden = row_of_terms(in.extent("C"), [&](Int c) {
        double sum = block_bias(c);
        for (Int d = 0; d < d_extent; ++d) {
          for (Int i = 0; i < r; ++i) {
            for (Int j = 0; j < r; ++j) sum += x(y * r + i, column * r + j, d) * blocks(c, d, i, j);
          }
        }
        return sum;
      });
      gelu_all(hidden);
      const Row token = linear(hidden, w, b);
      for (Int d = 0; d < d_extent; ++d) z(y, column, d) = token[to_size(d)];
    }
  }
  return z;
}

// The token at (y, x) of a set spread out by r: channels c·r² + i·r + j of its block are channel c at (i, j) in it.
Row spread(KernelInputs& in, const Tensor<double>& z, Int r, Int y, Int x) {
  const std::string n = std::to_string(r);
  const Int channels = in.extent("D") / (r * r);
  ensure(channels * r * r == in.extent("D"), "token_compression: channels divide by the tokens of a block");
  Row row = row_of_terms(channels, [&](Int c) { return z(y / r, x / r, (c * r + y % r) * r + x % r); });
  row = linear(row, in.read("WC" + n, {"U" + n, "C"}), in.read("BC" + n, {"C"}));
  gelu_all(row);
  return linear(row, in.read("WD" + n, {"C", "D"}), in.read("BD" + n, {"D"}));
}

ReferenceTensors reconstruct(KernelInputs& in) {
  const auto &skip = in.read("X", {"Y", "X", "D"}), &place = in.read("POS", {"Y", "X", "D"});
  const auto &z2 = in.read("Z2", {"Y2", "X2", "D"}), &z4 = in.read("Z4", {"Y4", "X4", "D"});
  const auto& w1 = in.read("WE", {"S", "D", "C"});
  const auto& b1 = in.read("BE", {"C"});
  const auto &w2 = in.read("WF", {"C", "D"}), &b2 = in.read("BF", {"D"});
  const Int height = in.extent("Y"), width = in.extent("X"), d_extent = in.extent("D");
  ensure(in.extent("S") == 3 && in.extent("Y2") * 2 == height && in.extent("X2") * 2 == width &&
             in.extent("Y4") * 4 == height && in.extent("X4") * 4 == width,
         "token_compression: the sets are those of 2 x 2 and 4 x 4 blocks");
  Tensor<double> out({"Y", "X", "D"}, {height, width, d_extent});
  for (Int y = 0; y < height; ++y) {
    for (Int x = 0; x < width; ++x) {
      const std::vector<Row> sources{spread(in, z2, 2, y, x), spread(in, z4, 4, y, x),
                                     row_of_terms(d_extent, [&](Int d) { return skip(y, x, d); })};
      Row hidden = row_of_terms(in.extent("C"), [&](Int c) {
        return b1(c) + sum_over(3, [&](Int s) {
                 return sum_over(d_extent, [&](Int d) { return sources[to_size(s)][to_size(d)] * w1(s, d, c); });
               });
      });
      gelu_all(hidden);
      const Row token = linear(hidden, w2, b2);
      for (Int d = 0; d < d_extent; ++d) out(y, x, d) = token[to_size(d)] + place(y, x, d);
    }
  }
  return {{"O", out}};
}

ReferenceTensors run(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  if (in.form("stage", {"compress", "reconstruct"}) == "reconstruct") return reconstruct(in);
  const auto& x = in.read("X", {"Y", "X", "D"});
  return {{"Z2", compress(in, x, 2)}, {"Z4", compress(in, x, 4)}};
}

}  // namespace

std::vector<ReferenceKernel> token_compression_kernels() {
  return {{"token_compression",
           "X[Y,X,D]; stage: compress (for r = 2, 4: WAr[C,D,Ir,Jr], BAr[C], WBr[C,D], BBr[D] → Z2[Y2,X2,D], "
           "Z4[Y4,X4,D]) or reconstruct (Z2, Z4, for r = 2, 4: WCr[Ur,C] (Ur = D / r²), BCr[C], WDr[C,D], BDr[D]; "
           "WE[S,D,C] (2x, 4x, X), BE[C], WF[C,D], BF[D], POS[Y,X,D] → O[Y,X,D])",
           {"X"},
           {{"O", {"Y", "X", "D"}}, {"Z2", {"Y2", "X2", "D"}}, {"Z4", {"Y4", "X4", "D"}}},
           &run}};
}

}  // namespace einloom::reference
