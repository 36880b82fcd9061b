// SPDX-License-Identifier: Apache-2.0
// X[T,K], W[K,N] → Z[T,N]: the sum over K of their products, in fp64, one multiplication and addition after another.
#pragma once

#include "base/tensor.hpp"

namespace einloom {

[[nodiscard]] Tensor<double> matmul(const Tensor<double>& x, const Tensor<double>& w);

}  // namespace einloom
