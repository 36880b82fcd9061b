// SPDX-License-Identifier: Apache-2.0
#include "einsum/reference/feature_attention.hpp"

#include "einsum/reference/choices.hpp"

namespace einloom::reference {

Matrix feature_attention(const Matrix& queries, const Matrix& keys, const Matrix& values, const Seen& seen,
                         const std::function<double(double)>& denominator) {
  Matrix weights = scores(queries, keys);
  for (std::size_t p = 0; p < weights.size(); ++p) {
    double sum = 0;
    for (std::size_t m = 0; m < weights[p].size(); ++m) {
      if (seen && !seen(static_cast<std::int64_t>(p), static_cast<std::int64_t>(m))) weights[p][m] = 0;
      sum += weights[p][m];
    }
    const double divisor = denominator(sum);
    for (double& weight : weights[p]) weight = divisor == 0 ? 0 : weight / divisor;
  }
  return times(weights, values);
}

Seen seen_keys(const ReferenceSetting& setting) {
  if (choice(setting, "form", {"full", "causal"}) == "causal") return causal;
  return {};
}

}  // namespace einloom::reference
