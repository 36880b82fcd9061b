// SPDX-License-Identifier: Apache-2.0
// A cascade's own values, untiled, against the hand-written kernel it names (`einloom check`).
// Contract: inputs depend on the seed, the shape and the dtype alone; the kernel sees the inputs after rounding.
#pragma once

#include <cstdint>
#include <optional>

#include "einsum/cascade.hpp"
#include "einsum/evaluator.hpp"
#include "sim/report.hpp"

namespace einloom {

struct CascadeCheckOptions {
  Dtype dtype = Dtype::fp64;
  std::uint64_t seed = 1;
  double input_scale = 1;  // multiplies the first input (Q: the scores grow with it)
};

// The shape of the first case that the cascade is checked at with the options it has, where not all extents go
// together: ranks follow from others, or inputs hold indices. Unbound; nothing otherwise.
[[nodiscard]] std::optional<Shape> checked_shape(const Cascade& cascade);

// checked_shape, or a small one in which no two ranks are alike and no rank is a multiple of its tile: unbound, for
// Cascade::bind.
[[nodiscard]] Shape small_shape(const Cascade& cascade);

// Given inputs against the kernel; `tolerance` is that of `dtype` when left out. UserError reference-missing.
[[nodiscard]] CheckReport check_inputs(const Cascade& cascade, const Shape& shape, Dtype dtype,
                                       std::optional<double> tolerance, TensorStore<double> inputs);

// `shape` is bound. UserError reference-missing.
[[nodiscard]] CheckReport check_cascade(const Cascade& cascade, const Shape& shape, const CascadeCheckOptions& options);

}  // namespace einloom
