// SPDX-License-Identifier: Apache-2.0
// Do a cascade's values fit in memory at a shape? Asked before any are drawn.
#pragma once

#include <cstdint>

#include "base/source_file.hpp"
#include "einsum/cascade.hpp"

namespace einloom {

inline constexpr std::int64_t kMostValueBytes = std::int64_t{16} << 30;  // of all tensors in fp64

// Of all tensors in fp64; a double, since it may be beyond 64 bits.
[[nodiscard]] double value_bytes(const Cascade& cascade, const Shape& shape);

// UserError workload-too-large at `where` when they are more than kMostValueBytes. `shape` is bound.
void require_values_fit(const Cascade& cascade, const Shape& shape, const Span& where);

}  // namespace einloom
