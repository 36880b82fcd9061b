// SPDX-License-Identifier: Apache-2.0
// One query against all keys: its scores, and values added up by its weights. Matrices are spans of equal rows, as they
// lie in a tensor.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "base/tensor.hpp"
#include "einsum/reference/rows.hpp"

namespace einloom::reference {

using Values = std::span<const double>;
using Seen = std::function<bool(std::int64_t m)>;  // whether the query sees key m; empty: every key

// What lies at the leading indices: a row, or a matrix row after row.
template <class... Index>
[[nodiscard]] Values part(const Tensor<double>& tensor, Index... index) {
  const auto stride = static_cast<std::size_t>(tensor.strides()[sizeof...(index) - 1]);
  if (tensor.size() == 0) return {};
  return {tensor.data() + tensor.offset(index...), stride};
}
[[nodiscard]] inline Values row_of(Values matrix, std::int64_t index, std::size_t extent) {
  return matrix.subspan(static_cast<std::size_t>(index) * extent, extent);
}
[[nodiscard]] inline Row copy(Values values) { return {values.begin(), values.end()}; }

// Key-value head of query head h: groups of equal size, one after another.
[[nodiscard]] inline std::int64_t group_of(std::int64_t h, std::int64_t heads, std::int64_t groups) {
  return h * groups / heads;
}
// Query heads stand in their groups, [… G, R …]: as one rank of heads at `position`, and back. The groups are those of
// the keys.
[[nodiscard]] Tensor<double> joined_heads(const Tensor<double>& tensor, std::size_t position);
[[nodiscard]] Tensor<double> grouped_heads(const Tensor<double>& tensor, std::size_t position, std::int64_t groups);
[[nodiscard]] double inverse_root(std::int64_t extent);  // 1 / sqrt(extent)
[[nodiscard]] double product(Values a, Values b);        // a · b

// scale · query·key for each row of keys; -inf where the key is not seen.
[[nodiscard]] Row scores(Values query, Values keys, double scale, const Seen& seen = {});
// Sum of weights[m] · row m of values; a row without weight is not looked at.
[[nodiscard]] Row weighted_sum(const Row& weights, Values values, std::int64_t extent);
// weighted_sum of the softmax of the scores; no key seen: 0. The log-sum-exp goes to `lse` when it is given.
[[nodiscard]] Row attend(Values query, Values keys, Values values, std::int64_t extent, double scale,
                         const Seen& seen = {}, double* lse = nullptr);

void store(Values row, double* to);

}  // namespace einloom::reference
