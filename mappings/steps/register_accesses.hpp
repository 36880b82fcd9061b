// SPDX-License-Identifier: Apache-2.0
// Registers of a PE that its operations read; they write as many (the result and the arrivals of the other operands).
#pragma once

#include <cstdint>
#include <string>

#include "arch/machine.hpp"

namespace einloom {

// An operation with n operands reads n; each action of one that takes several touches registers like the action itself.
[[nodiscard]] std::int64_t registers_touched(const std::string& op, const OperationCost& cost);

// One comparison of a selection, whose entry is the price of one: every action by its own operands.
[[nodiscard]] std::int64_t registers_of_comparison(const OperationCost& cost);

}  // namespace einloom
