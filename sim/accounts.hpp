// SPDX-License-Identifier: Apache-2.0
// Counters of a run → the account of every array's cycles, and where the cycles beyond the busiest array's work went.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "mappings/estimate.hpp"
#include "sim/kernel.hpp"
#include "sim/report.hpp"

namespace einloom {

// Kind and subject of the account a wait for this dependence is charged to, its transit excepted.
[[nodiscard]] std::pair<std::string, std::string> wait_name(const Program& program, const Dependence& edge);
// … and of a stall.
[[nodiscard]] std::pair<std::string, std::string> account_name(const Program& program, const Stall& stall);

// Lines of one array; they add up to result.cycles. Sorted: busy in plan order, then waits by size, fill, drain.
[[nodiscard]] std::vector<Account> accounts_of(RunState& run, const RunResult& result, const Totals& totals, int array);

// Work of the busiest array and the parts of the rest. `fill` is split into what the first load took (DRAM latency and
// transfer) and what the arrays in front needed.
[[nodiscard]] Excess excess_of(RunState& run, const RunResult& result, const std::vector<ArrayReport>& arrays);

}  // namespace einloom
