// SPDX-License-Identifier: Apache-2.0
// The laws hold over a banked DRAM, too: every plan in the tree on seeded DRAMs, fast-forward on = off bit for bit.
#include <random>

#include "fuzz/laws.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

// Any DRAM, or (even) one whose state may repeat: no refresh, on the machine's clock.
void bank_dram(std::mt19937_64& random, Case& what) {
  const auto among = [&](const std::vector<std::string>& names) { return names[random() % names.size()]; };
  const bool even = random() % 2 == 0;
  what.machine.emplace_back("clock", even ? "1 GHz" : among({"940 MHz", "1200 MHz", "333 MHz"}));
  what.machine.emplace_back(
      "components.dram",
      fmt::format("{{kind: dram, model: banked, timing: {}, channels: {}, address_order: {}, queue: {}, page: {}, "
                  "refresh: {}, latency: {} cycles, access_width: 8 B, energy: dram}}",
                  even ? "hbm2" : among({"hbm2", "ddr4_2400", "ddr4_3200", "lpddr4_3200"}), among({"1", "2", "8"}),
                  among({"RoBaRaCoCh", "MOP4CLXOR", "RoCoBaBgRaCh^Ro", "ChRaBaRoCo"}), among({"1", "8", "32"}),
                  among({"open", "closed"}), even ? "false" : among({"true", "false"}), among({"0", "7", "20"})));
}

TEST_CASE("every plan in the tree over seeded banked DRAMs") {
  constexpr std::uint64_t kSeed = 20240701;
  constexpr int kCasesPerPlan = 16;
  for (const std::string& plan : plans_in_tree()) {
    PlanCases cases(kSeed);
    std::mt19937_64 random(kSeed);
    Tally tally;
    for (int i = 0; i < kCasesPerPlan; ++i) {
      Case what(cases.make(plan));
      bank_dram(random, what);
      check_case(what, tally);
    }
    INFO(plan);
    CHECK(tally.run > tally.deadlocked);
  }
}

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
