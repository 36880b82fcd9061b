// SPDX-License-Identifier: Apache-2.0
// A plan as people read it: tiles, the loop nest with the Einsum bindings in it, what is kept where, phases.
// Contract: everything the document says is in it, in the document's order.
#pragma once

#include <string>

#include "mappings/plan.hpp"

namespace einloom {

[[nodiscard]] std::string plan_text(const Plan& plan);

}  // namespace einloom
