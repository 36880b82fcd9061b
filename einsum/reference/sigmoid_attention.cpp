// SPDX-License-Identifier: Apache-2.0
// Sigmoid attention (arXiv 2409.04431): each score's sigmoid is its weight, and rows are not normalised.
#include <cmath>

#include "einsum/reference/choices.hpp"
#include "einsum/reference/feature_attention.hpp"
#include "einsum/reference/kernels.hpp"

namespace einloom::reference {
namespace {

Matrix normalised(Matrix rows, double epsilon) {
  for (Row& row : rows) layer_norm(row, epsilon);
  return rows;
}

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const HeadInputs in = head_inputs(inputs);
  const Seen seen = seen_keys(setting);
  const bool normed = choice(setting, "qk_norm", {"none", "layer"}) == "layer";
  const std::string row_scale = choice(setting, "row_scale", {"none", "count", "root"});
  // Rows over their number of keys need no bias that does the same.
  const double usual = row_scale == "none" ? -std::log(static_cast<double>(in.keys)) : 0;
  const double bias = constant_or(setting, "BB", usual), epsilon = constant_or(setting, "EPS", 1e-5);
  const Tensor<double>* slope = optional_input(inputs, "SLOPE");
  if (slope) expect_extents(*slope, "SLOPE", {in.heads});
  return {{"O", each_head(in.output_ranks(), in.batch, in.heads, [&](std::int64_t b, std::int64_t h) {
             Matrix queries = matrix_at(in.q, b, h), keys = matrix_at(in.k, b, h);
             if (normed) {
               queries = normalised(queries, epsilon);
               keys = normalised(keys, epsilon);
             }
             Matrix weights = scores(queries, keys);
             for (std::size_t p = 0; p < weights.size(); ++p) {
               const auto at = static_cast<double>(p);
               const double rows = row_scale == "count" ? at + 1 : row_scale == "root" ? std::sqrt(at + 1) : 1;
               for (std::size_t m = 0; m < weights[p].size(); ++m) {
                 double score = weights[p][m] / std::sqrt(static_cast<double>(in.e)) + bias;
                 if (slope) score -= (*slope)(h)*std::fabs(at - static_cast<double>(m));
                 const bool counts = !seen || seen(static_cast<std::int64_t>(p), static_cast<std::int64_t>(m));
                 weights[p][m] = counts ? sigmoid(score) / rows : 0;
               }
             }
             return times(weights, matrix_at(in.v, b, h));
           })}};
}

}  // namespace

std::vector<ReferenceKernel> sigmoid_attention_kernels() {
  return {{"sigmoid_attention",
           "Q[B,H,P,E], K[B,H,M,E], V[B,H,M,F], SLOPE[H] when given → O[B,H,P,F]; form full or causal, qk_norm none or "
           "layer, row_scale none, count or root, BB -log(M), or 0 with row_scale, EPS 1e-5",
           {"K", "Q", "SLOPE", "V"},
           {{"O", {"B", "H", "P", "F"}}},
           &run}};
}

}  // namespace einloom::reference
