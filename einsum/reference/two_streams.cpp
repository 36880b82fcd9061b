// SPDX-License-Identifier: Apache-2.0
#include "einsum/reference/two_streams.hpp"

#include "base/diagnostic.hpp"
#include "einsum/reference/scored_keys.hpp"

namespace einloom::reference {

std::vector<Row> joint_attention(const std::vector<Row>& queries, const Stream& first, const Stream& second) {
  std::vector<Row> keys = first.keys, values = first.values;
  keys.insert(keys.end(), second.keys.begin(), second.keys.end());
  values.insert(values.end(), second.values.begin(), second.values.end());
  ensure(keys.size() == values.size() && !keys.empty(), "joint attention: every key has a value");
  const auto count = static_cast<std::int64_t>(keys.size());
  const auto features = static_cast<std::int64_t>(values.front().size());
  std::vector<Row> out;
  for (const Row& query : queries) {
    const double scale = inverse_sqrt(static_cast<std::int64_t>(query.size()));
    out.push_back(softmax_values(
        count, features, [&](std::int64_t m) { return dot(query, keys[to_size(m)]) * scale; },
        [&](std::int64_t m, std::int64_t f) { return values[to_size(m)][to_size(f)]; }));
  }
  return out;
}

}  // namespace einloom::reference
