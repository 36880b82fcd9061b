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
// mac). Outer reductions of another kind (`max(m0) sum(e) …`) have fewer points: outer_operations.
[[nodiscard]] OperationCounts operations_per_point(const Einsum& einsum);

// A reduction around one of another kind (`max(m0) sum(e) …`) combines its results: one operation for every point of
// the first `variables` of Einsum::variables(), those that no reduction inside it takes away.
struct OuterOperation {
  std::string op;
  std::size_t variables = 0;
};
[[nodiscard]] std::vector<OuterOperation> outer_operations(const Einsum& einsum);

// Present points of the Einsum's whole iteration space (product of extents less absent points). Exact.
[[nodiscard]] std::int64_t count_points(const Cascade& cascade, int einsum, const Shape& shape);

[[nodiscard]] OperationCounts count_operations(const Cascade& cascade, int einsum, const Shape& shape);
[[nodiscard]] OperationCounts count_operations(const Cascade& cascade, const Shape& shape);

}  // namespace einloom
