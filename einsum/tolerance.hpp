// SPDX-License-Identifier: Apache-2.0
// How far values computed in a number format may lie from the fp64 kernel by rounding alone.
#pragma once

#include "base/dtype.hpp"
#include "einsum/cascade.hpp"
#include "einsum/evaluator.hpp"
#include "einsum/rounding_noise.hpp"

namespace einloom {

struct Tolerance {
  Dtype dtype = Dtype::fp64;  // in which values can be held to it
  double value = 0;           // on |x - r| / (1 + |r|), where r is the kernel's value
};

// What values in `dtype` are held to at least: the tolerance that the cascade's document states (1e-5 unless it says
// otherwise), for fp64 1e-7 of that, and for formats narrower than fp32 four times their unit roundoff.
[[nodiscard]] double least_tolerance(const Cascade& cascade, Dtype dtype);

// The tolerance for `cascade` at `inputs`. What a run gives takes no part in it, only what it rounds: it is four times
// the largest that three drawings of rounding noise (einsum/rounding_noise) move any result, at least least_tolerance.
// Noise is as large as one rounding can be, with a sign at random; the roundings of a run are seldom that large, and
// three drawings seldom leave every result where it is.
//
// Rounding can decide what is selected, or be magnified by the cascade, until values in a format say nothing about a
// schedule. Where the tolerance would be above kLargestTolerance, the next wider format takes the place of `dtype`:
// fp32, then fp64, whose tolerance is kLargestTolerance at most.
[[nodiscard]] Tolerance rounding_tolerance(const Cascade& cascade, const Shape& shape, Dtype dtype,
                                           const TensorStore<double>& inputs, const RunRounding& rounding);

}  // namespace einloom
