// SPDX-License-Identifier: Apache-2.0
#include "einsum/tolerance.hpp"

#include <algorithm>

namespace einloom {

namespace {

constexpr int kDrawings = 3;
constexpr double kTimesNoise = 4;
constexpr double kFp64ToFp32 = 1e-7;  // of the stated tolerances

}  // namespace

double least_tolerance(const Cascade& cascade, Dtype dtype) {
  if (dtype == Dtype::fp64) return kFp64ToFp32 * cascade.checks().tolerance;
  if (dtype == Dtype::fp32) return cascade.checks().tolerance;
  return 4 * unit_roundoff(dtype);
}

Tolerance rounding_tolerance(const Cascade& cascade, const Shape& shape, Dtype dtype, const TensorStore<double>& inputs,
                             const RunRounding& rounding) {
  const RoundingNoise noise(cascade, shape, inputs);
  for (;;) {
    double lost = 0;
    for (int drawing = 1; drawing <= kDrawings; ++drawing) {
      lost = std::max(lost, noise.lost(dtype, rounding, static_cast<std::uint64_t>(drawing)));
      if (kTimesNoise * lost > kLargestTolerance) break;
    }
    const double value = std::max(least_tolerance(cascade, dtype), kTimesNoise * lost);
    if (value <= kLargestTolerance || dtype == Dtype::fp64) return {dtype, std::min(value, kLargestTolerance)};
    dtype = dtype == Dtype::fp32 ? Dtype::fp64 : Dtype::fp32;
  }
}

}  // namespace einloom
