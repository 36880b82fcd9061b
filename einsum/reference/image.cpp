// SPDX-License-Identifier: Apache-2.0
#include "einsum/reference/image.hpp"

#include "base/diagnostic.hpp"

namespace einloom::reference {

Grid grid_of(const ReferenceSetting& setting, std::int64_t tokens) {
  const Grid grid{setting.extent("Y"), setting.extent("X")};
  ensure(grid.y * grid.x == tokens, "a reference kernel's grid has not as many places as there are tokens");
  return grid;
}

double window_sum(const Matrix& tokens, const Grid& grid, std::int64_t y, std::int64_t x, std::size_t channel,
                  const Matrix& kernel) {
  const auto side = static_cast<std::int64_t>(kernel.size());
  double sum = 0;
  for (std::int64_t u = 0; u < side; ++u) {
    for (std::int64_t v = 0; v < side; ++v) {
      const std::int64_t at_y = y + u - side / 2, at_x = x + v - side / 2;
      if (!grid.contains(at_y, at_x)) continue;
      sum += kernel[static_cast<std::size_t>(u)][static_cast<std::size_t>(v)] * tokens[grid.token(at_y, at_x)][channel];
    }
  }
  return sum;
}

}  // namespace einloom::reference
