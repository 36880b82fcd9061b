// SPDX-License-Identifier: Apache-2.0
// Attention as a systolic array computes it that has no exponential: running maximum over tiles of keys, 2^x by chords
// of equal width, elements narrower than sums. Source: SystolicAttention (arXiv 2507.11331), written from its
// definition.
#pragma once

#include <cstdint>

#include "base/dtype.hpp"
#include "base/tensor.hpp"

namespace einloom {

struct PwlAttention {
  std::int64_t keys_per_tile = 1;
  std::int64_t pieces = 8;      // chords of 2^x on (-1, 0]
  bool causal = false;          // query p sees keys 0 to p
  Dtype element = Dtype::fp64;  // of scores, of their differences and exponentials, as the PEs hold them
  Dtype sum = Dtype::fp64;      // of products' sums, of the running state and of the result
  Dtype slope = Dtype::fp64;    // of the chords' slopes
};

// 2^x by chords: x = k + f, k = ceil(x); the chord of 2^f on the piece f lies in, times 2^k.
[[nodiscard]] double pwl_exp2(double x, std::int64_t pieces, Dtype slope = Dtype::fp64);

// Q[B,H,P,E], K[B,H,M,E], V[B,H,M,F] → O[B,H,P,F]. A row without any key gives 0. InternalError when the extents do not
// fit together.
[[nodiscard]] Tensor<double> pwl_attention(const Tensor<double>& q, const Tensor<double>& k, const Tensor<double>& v,
                                           const PwlAttention& options);

}  // namespace einloom
