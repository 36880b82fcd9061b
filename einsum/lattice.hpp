// SPDX-License-Identifier: Apache-2.0
// Exact number of integer points of a box that satisfy affine constraints.
// No enumeration where two variables are left with unit coefficients; more are looped over, the fewest points first.
#pragma once

#include <cstdint>
#include <vector>

#include "einsum/affine.hpp"

namespace einloom {

// Points of 0 <= v_i < extents[i] that satisfy every constraint. The result must fit int64 (InternalError).
[[nodiscard]] std::int64_t count_lattice_points(std::vector<std::int64_t> extents, std::vector<Constraint> constraints);

}  // namespace einloom
