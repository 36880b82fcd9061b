// SPDX-License-Identifier: Apache-2.0
// Are a cascade's operations and bytes at a shape 64-bit integers? Asked before any are counted.
#pragma once

#include "base/source_file.hpp"
#include "einsum/cascade.hpp"

namespace einloom {

// UserError workload-too-large at `where` when they are not, with room for sums. `shape` is bound.
void require_countable(const Cascade& cascade, const Shape& shape, const Span& where);

}  // namespace einloom
