// SPDX-License-Identifier: Apache-2.0
// A run that does not go on although work is left: who waits for what.
// Contract: one note per statement that has instances left, naming the first dependence it waits for.
#pragma once

#include <cstdint>

#include "base/diagnostic.hpp"
#include "sim/units.hpp"

namespace einloom {

// Code `deadlock`: nothing can start any more.
[[nodiscard]] UserError deadlock(const RunState& run, std::int64_t now);
// Code `no-progress`: nothing has started, and nothing has been under way, for run.max_idle_cycles.
[[nodiscard]] UserError no_progress(const RunState& run, std::int64_t now);

}  // namespace einloom
