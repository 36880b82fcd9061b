// SPDX-License-Identifier: Apache-2.0
// Where an instance stands, loop by loop as the plan names them.
// Contract: coalesced loops are taken apart again; loops in which the statement does not act are left out.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "mappings/program.hpp"

namespace einloom {

// ("m1", 3), ("p1", 0), outermost loop first.
[[nodiscard]] std::vector<std::pair<std::string, std::int64_t>> digits_of(const Program& program,
                                                                          const Statement& statement,
                                                                          const std::vector<std::int64_t>& position);

}  // namespace einloom
