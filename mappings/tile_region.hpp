// SPDX-License-Identifier: Apache-2.0
// Which part of an iteration space, and of a tensor, one instance of a statement works on.
#pragma once

#include <cstdint>
#include <vector>

#include "einsum/cascade.hpp"
#include "einsum/evaluator.hpp"
#include "mappings/program.hpp"

namespace einloom {

// Ranges of the index variables in Statement::box, in its order. `position` is along the effective loops.
[[nodiscard]] Box tile_box(const Program& program, const Statement& statement,
                           const std::vector<std::int64_t>& position);

// The access through which a statement touches the tensor it writes or moves.
[[nodiscard]] const Access& touched_access(const Program& program, const Cascade& cascade, const Statement& statement);

// That tensor's ranks as ranges over the statement's box.
[[nodiscard]] std::vector<RankRegion> rank_regions(const Program& program, const Cascade& cascade,
                                                   const Statement& statement);
// The range of a rank that a tile covers whose box is, or goes from, `first` to `last`; empty where it lies outside.
[[nodiscard]] Range covered_range(const RankRegion& region, const Box& first, const Box& last);

// Ranges of that tensor's ranks in one instance, clipped to its extents. Loops in `free_loops` (positions in
// `effective`) are taken over their whole length.
[[nodiscard]] Box tensor_region(const Program& program, const Cascade& cascade, const Statement& statement,
                                const std::vector<std::int64_t>& position, const std::vector<int>& free_loops);

}  // namespace einloom
