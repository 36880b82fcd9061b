// SPDX-License-Identifier: Apache-2.0
// Selection: the k largest values of a row, of equal ones the first.
#pragma once

#include <cstdint>
#include <vector>

#include "einsum/reference/rows.hpp"

namespace einloom::reference {

// Their indices, ascending; all when there are fewer than k.
[[nodiscard]] std::vector<std::int64_t> top_k(const Row& values, std::int64_t k);

}  // namespace einloom::reference
