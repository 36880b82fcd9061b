// SPDX-License-Identifier: Apache-2.0
// Takes what is only known after a pass over a rank out of the reductions over it: a division of every weight by the
// row's sum becomes a division of the row's result. Of several terms each is reduced by itself.
// Contract: outputs have the same values; nothing is changed where no fact (facts.hpp) allows it.
#pragma once

#include <string>

#include "einsum/passes.hpp"

namespace einloom::transforms {

// Over every part of the rank: a factor for each tile leaves the reduction inside the tile.
// UserError transform-impossible when the cascade has no such rank.
[[nodiscard]] Cascade defer_scaling(const Cascade& cascade, const std::string& rank);

// The rank with its parts.
[[nodiscard]] RankGroup group_of(const Cascade& cascade, const std::string& rank);

}  // namespace einloom::transforms
