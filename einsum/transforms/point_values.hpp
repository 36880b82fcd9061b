// SPDX-License-Identifier: Apache-2.0
// A tensor read at one point of a rank, as X[h,TGT,p] is, is made there by itself: of the values at that point of what
// it is mapped from. Who reads the point then waits for the reductions in it and for no traversal. Contract: outputs
// have the same values; the tensor stays for those who read it along the rank.
#pragma once

#include <string>

#include "einsum/cascade.hpp"

namespace einloom::transforms {

// UserError transform-impossible when there is no such rank.
[[nodiscard]] Cascade point_values(const Cascade& cascade, const std::string& rank);

}  // namespace einloom::transforms
