// SPDX-License-Identifier: Apache-2.0
// Which part of its tensor every move covers, as ranges over the boxes of tiles: what a DRAM with addresses needs.
#include "mappings/steps/lowering.hpp"
#include "mappings/tile_region.hpp"

namespace einloom {

void locate_moves(Lowering& lowering) {
  for (Statement& move : lowering.program.statements) {
    if (move.kind == StatementKind::operation) continue;
    const Access& access = touched_access(lowering.program, lowering.cascade, move);
    const TensorDecl& tensor = lowering.tensor(access.tensor);
    move.element_bytes = size_of(lowering.dtype_of(access.tensor)).value();
    for (std::size_t i = 0; i < access.indices.size(); ++i) {
      RankRegion region;
      const bool iterative = tensor.iterative_rank == tensor.ranks[i];
      region.extent = lowering.program.shape.at(tensor.ranks[i]) + (iterative ? 1 : 0);
      for (const IndexTerm& term : access.indices[i].terms) {
        const std::int64_t factor = term.factor * (term.symbol.empty() ? 1 : lowering.program.shape.at(term.symbol));
        if (term.variable.empty()) region.offset += factor;
        for (std::size_t v = 0; v < move.box.size() && !term.variable.empty(); ++v) {
          if (move.box[v].variable == term.variable) region.terms.push_back({static_cast<int>(v), factor});
        }
      }
      move.region.push_back(std::move(region));
    }
  }
}

}  // namespace einloom
