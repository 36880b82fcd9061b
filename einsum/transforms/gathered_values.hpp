// SPDX-License-Identifier: Apache-2.0
// What an Einsum gathers from a rank through an index tensor, `V[g,IX[g,p,w],f]`, is copied in the pass in which the
// indices are known, where the Einsum itself runs later: what is gathered has the ranks of the indices, so later passes
// are over those.
// Contract: outputs have the same values; nothing is changed where nothing late gathers. The copies are to be held
// until they are read, which is one tile where the ranks of the indices take one pass.
#pragma once

#include <string>

#include "einsum/cascade.hpp"

namespace einloom::transforms {

// UserError transform-impossible when the cascade has no such rank.
[[nodiscard]] Cascade gathered_values(const Cascade& cascade, const std::string& rank);

}  // namespace einloom::transforms
