// SPDX-License-Identifier: Apache-2.0
// An index is in when fewer than k others come before it.
#include "einsum/reference/top_k.hpp"

namespace einloom::reference {

std::vector<std::int64_t> top_k(const Row& values, std::int64_t k) {
  std::vector<std::int64_t> chosen;
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::int64_t before = 0;
    for (std::size_t j = 0; j < values.size() && before < k; ++j) {
      before += values[j] > values[i] || (values[j] == values[i] && j < i) ? 1 : 0;
    }
    if (before < k) chosen.push_back(static_cast<std::int64_t>(i));
  }
  return chosen;
}

}  // namespace einloom::reference
