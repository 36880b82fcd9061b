// SPDX-License-Identifier: Apache-2.0
// How far values computed in a number format may lie from the fp64 kernel by rounding alone.
#pragma once

#include <functional>
#include <string>

#include "base/dtype.hpp"
#include "einsum/cascade.hpp"
#include "einsum/evaluator.hpp"

namespace einloom {

// The bound on |x - r| / (1 + |r|) for `cascade` at `shape`, where r is the kernel's value.
//
// fp32 is held to the tolerance that the cascade's document states (1e-5 unless it says otherwise), fp64 to 1e-7 of it.
// The rounding of a sum of n terms of either sign walks at random to about n · u, so both grow with the longest
// reduction beyond 256 terms.
//
// Narrower formats round the tensors for which `rounded` holds, and running states once per iteration (two of them
// enter a quotient), with unit roundoff u: u · (4 + 2 · iterations). exp turns an absolute error of its argument into a
// relative one of its result, so an argument that is rounded on the way multiplies the bound by 1 + its largest value
// at `inputs`; a running maximum does not, since it is subtracted everywhere alike. Where a cascade itself magnifies
// what is rounded (norms of small values, long chains), four times what the evaluator loses in the format, at most
// one half, is allowed: the order of a schedule rounds other sums, not more often by more than that.
[[nodiscard]] double rounding_tolerance(const Cascade& cascade, const Shape& shape, Dtype dtype,
                                        const TensorStore<double>& inputs,
                                        const std::function<bool(const std::string&)>& rounded);

}  // namespace einloom
