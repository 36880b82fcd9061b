// SPDX-License-Identifier: Apache-2.0
// How strongly the patches of an image attend to patches so many hops away, per head (arXiv 2303.13731), and what a
// head leaves when part of its map is taken out.
#include <algorithm>
#include <cstdlib>

#include "base/diagnostic.hpp"
#include "einsum/reference/attention_rows.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/kernels.hpp"

namespace einloom::reference {
namespace {

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const auto& q = reference_input(inputs, "Q");
  const auto& k = reference_input(inputs, "K");
  const std::int64_t heads = q.extents().at(0), tokens = q.extents().at(1), e_extent = q.extents().at(2);
  const std::int64_t side = setting.extent("GRID"), before = tokens - side * side;  // class token, registers
  expect_extents(k, "K", {heads, tokens, e_extent});
  ensure(side > 0 && before >= 0, "GRID × GRID patches are among the tokens");
  const bool chebyshev = choice(setting, "norm", {"chebyshev", "manhattan"}) == "chebyshev";
  const std::string pruned =
      choice(setting, "pruning", {"none", "all", "cls_to_patch", "patch_to_cls", "patch_to_patch"});
  const std::int64_t hops = chebyshev ? side : 2 * side - 1;
  const auto distance = [&](std::int64_t p, std::int64_t m) {
    const std::int64_t x = std::abs(p % side - m % side), y = std::abs(p / side - m / side);
    return chebyshev ? std::max(x, y) : x + y;
  };
  const auto taken_out = [&](std::int64_t p, std::int64_t m) {
    const bool patch_p = p >= before, patch_m = m >= before;
    return pruned == "all" || (pruned == "cls_to_patch" && !patch_p && patch_m) ||
           (pruned == "patch_to_cls" && patch_p && !patch_m) || (pruned == "patch_to_patch" && patch_p && patch_m);
  };

  Tensor<double> strength({"H", "HOP"}, {heads, hops}), share({"H", "HOP"}, {heads, hops}), pairs({"HOP"}, {hops});
  for (std::int64_t p = 0; p < side * side; ++p) {
    for (std::int64_t m = 0; m < side * side; ++m) pairs(distance(p, m)) += 1;
  }
  Tensor<double> o;
  if (pruned != "none") {
    const std::int64_t f_extent = reference_input(inputs, "V").extents().at(2);
    expect_extents(reference_input(inputs, "V"), "V", {heads, tokens, f_extent});
    expect_extents(reference_input(inputs, "KEEP"), "KEEP", {heads});
    o = Tensor<double>({"H", "P", "F"}, {heads, tokens, f_extent});
  }
  for (std::int64_t h = 0; h < heads; ++h) {
    for (std::int64_t p = 0; p < tokens; ++p) {
      Row weights = scores(part(q, h, p), part(k, h), inverse_root(e_extent));
      (void)softmax(weights);
      for (std::int64_t m = before; p >= before && m < tokens; ++m) {
        const std::int64_t hop = distance(p - before, m - before);
        const double weight = weights[static_cast<std::size_t>(m)];
        strength(h, hop) += weight / pairs(hop);
        share(h, hop) += weight / static_cast<double>(side * side);
      }
      if (pruned == "none") continue;
      for (std::int64_t m = 0; m < tokens; ++m) {
        if (reference_input(inputs, "KEEP")(h) == 0 && taken_out(p, m)) weights[static_cast<std::size_t>(m)] = 0;
      }
      store(weighted_sum(weights, part(reference_input(inputs, "V"), h), o.extents()[2]), &o(h, p, 0));
    }
  }
  ReferenceTensors outputs{{"SH", share}, {"ST", strength}};
  if (pruned != "none") outputs.emplace("OP", o);
  return outputs;
}

}  // namespace

std::vector<ReferenceKernel> attention_strength_kernels() {
  return {
      {"attention_strength",
       "Q[H,P,E], K[H,M,E] (P = M, the last GRID × GRID tokens are patches), norm: chebyshev (HOP = GRID) or manhattan "
       "(HOP = 2 GRID - 1), pruning: none, or all, cls_to_patch, patch_to_cls, patch_to_patch (V[H,M,F], KEEP[H] are "
       "read) → mean weight of a pair ST[H,HOP], of a row SH[H,HOP], pruned OP[H,P,F]",
       {"K", "KEEP", "Q", "V"},
       {{"OP", {"H", "P", "F"}}, {"SH", {"H", "HOP"}}, {"ST", {"H", "HOP"}}},
       &run}};
}

}  // namespace einloom::reference
