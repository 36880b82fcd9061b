// SPDX-License-Identifier: Apache-2.0
// Reversed attention (Visual Dependency Transformers): every token m sends its value to the tokens p, its weights
// adding up to 1 over the receivers; heads are chosen per sender, and a message can be turned down for all later
// layers.
#include <cmath>

#include "base/diagnostic.hpp"
#include "einsum/reference/kernel_inputs.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/scored_keys.hpp"

namespace einloom::reference {
namespace {

using Int = std::int64_t;

ReferenceTensors run(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const auto& q = in.read("QS", {"H", "M", "E"});
  const auto& k = in.read("KR", {"H", "P", "E"});
  const auto& v = in.read("V", {"H", "M", "F"});
  const auto& x = in.read("X", {"M", "D"});
  const auto& selector = in.read("WP", {"D", "H"});
  const auto &w1 = in.read("W1", {"D", "J"}), &w2 = in.read("W2", {"J"});
  const auto& controller_before = in.read("MCIN", {"M"});
  const Int heads = in.extent("H"), senders = in.extent("M"), receivers = in.extent("P"), d_extent = in.extent("D");
  const Int e_extent = in.extent("E"), f_extent = in.extent("F"), j_extent = in.extent("J");
  ensure(senders == receivers, "reversed_attention: senders and receivers are the same tokens");

  Tensor<double> out({"H", "P", "F"}, {heads, receivers, f_extent}), controller({"M"}, {senders});
  Tensor<double> dependency({"M", "P"}, {senders, receivers}), parent({"M"}, {senders}), score({"P"}, {receivers});
  for (Int m = 0; m < senders; ++m) {
    Row head_share = row_of_terms(heads, [&](Int h) {
      return sum_over(d_extent, [&](Int d) { return x(m, d) * selector(d, h); }) / in.constant("TAU", 0.1);
    });
    softmax(head_share);
    const double let_through = sigmoid(sum_over(
        j_extent, [&](Int j) { return gelu(sum_over(d_extent, [&](Int d) { return x(m, d) * w1(d, j); })) * w2(j); }));
    controller(m) = controller_before(m) * let_through;
    for (Int h = 0; h < heads; ++h) {
      Row weights = row_of_terms(receivers, [&](Int p) {
        return sum_over(e_extent, [&](Int e) { return q(h, m, e) * k(h, p, e); }) * inverse_sqrt(e_extent);
      });
      softmax(weights);
      for (Int p = 0; p < receivers; ++p) {
        const double sent = weights[to_size(p)] * head_share[to_size(h)] * controller(m);
        for (Int f = 0; f < f_extent; ++f) out(h, p, f) += sent * v(h, m, f);
        dependency(m, p) += sent;
        score(p) += std::fabs(sent);
      }
    }
    for (Int p = 1; p < receivers; ++p) {
      if (dependency(m, p) > dependency(m, static_cast<Int>(parent(m)))) parent(m) = static_cast<double>(p);
    }
  }
  return {{"AV", out}, {"DM", dependency}, {"MC", controller}, {"PARENT", parent}, {"SCORE", score}};
}

}  // namespace

std::vector<ReferenceKernel> reversed_attention_kernels() {
  return {{"reversed_attention",
           "senders QS[H,M,E], V[H,M,F], receivers KR[H,P,E] (P = M), X[M,D], WP[D,H], W1[D,J], W2[J], MCIN[M], TAU "
           "(0.1) → AV[H,P,F], MC[M], DM[M,P], PARENT[M] (argmax of DM), SCORE[P] (received weight)",
           {"KR", "MCIN", "QS", "V", "W1", "W2", "WP", "X"},
           {{"AV", {"H", "P", "F"}}, {"DM", {"M", "P"}}, {"MC", {"M"}}, {"PARENT", {"M"}}, {"SCORE", {"P"}}},
           &run}};
}

}  // namespace einloom::reference
