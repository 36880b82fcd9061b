// SPDX-License-Identifier: Apache-2.0
// A cascade's own values, untiled, against the hand-written kernel it names (`einloom check`).
// Contract: inputs depend on the seed, the shape and the dtype alone; the kernel sees the inputs after rounding.
#pragma once

#include <cstdint>

#include "einsum/cascade.hpp"
#include "sim/report.hpp"

namespace einloom {

struct CascadeCheckOptions {
  Dtype dtype = Dtype::fp64;
  std::uint64_t seed = 1;
  double input_scale = 1;  // multiplies the first input (Q: the scores grow with it)
};

// A small shape in which no two ranks are alike and no rank is a multiple of its tile: unbound, for Cascade::bind.
[[nodiscard]] Shape small_shape(const Cascade& cascade);

// `shape` is bound. UserError reference-missing.
[[nodiscard]] CheckReport check_cascade(const Cascade& cascade, const Shape& shape, const CascadeCheckOptions& options);

}  // namespace einloom
