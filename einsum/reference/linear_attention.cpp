// SPDX-License-Identifier: Apache-2.0
// Linear attention (arXiv 2006.16236): features elu(x) + 1, weights query · key.
#include <cmath>

#include "einsum/reference/choices.hpp"
#include "einsum/reference/feature_attention.hpp"
#include "einsum/reference/kernels.hpp"

namespace einloom::reference {
namespace {

Matrix features(Matrix rows) {
  for (Row& row : rows)
    for (double& x : row) x = x > 0 ? x + 1 : std::exp(x);
  return rows;
}

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const HeadInputs in = head_inputs(inputs);
  const Seen seen = seen_keys(setting);
  const double epsilon = constant_or(setting, "EPS", 1e-6);
  const Tensor<double>* mask = optional_input(inputs, "MASK");
  if (mask) expect_extents(*mask, "MASK", {in.batch, in.keys});
  return {{"O", each_head(in.output_ranks(), in.batch, in.heads, [&](std::int64_t b, std::int64_t h) {
             Matrix keys = features(matrix_at(in.k, b, h));
             for (std::int64_t m = 0; mask && m < in.keys; ++m)
               for (double& x : keys[static_cast<std::size_t>(m)]) x *= (*mask)(b, m);
             return feature_attention(features(matrix_at(in.q, b, h)), keys, matrix_at(in.v, b, h), seen,
                                      [&](double sum) { return sum + epsilon; });
           })}};
}

}  // namespace

std::vector<ReferenceKernel> linear_attention_kernels() {
  return {{"linear_attention",
           "Q[B,H,P,E], K[B,H,M,E], V[B,H,M,F], MASK[B,M] of 0 and 1 when given → O[B,H,P,F]; "
           "form full or causal, EPS 1e-6",
           {"K", "MASK", "Q", "V"},
           {{"O", {"B", "H", "P", "F"}}},
           &run}};
}

}  // namespace einloom::reference
