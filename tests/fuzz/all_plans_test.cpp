// SPDX-License-Identifier: Apache-2.0
// The laws of fast_forward_test.cpp for every plan in the tree, so that none can be forgotten: seeded shapes with whole
// and partial tiles, arrays from 2 x 2 to 16 x 16, buffers from roomy to tight, spilled shares.
#include "fuzz/laws.hpp"
#include "support/plan_cases.hpp"
#include "support/seeds.hpp"

using namespace einloom;
using namespace einloom::test;

TEST_CASE("every plan in the tree on seeded shapes") {
  constexpr std::uint64_t kFirstSeed = 1;
  constexpr int kCases = seeds(200);
  for (const std::string& plan : plans_in_tree()) {
    Tally tally;
    for (std::uint64_t seed = kFirstSeed; seed < kFirstSeed + kCases; ++seed) {
      INFO(plan << " seed " << seed);
      check_case(Case(PlanCases(seed).make(plan)), tally);
    }
    fmt::print("{}: seeds {} to {}: {} run, {} refused, {} deadlocked; fast-forward skipped in {}\n", plan, kFirstSeed,
               kFirstSeed + kCases - 1, tally.run, tally.refused, tally.deadlocked, tally.skipped_ahead);
    INFO(plan);
    CHECK(tally.run - tally.deadlocked > kCases / 2);
    CHECK(tally.skipped_ahead > kCases / 10);
  }
}
