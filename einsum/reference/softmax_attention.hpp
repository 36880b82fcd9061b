// SPDX-License-Identifier: Apache-2.0
// Softmax attention by plain loops in fp64: O[b,h,p,f] = sum over m of softmax(Q·K / sqrt(E)) V, the oracle of every
// softmax cascade. A row without any key gives 0.
#pragma once

#include <cstdint>
#include <functional>

#include "base/tensor.hpp"

namespace einloom {

// True when query p sees key m; an empty function means every key is seen.
using AttentionMask = std::function<bool(std::int64_t p, std::int64_t m)>;

// Q[B,H,P,E], K[B,H,M,E], V[B,H,M,F] → O[B,H,P,F]. InternalError when the extents do not fit together.
[[nodiscard]] Tensor<double> softmax_attention(const Tensor<double>& q, const Tensor<double>& k,
                                               const Tensor<double>& v, const AttentionMask& mask = {});

}  // namespace einloom
