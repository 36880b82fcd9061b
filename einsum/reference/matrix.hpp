// SPDX-License-Identifier: Apache-2.0
// Matrices as rows of numbers: what a kernel takes out of its tensors, multiplies, and puts back.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/tensor.hpp"
#include "einsum/reference/reference.hpp"
#include "einsum/reference/rows.hpp"

namespace einloom::reference {

using Matrix = std::vector<Row>;

[[nodiscard]] Matrix zeros(std::int64_t rows, std::int64_t columns);

// The row (last rank) or matrix (last two) at the leading indices.
template <class... Index>
[[nodiscard]] Row row_at(const Tensor<double>& tensor, Index... index) {
  const double* from = tensor.data() + tensor.offset(index...);
  return {from, from + tensor.extents().back()};
}
template <class... Index>
[[nodiscard]] Matrix matrix_at(const Tensor<double>& tensor, Index... index) {
  Matrix rows;
  const std::int64_t count = tensor.extents()[tensor.extents().size() - 2];
  for (std::int64_t i = 0; i < count; ++i) rows.push_back(row_at(tensor, index..., i));
  return rows;
}

[[nodiscard]] Matrix transposed(const Matrix& a);
[[nodiscard]] Row times(const Row& a, const Matrix& b);  // Σ_i a[i] · b[i,·]
[[nodiscard]] Matrix times(const Matrix& a, const Matrix& b);
[[nodiscard]] Matrix scores(const Matrix& a, const Matrix& b);  // a[p] · b[m] for all p and m
void add(Row& to, const Row& what);

// exp of the scores over their row's sum, where `seen(p, m)`; a row that sees nothing is 0.
using Seen = std::function<bool(std::int64_t p, std::int64_t m)>;
[[nodiscard]] Matrix softmax_weights(Matrix scores, const Seen& seen = {});
[[nodiscard]] inline bool causal(std::int64_t p, std::int64_t m) { return m <= p; }

// A tensor whose two last ranks are what `matrix` gives at each (b, h).
[[nodiscard]] Tensor<double> each_head(const std::vector<std::string>& ranks, std::int64_t batch, std::int64_t heads,
                                       const std::function<Matrix(std::int64_t b, std::int64_t h)>& matrix);

// The tensor when the workload has it; nullptr otherwise.
[[nodiscard]] const Tensor<double>* optional_input(const ReferenceTensors& inputs, const std::string& name);
[[nodiscard]] Tensor<double> scalar_tensor(double value);

// Q[B,H,P,E], K[B,H,M,E] and V[B,H,M,F], their extents compared.
struct HeadInputs {
  const Tensor<double>&q, &k, &v;
  std::int64_t batch, heads, queries, keys, e, f;

  [[nodiscard]] std::vector<std::string> output_ranks() const;  // Q's, with V's last
};
[[nodiscard]] HeadInputs head_inputs(const ReferenceTensors& inputs);
[[nodiscard]] HeadInputs token_inputs(const ReferenceTensors& inputs);  // as many queries as keys: one per token

}  // namespace einloom::reference
