// SPDX-License-Identifier: Apache-2.0
// Two cascades evaluated in fp64 on the same random inputs: the last word on a transformation.
#pragma once

#include <cstdint>
#include <string>

#include "einsum/cascade.hpp"

namespace einloom::transforms {

// What rounding explains in fp64, of 1 + |value|: orders of summation and corrections differ.
inline constexpr double kEquivalenceTolerance = 1e-11;

struct Equivalence {
  double largest_error = 0;  // of 1 + |value of the origin|; NaN counts as infinite unless both are
  std::string where;         // output with the largest error
  std::int64_t values = 0;
  [[nodiscard]] bool holds() const { return largest_error <= kEquivalenceTolerance; }
};

// Inputs are drawn as the origin's checks say, normal(0, 1) when they do not; the first one times `scale`. `shape` has
// the ranks and parameters of both; parts follow. InternalError when the inputs or the outputs' shapes are not the
// same.
[[nodiscard]] Equivalence compare_values(const Cascade& origin, const Cascade& result, const Shape& shape,
                                         std::uint64_t seed, double scale = 1);

}  // namespace einloom::transforms
