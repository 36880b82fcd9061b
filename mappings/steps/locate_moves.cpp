// SPDX-License-Identifier: Apache-2.0
// Which part of its tensor every move covers, as ranges over the boxes of tiles: what a DRAM with addresses needs.
#include "mappings/steps/lowering.hpp"
#include "mappings/tile_region.hpp"

namespace einloom {

void locate_moves(Lowering& lowering) {
  for (Statement& move : lowering.program.statements) {
    if (move.kind == StatementKind::operation) continue;
    const Access& access = touched_access(lowering.program, lowering.cascade, move);
    move.element_bytes = size_of(lowering.dtype_of(access.tensor)).value();
    move.region = rank_regions(lowering.program, lowering.cascade, move);
  }
}

}  // namespace einloom
