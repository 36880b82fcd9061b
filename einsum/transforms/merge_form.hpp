// SPDX-License-Identifier: Apache-2.0
// Reductions over a partitioned rank as one reduction for each tile and a merge of the tiles, so that what is made with
// a maximum need not wait for it: a value with a shift in it (facts.hpp: exp(x - g) with another g is the same times a
// factor) is made with the g known at the tile, and the tiles' sums are corrected when they are merged.
// Contract: outputs have the same values. Finals that no fact lets exchange stay finals: their readers are one pass
// later, and `blocked` says which and why.
#pragma once

#include <string>
#include <vector>

#include "einsum/cascade.hpp"

namespace einloom::transforms {

enum class MergeStyle {
  running,  // tile by tile into states of an iteration over the tiles (FlashAttention)
  at_end    // all tiles at once when all are there (split-K)
};

struct MergeForm {
  Cascade cascade;
  std::vector<std::string> blocked;  // a sentence for each Einsum that must wait for a final
};

// UserError transform-impossible: the rank is not partitioned or its tiles are already iterated over.
[[nodiscard]] MergeForm merge_form(const Cascade& cascade, const std::string& rank, MergeStyle style);

}  // namespace einloom::transforms
