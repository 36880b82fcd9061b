// SPDX-License-Identifier: Apache-2.0
// Attention of chosen heads pulled towards another map (SoftPAG, arXiv 2506.10978): the dense map, mixed with its
// target.
#include <algorithm>

#include "base/diagnostic.hpp"
#include "einsum/reference/attention_rows.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/kernels.hpp"

namespace einloom::reference {
namespace {

struct Target {
  std::string form;
  bool image_only = false;  // identity among image tokens, text seen as before
  std::int64_t first = 0, images = 0;
  bool image(std::int64_t token) const { return token >= first && token < first + images; }
};

// The row towards which the probabilities of query p go.
Row target_row(const Target& target, std::int64_t p, const Row& probabilities, Values queries, Values keys,
               std::int64_t e_extent) {
  Row row(probabilities.size(), 0);
  const auto own = static_cast<std::size_t>(p);
  if (target.form == "uniform") {
    row.assign(row.size(), 1 / static_cast<double>(row.size()));
  } else if (target.form == "max") {
    row[static_cast<std::size_t>(std::max_element(probabilities.begin(), probabilities.end()) -
                                 probabilities.begin())] = 1;
  } else if (target.form == "mean_query") {
    const auto rows = static_cast<std::int64_t>(queries.size()) / e_extent;
    const Row mean =
        weighted_sum(Row(static_cast<std::size_t>(rows), 1 / static_cast<double>(rows)), queries, e_extent);
    row = scores(mean, keys, inverse_root(e_extent));
    (void)softmax(row);
  } else if (!target.image_only) {
    if (own < row.size()) row[own] = 1;
  } else {
    row = scores(row_of(queries, p, static_cast<std::size_t>(e_extent)), keys, inverse_root(e_extent),
                 [&](std::int64_t m) { return !target.image(p) || !target.image(m) || m == p; });
    (void)softmax(row);
  }
  return row;
}

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const auto& q = reference_input(inputs, "Q");
  const auto& k = reference_input(inputs, "K");
  const auto& v = reference_input(inputs, "V");
  const auto& strength = reference_input(inputs, "U");
  const std::int64_t heads = q.extents().at(0), rows = q.extents().at(1), e_extent = q.extents().at(2);
  const std::int64_t keys = k.extents().at(1), f_extent = v.extents().at(2);
  expect_extents(k, "K", {heads, keys, e_extent});
  expect_extents(v, "V", {heads, keys, f_extent});
  expect_extents(strength, "U", {heads});
  Target target{choice(setting, "target", {"identity", "uniform", "mean_query", "max"})};
  target.image_only = choice(setting, "identity_scope", {"full", "image_block"}) == "image_block";
  if (target.image_only) {
    target.first = setting.extent("IM");
    target.images = setting.extent("NV");
  }
  Tensor<double> o({"H", "P", "F"}, {heads, rows, f_extent});
  for (std::int64_t h = 0; h < heads; ++h) {
    for (std::int64_t p = 0; p < rows; ++p) {
      Row weights = scores(part(q, h, p), part(k, h), inverse_root(e_extent));
      (void)softmax(weights);
      const Row towards = target_row(target, p, weights, part(q, h), part(k, h), e_extent);
      for (std::size_t m = 0; m < weights.size(); ++m) {
        weights[m] = (1 - strength(h)) * weights[m] + strength(h) * towards[m];
      }
      store(weighted_sum(weights, part(v, h), f_extent), &o(h, p, 0));
    }
  }
  return {{"O", o}};
}

}  // namespace

std::vector<ReferenceKernel> soft_pag_kernels() {
  return {{"soft_pag",
           "Q[H,P,E], K[H,M,E], V[H,M,F], U[H] (0: head not chosen), target: identity, uniform, mean_query or max, "
           "identity_scope: full or image_block (image tokens IM to IM + NV - 1) → O[H,P,F]",
           {"K", "Q", "U", "V"},
           {{"O", {"H", "P", "F"}}},
           &run}};
}

}  // namespace einloom::reference
