// SPDX-License-Identifier: Apache-2.0
// The positions inside the tiles of a partitioned rank as a rank of their own, so that it can be transformed like any
// other: with M in parts H and N, N becomes a rank and H a derived one; what is read along M at h*N+n is copied once,
// as `TX[h,n]`.
// Contract: outputs have the same values, and N as many passes as before; N is no parameter any more, its extent is
// the shape's.
#pragma once

#include <string>

#include "einsum/cascade.hpp"

namespace einloom::transforms {

// UserError transform-impossible: no inner part of that name; tiles that depend on each other (something reduces over
// or iterates along the partitioned rank); a tensor along it that is written by tiles, or read at something else than
// h*N+n.
[[nodiscard]] Cascade detach_tiles(const Cascade& cascade, const std::string& inner);

}  // namespace einloom::transforms
