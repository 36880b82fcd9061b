// SPDX-License-Identifier: Apache-2.0
// Which keys a token attends to along one axis of its grid: the nearest `kernel` ones of its residue modulo `dilation`.
// At a border the window shifts; with `causal` it shrinks. Queries of one group of `stride` share the window's centre.
#pragma once

#include <cstdint>

namespace einloom::reference {

// kernel >= 1, dilation >= 1, kernel · dilation <= length, 1 <= stride <= kernel.
struct NeighborhoodAxis {
  std::int64_t length = 1;
  std::int64_t kernel = 1;
  std::int64_t dilation = 1;
  std::int64_t stride = 1;
  bool causal = false;
};

[[nodiscard]] bool is_neighbour(const NeighborhoodAxis& axis, std::int64_t query, std::int64_t key);

}  // namespace einloom::reference
