// SPDX-License-Identifier: Apache-2.0
// cosFormer (arXiv 2202.08791): weights relu(q) · relu(k) · cos(π(i-j)/2M), as the quadratic sum.
#include <algorithm>
#include <cmath>

#include "einsum/reference/choices.hpp"
#include "einsum/reference/feature_attention.hpp"
#include "einsum/reference/kernels.hpp"

namespace einloom::reference {
namespace {

const double kPi = std::acos(-1.0);

Matrix rectified(Matrix rows) {
  for (Row& row : rows)
    for (double& x : row) x = std::fmax(x, 0);
  return rows;
}

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const HeadInputs in = head_inputs(inputs);
  const Seen seen = seen_keys(setting);
  const double epsilon = constant_or(setting, "EPS", 1e-6);
  const auto longest = static_cast<double>(std::max(in.queries, in.keys));
  return {{"O", each_head(in.output_ranks(), in.batch, in.heads, [&](std::int64_t b, std::int64_t h) {
             const Matrix queries = rectified(matrix_at(in.q, b, h)), keys = rectified(matrix_at(in.k, b, h));
             const Matrix values = matrix_at(in.v, b, h);
             Matrix out;
             for (std::size_t p = 0; p < queries.size(); ++p) {
               Row numerator(values[0].size(), 0);
               double denominator = 0;
               for (std::size_t m = 0; m < keys.size(); ++m) {
                 if (seen && !seen(static_cast<std::int64_t>(p), static_cast<std::int64_t>(m))) continue;
                 const double distance = static_cast<double>(p) - static_cast<double>(m);
                 const double weight = dot(queries[p], keys[m]) * std::cos(kPi * distance / (2 * longest));
                 denominator += weight;
                 for (std::size_t f = 0; f < numerator.size(); ++f) numerator[f] += weight * values[m][f];
               }
               for (double& x : numerator) x /= std::fmax(denominator, epsilon);
               out.push_back(numerator);
             }
             return out;
           })}};
}

}  // namespace

std::vector<ReferenceKernel> cosformer_kernels() {
  return {{"cosformer",
           "Q[B,H,P,E], K[B,H,M,E], V[B,H,M,F] → O[B,H,P,F]; form full or causal, EPS 1e-6",
           {"K", "Q", "V"},
           {{"O", {"B", "H", "P", "F"}}},
           &run}};
}

}  // namespace einloom::reference
