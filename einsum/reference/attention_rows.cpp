// SPDX-License-Identifier: Apache-2.0
#include "einsum/reference/attention_rows.hpp"

#include <algorithm>
#include <cmath>

#include "base/diagnostic.hpp"

namespace einloom::reference {

double inverse_root(std::int64_t extent) { return 1 / std::sqrt(static_cast<double>(extent)); }

double product(Values a, Values b) {
  ensure(a.size() == b.size(), "product of rows of different lengths");
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

Row scores(Values query, Values keys, double scale, const Seen& seen) {
  ensure(!query.empty() && keys.size() % query.size() == 0, "keys are not as long as their query");
  Row all(keys.size() / query.size(), -HUGE_VAL);
  for (std::size_t m = 0; m < all.size(); ++m) {
    const auto key = static_cast<std::int64_t>(m);
    if (!seen || seen(key)) all[m] = scale * product(query, row_of(keys, key, query.size()));
  }
  return all;
}

Row weighted_sum(const Row& weights, Values values, std::int64_t extent) {
  const auto columns = static_cast<std::size_t>(extent);
  ensure(values.size() == weights.size() * columns, "as many values as weights");
  Row sum(columns, 0);
  for (std::size_t m = 0; m < weights.size(); ++m) {
    if (weights[m] == 0) continue;
    for (std::size_t f = 0; f < columns; ++f) sum[f] += weights[m] * values[m * columns + f];
  }
  return sum;
}

Row attend(Values query, Values keys, Values values, std::int64_t extent, double scale, const Seen& seen, double* lse) {
  Row weights = scores(query, keys, scale, seen);
  const double log_sum = softmax(weights);
  if (lse != nullptr) *lse = log_sum;
  return weighted_sum(weights, values, extent);
}

void store(Values row, double* to) { std::copy(row.begin(), row.end(), to); }

}  // namespace einloom::reference
