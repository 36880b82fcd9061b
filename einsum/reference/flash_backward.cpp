// SPDX-License-Identifier: Apache-2.0
// Gradients of softmax attention with respect to Q, K and V, row by row of the probabilities. With the forward pass
// recomputed the softmax is differentiated by its Jacobian; with O and LSE given, by the row sum of DO·O.
#include <cmath>

#include "einsum/reference/attention_rows.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/kernels.hpp"

namespace einloom::reference {
namespace {

// Gradient of the scores of one row from its probabilities and the gradient of those.
Row by_jacobian(const Row& probabilities, const Row& gradient) {
  Row result(probabilities.size(), 0);
  for (std::size_t i = 0; i < result.size(); ++i) {
    for (std::size_t j = 0; j < result.size(); ++j) {
      result[i] += probabilities[j] * ((i == j ? 1 : 0) - probabilities[i]) * gradient[j];
    }
  }
  return result;
}

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const auto q = joined_heads(reference_input(inputs, "Q"), 1);
  const auto& k = reference_input(inputs, "K");
  const auto& v = reference_input(inputs, "V");
  const auto d_o = joined_heads(reference_input(inputs, "DO"), 1);
  const bool causal = choice(setting, "mask", {"full", "causal"}) == "causal";
  const bool given = choice(setting, "forward", {"given", "recomputed"}) == "given";
  const double cap = constant_or(setting, "SOFTCAP", 0);
  const std::int64_t batch = q.extents().at(0), heads = q.extents().at(1), rows = q.extents().at(2);
  const std::int64_t e_extent = q.extents().at(3), groups = k.extents().at(1), keys = k.extents().at(2);
  const std::int64_t f_extent = v.extents().at(3);
  expect_extents(k, "K", {batch, groups, keys, e_extent});
  expect_extents(v, "V", {batch, groups, keys, f_extent});
  expect_extents(d_o, "DO", {batch, heads, rows, f_extent});
  const double scale = inverse_root(e_extent);
  Tensor<double> saved, saved_lse;
  if (given) {
    saved = joined_heads(reference_input(inputs, "O"), 1);
    saved_lse = joined_heads(reference_input(inputs, "LSE"), 1);
  }

  Tensor<double> dq({"B", "H", "P", "E"}, q.extents()), dk({"B", "G", "M", "E"}, k.extents());
  Tensor<double> dv({"B", "G", "M", "F"}, v.extents());
  for (std::int64_t b = 0; b < batch; ++b) {
    for (std::int64_t h = 0; h < heads; ++h) {
      const std::int64_t g = group_of(h, heads, groups);
      for (std::int64_t p = 0; p < rows; ++p) {
        const auto seen = [&](std::int64_t m) { return !causal || m <= p + keys - rows; };
        Row score = scores(part(q, b, h, p), part(k, b, g), scale, seen);
        Row slope(score.size(), 1);  // of the capped score
        for (std::size_t m = 0; cap > 0 && m < score.size(); ++m) {
          if (score[m] == -HUGE_VAL) continue;
          const double bent = std::tanh(score[m] / cap);
          score[m] = cap * bent;
          slope[m] = 1 - bent * bent;
        }
        Row probabilities = score;
        if (given) {
          const double lse = saved_lse(b, h, p);
          for (double& x : probabilities) x = lse == -HUGE_VAL ? 0 : std::exp(x - lse);
        } else {
          (void)softmax(probabilities);
        }
        Row d_probabilities(score.size());
        for (std::int64_t m = 0; m < keys; ++m) {
          d_probabilities[static_cast<std::size_t>(m)] = product(part(d_o, b, h, p), part(v, b, g, m));
        }
        Row d_score;
        if (given) {
          const double mean = product(part(d_o, b, h, p), part(saved, b, h, p));
          for (std::size_t m = 0; m < score.size(); ++m) {
            d_score.push_back(probabilities[m] * (d_probabilities[m] - mean));
          }
        } else {
          d_score = by_jacobian(probabilities, d_probabilities);
        }
        for (std::int64_t m = 0; m < keys; ++m) {
          const auto at = static_cast<std::size_t>(m);
          if (score[at] == -HUGE_VAL) continue;
          for (std::int64_t f = 0; f < f_extent; ++f) dv(b, g, m, f) += probabilities[at] * d_o(b, h, p, f);
          const double through = scale * slope[at] * d_score[at];
          for (std::int64_t e = 0; e < e_extent; ++e) {
            dq(b, h, p, e) += through * k(b, g, m, e);
            dk(b, g, m, e) += through * q(b, h, p, e);
          }
        }
      }
    }
  }
  return {{"DQ", grouped_heads(dq, 1, groups)}, {"DK", dk}, {"DV", dv}};
}

}  // namespace

std::vector<ReferenceKernel> flash_backward_kernels() {
  return {
      {"flash_backward",
       "Q[B,G,R,P,E], K[B,G,M,E], V[B,G,M,F], DO[B,G,R,P,F], forward: given (O[B,G,R,P,F] and LSE[B,G,R,P] are read) "
       "or recomputed, mask: full or causal, SOFTCAP (0: none) → DQ[B,G,R,P,E], DK[B,G,M,E], DV[B,G,M,F]",
       {"DO", "K", "LSE", "O", "Q", "V"},
       {{"DQ", {"B", "G", "R", "P", "E"}}, {"DK", {"B", "G", "M", "E"}}, {"DV", {"B", "G", "M", "F"}}},
       &run}};
}

}  // namespace einloom::reference
