// SPDX-License-Identifier: Apache-2.0
// Attention to the keys whose learned bias, made of their values, is largest (dynamic mask attention, arXiv
// 2508.02124): dense scores, -inf outside the mask.
#include <cmath>

#include "base/diagnostic.hpp"
#include "einsum/reference/attention_rows.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/top_k.hpp"

namespace einloom::reference {
namespace {

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const auto q = joined_heads(reference_input(inputs, "Q"), 0);
  const auto& k = reference_input(inputs, "K");
  const auto& v = reference_input(inputs, "V");
  const auto& delta = reference_input(inputs, "DEL");
  const auto& gain = reference_input(inputs, "AG");
  const bool per_row = choice(setting, "selection", {"per_row", "shared"}) == "per_row";
  const bool exponential = choice(setting, "bias", {"softplus", "exp"}) == "exp";
  const std::int64_t window = setting.extent("W");
  const std::int64_t heads = q.extents().at(0), rows = q.extents().at(1), e_extent = q.extents().at(2);
  const std::int64_t groups = k.extents().at(0), keys = k.extents().at(1), f_extent = v.extents().at(2);
  expect_extents(k, "K", {groups, keys, e_extent});
  expect_extents(v, "V", {groups, keys, f_extent});
  expect_extents(delta, "DEL", {groups, f_extent, groups});
  expect_extents(gain, "AG", {groups});

  Tensor<double> bias({"G", "M"}, {groups, keys}), mask({"G", "P", "M"}, {groups, rows, keys});
  for (std::int64_t g = 0; g < groups; ++g) {
    for (std::int64_t m = 0; m < keys; ++m) {
      double step = 0;
      for (std::int64_t c = 0; c < groups; ++c) {
        for (std::int64_t f = 0; f < f_extent; ++f) step += v(c, m, f) * delta(c, f, g);
      }
      bias(g, m) = gain(g) * softplus(step);
      if (exponential) bias(g, m) = std::exp(bias(g, m));
    }
    const Row all = copy(part(bias, g));
    for (std::int64_t p = 0; p < rows; ++p) {
      const std::int64_t visible = p + keys - rows + 1;
      ensure(visible >= 0, "as many keys as queries, or more");
      const Row candidates(all.begin(), all.begin() + (per_row ? visible : keys));
      for (const std::int64_t m : top_k(candidates, window)) mask(g, p, m) = m < visible ? 1 : 0;
    }
  }

  Tensor<double> o({"H", "P", "F"}, {heads, rows, f_extent});
  for (std::int64_t h = 0; h < heads; ++h) {
    const std::int64_t g = group_of(h, heads, groups);
    for (std::int64_t p = 0; p < rows; ++p) {
      Row weights =
          scores(part(q, h, p), part(k, g), inverse_root(e_extent), [&](std::int64_t m) { return mask(g, p, m) != 0; });
      for (std::int64_t m = 0; m < keys; ++m) weights[static_cast<std::size_t>(m)] += bias(g, m);
      (void)softmax(weights);
      store(weighted_sum(weights, part(v, g), f_extent), &o(h, p, 0));
    }
  }
  return {{"BI", bias}, {"MK", mask}, {"O", grouped_heads(o, 0, groups)}};
}

}  // namespace

std::vector<ReferenceKernel> dynamic_mask_kernels() {
  return {
      {"dynamic_mask",
       "Q[G,R,P,E], K[G,M,E], V[G,M,F], DEL[C,F,G] (C = G), AG[G], W, selection: per_row (the W largest of the keys a "
       "row may see) or shared (of all keys), bias: softplus or exp → BI[G,M], MK[G,P,M] (0 or 1, causal), O[G,R,P,F]",
       {"AG", "DEL", "K", "Q", "V"},
       {{"BI", {"G", "M"}}, {"MK", {"G", "P", "M"}}, {"O", {"G", "R", "P", "F"}}},
       &run}};
}

}  // namespace einloom::reference
