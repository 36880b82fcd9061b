// SPDX-License-Identifier: Apache-2.0
// Updates that leave elements of a state as they were without reading it: S[t+1,j] = X[t] | j == t. Whoever lets a
// state wait elsewhere between its steps has to bring those elements along.
#pragma once

#include "einsum/cascade.hpp"

namespace einloom {

// Whether the tensor is a state of which an absent update carries elements over that neither its operands nor the maps
// behind them read.
[[nodiscard]] bool carries_unread(const Cascade& cascade, const TensorDecl& tensor);

}  // namespace einloom
