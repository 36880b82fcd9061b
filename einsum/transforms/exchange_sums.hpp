// SPDX-License-Identifier: Apache-2.0
// sum(m) of w[m] · (sum(h) x[h,m]) becomes sum(h,m) of x[h,m] · w[m]: what depends on h can then leave the sum over m,
// which it could not while h was reduced inside. More operations, maybe fewer passes.
// Contract: outputs have the same values; only sums of products are changed, and only where they wait for a pass.
#pragma once

#include <string>

#include "einsum/cascade.hpp"

namespace einloom::transforms {

// UserError transform-impossible when there is no such rank.
[[nodiscard]] Cascade exchange_sums(const Cascade& cascade, const std::string& rank);

}  // namespace einloom::transforms
