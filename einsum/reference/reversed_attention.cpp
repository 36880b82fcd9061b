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
  const bool cumulative = in.form("controller", {"cumulative", "layer"}) == "cumulative";
  const Tensor<double>* controller_before = cumulative ? &in.read("MCIN", {"M"}) : nullptr;
  const bool biased = in.form("biases", {"none", "given"}) == "given";
  const auto bias = [&](const std::string& name, const std::vector<std::string>& ranks) {
    return biased ? &in.read(name, ranks) : nullptr;
  };
  const Tensor<double>*selector_bias = bias("BP", {"H"}), *hidden_bias = bias("B1", {"J"}), *last_bias = bias("B2", {});
  const bool by_controller = in.form("score", {"received", "controller"}) == "controller";
  const Int heads = in.extent("H"), senders = in.extent("M"), receivers = in.extent("P"), d_extent = in.extent("D");
  const Int e_extent = in.extent("E"), f_extent = in.extent("F"), j_extent = in.extent("J");
  ensure(senders == receivers, "reversed_attention: senders and receivers are the same tokens");

  Tensor<double> out({"H", "P", "F"}, {heads, receivers, f_extent}), controller({"M"}, {senders});
  Tensor<double> dependency({"M", "P"}, {senders, receivers}), parent({"M"}, {senders}), score({"P"}, {receivers});
  for (Int m = 0; m < senders; ++m) {
    Row head_share = row_of_terms(heads, [&](Int h) {
      const double score = sum_over(d_extent, [&](Int d) { return x(m, d) * selector(d, h); });
      return (score + (selector_bias ? (*selector_bias)(h) : 0)) / in.constant("TAU", 0.1);
    });
    softmax(head_share);
    const double last = sum_over(j_extent, [&](Int j) {
      const double hidden = sum_over(d_extent, [&](Int d) { return x(m, d) * w1(d, j); });
      return gelu(hidden + (hidden_bias ? (*hidden_bias)(j) : 0)) * w2(j);
    });
    controller(m) = sigmoid(last + (last_bias ? last_bias->data()[0] : 0));
    if (controller_before) controller(m) *= (*controller_before)(m);
    for (Int h = 0; h < heads; ++h) {
      Row weights = row_of_terms(receivers, [&](Int p) {
        return sum_over(e_extent, [&](Int e) { return q(h, m, e) * k(h, p, e); }) * inverse_sqrt(e_extent);
      });
      softmax(weights);
      for (Int p = 0; p < receivers; ++p) {
        const double sent = weights[to_size(p)] * head_share[to_size(h)] * controller(m);
        for (Int f = 0; f < f_extent; ++f) out(h, p, f) += sent * v(h, m, f);
        dependency(m, p) += sent;
        if (!by_controller) score(p) += std::fabs(sent);
      }
    }
    if (by_controller) score(m) = controller(m);
    for (Int p = 1; p < receivers; ++p) {
      if (dependency(m, p) > dependency(m, static_cast<Int>(parent(m)))) parent(m) = static_cast<double>(p);
    }
  }
  return {{"AV", out}, {"DM", dependency}, {"MC", controller}, {"PARENT", parent}, {"SCORE", score}};
}

}  // namespace

std::vector<ReferenceKernel> reversed_attention_kernels() {
  return {{"reversed_attention",
           "senders QS[H,M,E], V[H,M,F], receivers KR[H,P,E] (P = M), X[M,D], WP[D,H], W1[D,J], W2[J], TAU (0.1), "
           "controller: "
           "cumulative (MCIN[M]) or layer, biases: none or given (BP[H], B1[J], B2[]) → AV[H,P,F], MC[M], DM[M,P], "
           "PARENT[M] (argmax of DM), SCORE[P] (score: received weight, or controller)",
           {"KR", "QS", "V", "W1", "W2", "WP", "X"},
           {{"AV", {"H", "P", "F"}}, {"DM", {"M", "P"}}, {"MC", {"M"}}, {"PARENT", {"M"}}, {"SCORE", {"P"}}},
           &run}};
}

}  // namespace einloom::reference
