// SPDX-License-Identifier: Apache-2.0
// Three loops.
#include "einsum/reference/matmul.hpp"
#include "einsum/reference/kernels.hpp"

#include "base/diagnostic.hpp"

namespace einloom {

Tensor<double> matmul(const Tensor<double>& x, const Tensor<double>& w) {
  ensure(x.extents().size() == 2 && w.extents().size() == 2 && x.extents()[1] == w.extents()[0],
         "matmul: X[T,K] and W[K,N] share K");
  const std::int64_t rows = x.extents()[0], inner = x.extents()[1], columns = w.extents()[1];
  Tensor<double> z({x.ranks()[0], w.ranks()[1]}, {rows, columns});
  for (std::int64_t t = 0; t < rows; ++t) {
    for (std::int64_t n = 0; n < columns; ++n) {
      double sum = 0;
      for (std::int64_t k = 0; k < inner; ++k) sum += x.data()[t * inner + k] * w.data()[k * columns + n];
      z.data()[t * columns + n] = sum;
    }
  }
  return z;
}

}  // namespace einloom

namespace einloom::reference {
namespace {

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting&) {
  return {{"Z", matmul(reference_input(inputs, "X"), reference_input(inputs, "W"))}};
}

}  // namespace

std::vector<ReferenceKernel> matmul_kernels() {
  return {{"matmul", "X[T,K], W[K,N] → Z[T,N]", {"W", "X"}, {{"Z", {"T", "N"}}}, &run}};
}

}  // namespace einloom::reference
