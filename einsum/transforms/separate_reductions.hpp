// SPDX-License-Identifier: Apache-2.0
// sum(p,m) becomes sum(m), then sum(p): the rank first, so that what depends on p can leave the sum over m.
// Contract: outputs have the same values; only Einsums with one operator that wait for an earlier pass are changed.
#pragma once

#include <string>

#include "einsum/cascade.hpp"

namespace einloom::transforms {

// UserError transform-impossible when there is no such rank.
[[nodiscard]] Cascade separate_reductions(const Cascade& cascade, const std::string& rank);

}  // namespace einloom::transforms
