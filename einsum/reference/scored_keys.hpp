// SPDX-License-Identifier: Apache-2.0
// One query whose scores and values are given as functions of the key: how kernels say what a key counts.
#pragma once

#include <cmath>
#include <cstdint>

#include "einsum/reference/rows.hpp"

namespace einloom::reference {

inline constexpr double kAbsent = -HUGE_VAL;  // the score of a key that is not seen

// term(0) + … + term(n-1)
template <class Term>
[[nodiscard]] double sum_over(std::int64_t n, const Term& term) {
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += term(i);
  return sum;
}

// term(0), …, term(n-1)
template <class Term>
[[nodiscard]] Row row_of_terms(std::int64_t n, const Term& term) {
  Row row;
  for (std::int64_t i = 0; i < n; ++i) row.push_back(term(i));
  return row;
}

// sum over m of weights[m] · value(m, f), for each f; value is not asked where the weight is 0.
template <class Value>
[[nodiscard]] Row weighted_values(const Row& weights, std::int64_t features, const Value& value) {
  Row sum(static_cast<std::size_t>(features), 0);
  for (std::size_t m = 0; m < weights.size(); ++m) {
    if (weights[m] == 0) continue;
    for (std::int64_t f = 0; f < features; ++f) {
      sum[static_cast<std::size_t>(f)] += weights[m] * value(static_cast<std::int64_t>(m), f);
    }
  }
  return sum;
}

// weighted_values with the softmax of score(0), …, score(keys-1); all absent: 0.
template <class Score, class Value>
[[nodiscard]] Row softmax_values(std::int64_t keys, std::int64_t features, const Score& score, const Value& value) {
  Row weights = row_of_terms(keys, score);
  softmax(weights);
  return weighted_values(weights, features, value);
}

[[nodiscard]] inline double inverse_sqrt(std::int64_t extent) { return 1 / std::sqrt(static_cast<double>(extent)); }
[[nodiscard]] inline std::size_t to_size(std::int64_t index) { return static_cast<std::size_t>(index); }

}  // namespace einloom::reference
