// SPDX-License-Identifier: Apache-2.0
// Attention whose weights are products of feature vectors, as the quadratic sum that its linear forms rewrite.
// Rows of queries and keys are features; row m of `values` belongs to key m.
#pragma once

#include "einsum/reference/matrix.hpp"

namespace einloom::reference {

// Σ_m w(p,m) · V[m] / denominator(Σ_m w(p,m)) over the keys that are seen, where w = query · key; x/0 is 0.
[[nodiscard]] Matrix feature_attention(const Matrix& queries, const Matrix& keys, const Matrix& values,
                                       const Seen& seen, const std::function<double(double)>& denominator);

// `full` (the default) or `causal`, as the option `form` says.
[[nodiscard]] Seen seen_keys(const ReferenceSetting& setting);

}  // namespace einloom::reference
