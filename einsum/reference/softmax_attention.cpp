// SPDX-License-Identifier: Apache-2.0
// One row at a time: scores, their maximum, exponentials, their sum, weighted values.
#include "einsum/reference/softmax_attention.hpp"
#include "einsum/reference/kernels.hpp"

#include <cmath>
#include <vector>

#include "base/diagnostic.hpp"

namespace einloom {

Tensor<double> softmax_attention(const Tensor<double>& q, const Tensor<double>& k, const Tensor<double>& v,
                                 const AttentionMask& mask) {
  ensure(q.extents().size() == 4 && k.extents().size() == 4 && v.extents().size() == 4,
         "softmax_attention: Q, K and V have four ranks");
  const std::int64_t batch = q.extents()[0], heads = q.extents()[1], rows = q.extents()[2], e_extent = q.extents()[3];
  const std::int64_t keys = k.extents()[2], f_extent = v.extents()[3];
  ensure(k.extents() == std::vector<std::int64_t>({batch, heads, keys, e_extent}),
         "softmax_attention: K does not fit Q");
  ensure(v.extents() == std::vector<std::int64_t>({batch, heads, keys, f_extent}),
         "softmax_attention: V does not fit K");

  Tensor<double> out({"B", "H", "P", "F"}, {batch, heads, rows, f_extent});
  const double scale = 1.0 / std::sqrt(static_cast<double>(e_extent));
  std::vector<std::int64_t> seen;
  std::vector<double> score;
  for (std::int64_t b = 0; b < batch; ++b) {
    for (std::int64_t h = 0; h < heads; ++h) {
      for (std::int64_t p = 0; p < rows; ++p) {
        seen.clear();
        score.clear();
        double largest = -HUGE_VAL;
        for (std::int64_t m = 0; m < keys; ++m) {
          if (mask && !mask(p, m)) continue;
          double dot = 0;
          for (std::int64_t e = 0; e < e_extent; ++e) dot += q(b, h, p, e) * k(b, h, m, e);
          seen.push_back(m);
          score.push_back(dot * scale);
          largest = std::fmax(largest, dot * scale);
        }
        double denominator = 0;
        for (double& each : score) {
          each = std::exp(each - largest);
          denominator += each;
        }
        for (std::size_t i = 0; i < seen.size(); ++i) {
          const double weight = score[i] / denominator;
          for (std::int64_t f = 0; f < f_extent; ++f) out(b, h, p, f) += weight * v(b, h, seen[i], f);
        }
      }
    }
  }
  return out;
}

}  // namespace einloom

namespace einloom::reference {
namespace {

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting&) {
  return {{"AV", softmax_attention(reference_input(inputs, "Q"), reference_input(inputs, "K"),
                                   reference_input(inputs, "V"))}};
}

}  // namespace

std::vector<ReferenceKernel> softmax_attention_kernels() {
  return {{"softmax_attention",
           "Q[B,H,P,E], K[B,H,M,E], V[B,H,M,F] → AV[B,H,P,F]",
           {"K", "Q", "V"},
           {{"AV", {"B", "H", "P", "F"}}},
           &run}};
}

}  // namespace einloom::reference
