// SPDX-License-Identifier: Apache-2.0
// Softmax attention in fp32 on OpenBLAS, blocked over query rows: the fast answer for shapes where the plain loops are
// too slow.
#pragma once

#include <cstdint>

#include "base/tensor.hpp"

namespace einloom {

// Q[B,H,P,E], K[B,H,M,E], V[B,H,M,F] → O[B,H,P,F]; causal keeps keys m <= p. A block of rows of scores is held at a
// time (rows_per_block · M floats). InternalError when the extents do not fit together.
[[nodiscard]] Tensor<float> softmax_attention_blas(const Tensor<float>& q, const Tensor<float>& k,
                                                   const Tensor<float>& v, bool causal = false,
                                                   std::int64_t rows_per_block = 128);

}  // namespace einloom
