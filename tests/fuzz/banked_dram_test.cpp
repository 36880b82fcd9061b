// SPDX-License-Identifier: Apache-2.0
// The laws hold over a banked DRAM, too: every plan in the tree on seeded DRAMs, fast-forward on = off bit for bit.
#include <random>

#include "fuzz/laws.hpp"
#include "support/seeds.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

// Any DRAM, or (even) one whose state may repeat: no refresh, on the machine's clock. Says whether it refreshes.
bool bank_dram(std::mt19937_64& random, Case& what) {
  const auto among = [&](const std::vector<std::string>& names) { return names[random() % names.size()]; };
  const bool even = random() % 2 == 0;
  const bool refreshes = !even && random() % 3 != 0;
  what.machine.emplace_back("clock", even ? "1 GHz" : among({"940 MHz", "1200 MHz", "333 MHz"}));
  what.machine.emplace_back(
      "components.dram",
      fmt::format("{{kind: dram, model: banked, timing: {}, channels: {}, address_order: {}, queue: {}, page: {}, "
                  "refresh: {}, latency: {} cycles, access_width: 8 B, energy: dram}}",
                  even ? "hbm2" : among({"hbm2", "ddr4_2400", "ddr4_3200", "lpddr4_3200"}), among({"1", "2", "8"}),
                  among({"RoBaRaCoCh", "MOP4CLXOR", "RoCoBaBgRaCh^Ro", "ChRaBaRoCo"}), among({"1", "8", "32"}),
                  among({"open", "closed"}), refreshes, among({"0", "7", "20"})));
  return refreshes;
}

// Fast-forward on = off on seeded shapes and DRAMs for each plan.
void check_plans(std::uint64_t first_seed, std::uint64_t cases) {
  for (const std::string& plan : plans_in_tree()) {
    Tally tally, refreshed;
    for (std::uint64_t seed = first_seed; seed < first_seed + cases; ++seed) {
      std::mt19937_64 random(seed);
      Case what(PlanCases(seed).make(plan));
      const bool refreshes = bank_dram(random, what);
      check_case(what, refreshes ? refreshed : tally);
    }
    fmt::print("{}, banked DRAM: without refresh {} run, {} deadlocked, fast-forward skipped in {}; with {}, {}, {}\n",
               plan, tally.run, tally.deadlocked, tally.skipped_ahead, refreshed.run, refreshed.deadlocked,
               refreshed.skipped_ahead);
    INFO(plan);
    CHECK(tally.run + refreshed.run > tally.deadlocked + refreshed.deadlocked);
    if (cases < 200) continue;
    CHECK(tally.run + refreshed.run + tally.refused + refreshed.refused == static_cast<int>(cases));
    CHECK(tally.run > 50);
    CHECK(refreshed.run > 20);
  }
}

TEST_CASE("every plan in the tree over seeded banked DRAMs") { check_plans(1000, seeds(20)); }

TEST_CASE("every plan in the tree over many more banked DRAMs", "[.wide]") { check_plans(1, 200); }

// One tile of K or V is one row of every bank: the state of the DRAM repeats with every tile.
TEST_CASE("fast-forward over a banked DRAM whose tiles are whole rows skips and is exact") {
  Tally tally;
  for (const std::string& plan : {kInterleaved, kSerial}) {
    for (const char* order : {"RoBaRaCoCh", "MOP4CLXOR", "RoCoBaBgRaCh"}) {
      Case what;
      what.plan_name = plan;
      what.machine = {{"clock", "1 GHz"},
                      {"components.dram",
                       fmt::format("{{kind: dram, model: banked, timing: hbm2, refresh: false, address_order: {}, "
                                   "access_width: 8 B, energy: dram}}",
                                   order)}};
      what.shape = AttentionShape{1, 1, 2048, 8192, 64, 64}.shape();
      check_case(what, tally);
    }
  }
  CHECK(tally.skipped_ahead == 6);
}

TEST_CASE("fast-forward over a banked DRAM with refresh and another clock is exact") {
  Tally tally;
  for (const char* timing : {"hbm2", "ddr4_3200"}) {
    Case what;
    what.machine = {{"components.dram",
                     fmt::format("{{kind: dram, model: banked, timing: {}, channels: 16, page: closed, access_width: "
                                 "8 B, energy: dram}}",
                                 timing)}};
    what.shape = AttentionShape{1, 3, 2048, 2048, 64, 64}.shape();
    check_case(what, tally);
  }
  CHECK(tally.run == 2);
}

}  // namespace
