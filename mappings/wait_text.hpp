// SPDX-License-Identifier: Apache-2.0
// What an instance waits for, in words: for messages about plans that block themselves.
// Contract: loops and digits as in the Program, coalesced ones joined (`b.h.p2 = 3`).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mappings/program.hpp"

namespace einloom {

// `b.h = 0, m1 = 3`; "" for a statement that acts once.
[[nodiscard]] std::string position_text(const Program& program, const Statement& statement,
                                        const std::vector<std::int64_t>& position);
// "`QK` (m1 = 3)", or the name alone.
[[nodiscard]] std::string instance_text(const Program& program, const Statement& statement,
                                        const std::vector<std::int64_t>& position);
// "the result of `QK`", "a free slot of `K` in buffer (2 in all), held until `QK` has used it", …
[[nodiscard]] std::string wait_text(const Program& program, const Dependence& edge);

}  // namespace einloom
