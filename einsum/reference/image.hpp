// SPDX-License-Identifier: Apache-2.0
// Tokens on an image grid: token y·X + x lies at (y, x). What lies outside the image is 0.
#pragma once

#include <cstdint>

#include "einsum/reference/matrix.hpp"

namespace einloom::reference {

struct Grid {
  std::int64_t y, x;

  [[nodiscard]] bool contains(std::int64_t at_y, std::int64_t at_x) const {
    return at_y >= 0 && at_y < y && at_x >= 0 && at_x < x;
  }
  [[nodiscard]] std::size_t token(std::int64_t at_y, std::int64_t at_x) const {
    return static_cast<std::size_t>(at_y * x + at_x);
  }
};

// The extents Y and X of the setting; InternalError when they do not hold `tokens`.
[[nodiscard]] Grid grid_of(const ReferenceSetting& setting, std::int64_t tokens);

// Σ_(u,v) kernel[u][v] · tokens[(y + u - half, x + v - half)][channel], the kernel square with half = its side / 2.
[[nodiscard]] double window_sum(const Matrix& tokens, const Grid& grid, std::int64_t y, std::int64_t x,
                                std::size_t channel, const Matrix& kernel);

}  // namespace einloom::reference
