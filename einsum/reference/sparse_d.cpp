// SPDX-License-Identifier: Apache-2.0
// Attention of a diffusion language model to blocks chosen once per head (SparseD, arXiv 2509.24014): block means of
// the dense probabilities, the largest of each row of blocks, apart for the blocks that are being generated.
#include <algorithm>
#include <cmath>

#include "base/diagnostic.hpp"
#include "einsum/reference/attention_rows.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/top_k.hpp"

namespace einloom::reference {
namespace {

// Means over blocks of `block` × `block` of softmax(Q·K * scale) over the keys from `first` on, missing rows and
// columns of the last blocks counted as 0.
void block_means(Values queries, Values keys, std::int64_t e_extent, double scale, std::int64_t first,
                 std::int64_t block, std::int64_t blocks, double* to) {
  const auto tokens = static_cast<std::int64_t>(keys.size()) / e_extent;
  const auto square = static_cast<double>(block * block);
  for (std::int64_t p = 0; p < tokens; ++p) {
    Row weights = scores(row_of(queries, p, static_cast<std::size_t>(e_extent)), keys, scale,
                         [&](std::int64_t m) { return m >= first; });
    (void)softmax(weights);
    for (std::int64_t m = 0; m < tokens; ++m) {
      to[p / block * blocks + m / block] += weights[static_cast<std::size_t>(m)] / square;
    }
  }
}

ReferenceTensors run_mask(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const auto q = joined_heads(reference_input(inputs, "Q"), 0);
  const auto& k = reference_input(inputs, "K");
  const std::int64_t block = setting.extent("M0"), generated = setting.extent("GEN");
  const std::int64_t heads = q.extents().at(0), tokens = q.extents().at(1), e_extent = q.extents().at(2);
  const std::int64_t groups = k.extents().at(0);
  expect_extents(k, "K", {groups, tokens, e_extent});
  const double scale =
      choice(setting, "scale", {"head_dimension", "heads"}) == "heads" ? inverse_root(heads) : inverse_root(e_extent);
  const std::int64_t blocks = (tokens + block - 1) / block;
  std::int64_t boundary = 0;  // first block of generated columns
  while (boundary < blocks - 1 && tokens - boundary * block > generated) ++boundary;
  const double share = constant_or(setting, "RHO", 0.3);
  const auto kept = [&](const std::string& name, std::int64_t of) {
    const auto usual = static_cast<std::int64_t>(static_cast<double>(of) * share) + 1;
    return extent_or(setting, name, std::max<std::int64_t>(1, usual));
  };
  // Of all blocks, or of the prompt's: ranked, and then cut, or the other way around.
  const bool prompt_only = choice(setting, "ranking", {"all_blocks", "prompt_blocks"}) == "prompt_blocks";
  const std::int64_t ranked = prompt_only ? boundary : blocks;
  const std::int64_t kept_all = std::min(kept("K1", ranked), ranked), kept_generated = kept("K2", blocks - boundary);

  const std::vector<std::int64_t> extents{heads, blocks, blocks};
  Tensor<double> mean({"H", "P1", "M1"}, extents), mean_generated({"H", "P1", "M1"}, extents);
  Tensor<double> mask({"H", "P1", "M1"}, extents);
  for (std::int64_t h = 0; h < heads; ++h) {
    const Values queries = part(q, h), keys = part(k, group_of(h, heads, groups));
    block_means(queries, keys, e_extent, scale, 0, block, blocks, &mean(h, 0, 0));
    block_means(queries, keys, e_extent, scale, boundary * block, block, blocks, &mean_generated(h, 0, 0));
    for (std::int64_t i = 0; i < blocks; ++i) {
      const Row rows = copy(part(mean, h, i).first(static_cast<std::size_t>(ranked)));
      for (const std::int64_t j : top_k(rows, kept_all)) mask(h, i, j) = j < boundary ? 1 : 0;
      const Row columns = copy(part(mean_generated, h, i).subspan(static_cast<std::size_t>(boundary)));
      for (const std::int64_t j : top_k(columns, kept_generated)) mask(h, i, boundary + j) = 1;
    }
  }
  return {{"AP", grouped_heads(mean, 0, groups)},
          {"APG", grouped_heads(mean_generated, 0, groups)},
          {"BM", grouped_heads(mask, 0, groups)}};
}

ReferenceTensors run_step(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const auto q = joined_heads(reference_input(inputs, "Q"), 0);
  const auto& k = reference_input(inputs, "K");
  const auto& v = reference_input(inputs, "V");
  const auto mask = joined_heads(reference_input(inputs, "BM"), 0);
  const std::int64_t block = setting.extent("M0"), heads = q.extents().at(0), tokens = q.extents().at(1);
  const std::int64_t e_extent = q.extents().at(2), groups = k.extents().at(0), f_extent = v.extents().at(2);
  const std::int64_t blocks = (tokens + block - 1) / block;
  expect_extents(k, "K", {groups, tokens, e_extent});
  expect_extents(v, "V", {groups, tokens, f_extent});
  expect_extents(mask, "BM", {heads, blocks, blocks});
  Tensor<double> o({"H", "P", "F"}, {heads, tokens, f_extent});
  for (std::int64_t h = 0; h < heads; ++h) {
    const std::int64_t g = group_of(h, heads, groups);
    for (std::int64_t p = 0; p < tokens; ++p) {
      store(attend(part(q, h, p), part(k, g), part(v, g), f_extent, inverse_root(e_extent),
                   [&](std::int64_t m) { return mask(h, p / block, m / block) != 0; }),
            &o(h, p, 0));
    }
  }
  return {{"O", grouped_heads(o, 0, groups)}};
}

}  // namespace

std::vector<ReferenceKernel> sparse_d_kernels() {
  const std::vector<std::string> blocks{"G", "R", "P1", "M1"};
  return {{"sparse_d",
           "Q[G,R,P,E], K[G,M,E], V[G,M,F] (P = M), kept blocks BM[G,R,P1,M1] of M0 × M0 → O[G,R,P,F]",
           {"BM", "K", "Q", "V"},
           {{"O", {"G", "R", "P", "F"}}},
           &run_step},
          {"sparse_d_mask",
           "Q[G,R,P,E], K[G,M,E] (P = M), M0, GEN (generated tokens, the last), RHO, K1 and K2 (of RHO), scale: "
           "head_dimension or heads, ranking: all_blocks or prompt_blocks → block means AP[G,R,P1,M1], of the "
           "generated columns APG[G,R,P1,M1], "
           "BM[G,R,P1,M1] (0, 1)",
           {"K", "Q"},
           {{"AP", blocks}, {"APG", blocks}, {"BM", blocks}},
           &run_mask}};
}

}  // namespace einloom::reference
