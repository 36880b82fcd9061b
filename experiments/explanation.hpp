// SPDX-License-Identifier: Apache-2.0
// Where the cycles of one run come from: accounts with what the waits were for in the end, the bound the run sits on,
// and the bound without its largest wait.
// Contract: accounts of an array add up to the run's cycles; links of an account to at most the account's.
#pragma once

#include <string>
#include <vector>

#include "experiments/point.hpp"
#include "experiments/report_json.hpp"
#include "mappings/program.hpp"
#include "sim/wait_chains.hpp"

namespace einloom {

// At this share of the run's cycles and above, a bound is what the run sits on.
inline constexpr double kBoundShare = 0.9;

struct ExplainedLink {
  std::string what;  // "the way of LM down the rows of array2d and over the link to array1d"
  std::int64_t cycles = 0;
};

struct ExplainedAccount {
  std::string kind, subject;
  std::int64_t cycles = 0;
  std::vector<ExplainedLink> links;  // largest first; of waits for results, slots and iterations, and of transits
};

struct ExplainedArray {
  std::string name;
  std::int64_t work = 0;
  std::vector<ExplainedAccount> accounts;  // largest first, none of 0
};

struct Explanation {
  std::string point;
  std::int64_t cycles = 0, tiles = 0;
  std::vector<ExplainedArray> arrays;
  std::vector<Bound> bounds;  // largest first
  bool by_latency = false;    // no bound reaches kBoundShare
  // The largest wait (of the array whose issue slots are the bound, or of all); nullptr-like when account < 0.
  int wait_array = -1, wait_account = -1;

  [[nodiscard]] const ExplainedArray& waiting_array() const { return arrays[static_cast<std::size_t>(wait_array)]; }
  [[nodiscard]] const ExplainedAccount& largest_wait() const {
    return waiting_array().accounts[static_cast<std::size_t>(wait_account)];
  }
};

// `report` is of fidelity cycle, `chains` listened to its run.
[[nodiscard]] Explanation explain(const Point& point, const Program& program, const Report& report,
                                  const WaitChains& chains);
[[nodiscard]] std::string explanation_text(const Explanation& explanation);
[[nodiscard]] Json to_json(const Explanation& explanation);

}  // namespace einloom
