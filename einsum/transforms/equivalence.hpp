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
  double largest_error = 0;     // of 1 + |value of the origin|; infinite where one alone is not finite
  std::string where;            // output with the largest error
  std::int64_t values = 0;      // finite, compared
  std::int64_t not_finite = 0;  // not finite in both: they say little
  [[nodiscard]] bool holds() const { return largest_error <= kEquivalenceTolerance && (values > 0 || not_finite == 0); }
};

// Inputs are drawn as the origin's checks say, normal(0, 1) when they do not; the first one times `scale`. `shape` has
// the ranks and parameters of both; parts follow. UserError workload-too-large at `where`; InternalError when the
// inputs or the outputs' shapes are not the same.
[[nodiscard]] Equivalence compare_values(const Cascade& origin, const Cascade& result, const Shape& shape,
                                         std::uint64_t seed, double scale = 1, const Span& where = {});

}  // namespace einloom::transforms
