// SPDX-License-Identifier: Apache-2.0
#include "einsum/reference/attention_rows.hpp"

#include <algorithm>
#include <cmath>

#include "base/diagnostic.hpp"

namespace einloom::reference {

namespace {

Tensor<double> with(const Tensor<double>& tensor, const std::vector<std::string>& ranks,
                    const std::vector<std::int64_t>& extents) {
  Tensor<double> result(ranks, extents);
  std::copy(tensor.data(), tensor.data() + tensor.size(), result.data());
  return result;
}

}  // namespace

Tensor<double> joined_heads(const Tensor<double>& tensor, std::size_t position) {
  auto ranks = tensor.ranks();
  auto extents = tensor.extents();
  ensure(extents.size() > position + 1, "heads stand in groups");
  const auto at = static_cast<std::ptrdiff_t>(position);
  extents[position] *= extents[position + 1];
  extents.erase(extents.begin() + at + 1);
  ranks[position] = "H";
  ranks.erase(ranks.begin() + at + 1);
  return with(tensor, ranks, extents);
}

Tensor<double> grouped_heads(const Tensor<double>& tensor, std::size_t position, std::int64_t groups) {
  auto ranks = tensor.ranks();
  auto extents = tensor.extents();
  ensure(groups > 0 && extents.at(position) % groups == 0, "groups of heads are equal");
  const auto at = static_cast<std::ptrdiff_t>(position);
  extents.insert(extents.begin() + at + 1, extents[position] / groups);
  extents[position] = groups;
  ranks[position] = "G";
  ranks.insert(ranks.begin() + at + 1, "R");
  return with(tensor, ranks, extents);
}

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
