// SPDX-License-Identifier: Apache-2.0
// Operation counts of a cascade in closed form, by kind (mac, add, sub, mul, div, max, exp, …).
// A reduction over n points counts n operations, the first included; sum of products counts mac.
// Factors that are the same at every point (rsqrt(E)) are folded into an operand and count nothing.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "einsum/cascade.hpp"

namespace einloom {

using OperationCounts = std::map<std::string, std::int64_t>;

// Operations at one point of the Einsum's iteration space (map operators, the innermost reduction's operator, fused
// mac). Outer reductions of another kind (`max(m0) sum(e) …`) have fewer points: outer_reductions.
[[nodiscard]] OperationCounts operations_per_point(const Einsum& einsum);

// A reduction of another kind around an inner one: it combines a value at every point of the Einsum's first `variables`
// index variables (outputs, then reductions, outermost first).
struct OuterReduction {
  std::string op;  // by which it combines
  std::size_t variables = 0;
};
// Outermost first; empty where all reductions are of one kind.
[[nodiscard]] std::vector<OuterReduction> outer_reductions(const Einsum& einsum);

// Present points of the Einsum's whole iteration space (product of extents less absent points). Exact.
[[nodiscard]] std::int64_t count_points(const Cascade& cascade, int einsum, const Shape& shape);

[[nodiscard]] OperationCounts count_operations(const Cascade& cascade, int einsum, const Shape& shape);
[[nodiscard]] OperationCounts count_operations(const Cascade& cascade, const Shape& shape);

}  // namespace einloom
