// SPDX-License-Identifier: Apache-2.0
// A rank cut into tiles: M becomes M1 tiles of M0, m becomes m1*M0+m0.
// Contract: inputs and outputs keep their ranks, so an output along the rank, and what it is made of, stays whole
// beside the tiles of what is reduced; the values of every output are the same.
#pragma once

#include <cstdint>
#include <string>

#include "einsum/cascade.hpp"

namespace einloom::transforms {

inline constexpr std::int64_t kDefaultTile = 256;

// The parts are named after the rank (M1, M0), or M_1, M_0 where those are taken; the inner one is a parameter with
// `tile` as its default. UserError transform-impossible: no such rank, already partitioned or iterative, nothing
// reduces over it, a tensor of the cascade that is read across tiles.
[[nodiscard]] Cascade partition_rank(const Cascade& cascade, const std::string& rank, std::int64_t tile = kDefaultTile);

}  // namespace einloom::transforms
