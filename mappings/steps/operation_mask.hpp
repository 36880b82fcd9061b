// SPDX-License-Identifier: Apache-2.0
// Which tiles of an operation have points: a bit for each position along the loops that predicates know.
#pragma once

#include <memory>

#include "mappings/steps/data_predicates.hpp"
#include "mappings/steps/lowering.hpp"

namespace einloom {

struct OperationTiles {
  std::shared_ptr<TileMask> mask;  // null: all tiles have points
  bool are_too_many = false;       // … or nobody looked
};

// By affine predicates and, unless null, by `data` as well.
[[nodiscard]] OperationTiles tiles_with_points(const Lowering& lowering, const Statement& statement,
                                               DataPredicates* data);

}  // namespace einloom
