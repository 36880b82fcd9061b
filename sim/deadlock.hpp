// SPDX-License-Identifier: Apache-2.0
// When nothing can happen any more although work is left: who waits for what.
#pragma once

#include <cstdint>

#include "base/diagnostic.hpp"
#include "sim/units.hpp"

namespace einloom {

// Code `deadlock`: one note per statement that has instances left, naming the first dependence it waits for.
[[nodiscard]] UserError deadlock(const RunState& run, std::int64_t now);

}  // namespace einloom
