// SPDX-License-Identifier: Apache-2.0
// Laws of the simulation on seeded random plans, machines and shapes: fast-forward on = off bit for bit; operations are
// those the cascade requires; accounts add up; no run beats a bound; the estimate's totals are the simulated ones.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <optional>
#include <random>

#include "mappings/estimate.hpp"
#include "support/documents_in_tree.hpp"
#include "support/same_report.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

struct Case {
  std::string plan_name = kInterleaved;
  Overrides plan, machine;
  AttentionShape shape;
  bool banked = false;

  [[nodiscard]] std::string text() const {
    std::string text = fmt::format("{} B={} H={} P={} M={} E={} F={}", plan_name, shape.b, shape.h, shape.p, shape.m,
                                   shape.e, shape.f);
    for (const auto& [path, value] : plan) text += fmt::format("\n  plan {}={}", path, value);
    for (const auto& [path, value] : machine) text += fmt::format("\n  machine {}={}", path, value);
    return text;
  }
};

struct Tally {
  int run = 0, refused = 0, deadlocked = 0, skipped_ahead = 0, port_waits = 0, data_waits = 0, slot_waits = 0,
      banked = 0, banked_skipped = 0;
};

const Cascade& cascade() {
  static const Cascade cascade = cascade_of("attention_1pass");
  return cascade;
}

// nullopt when the plan cannot go on (deadlock).
std::optional<Report> run(const Program& program, const Machine& machine, bool fast_forward) {
  SimulationOptions options;
  options.fast_forward = fast_forward;
  try {
    return simulate(program, machine, options);
  } catch (const UserError& error) {
    REQUIRE(error.diagnostics().front().code == "deadlock");
    return std::nullopt;
  }
}

void check_laws(const Program& program, const Machine& machine, const Report& report) {
  const Totals estimate = estimate_totals(program);
  CHECK(report.operations == program.required_operations);
  for (const ArrayReport& array : report.arrays) {
    std::int64_t sum = 0;
    for (const Account& account : array.accounts) sum += account.cycles.value();
    CHECK(sum == report.cycles.value());
    for (const Account& account : array.accounts) CHECK(account.cycles.value() >= 0);
  }
  std::int64_t parts = 0;
  for (const Account& part : report.excess.parts) parts += part.cycles.value();
  CHECK(parts == report.excess.excess.value());
  CHECK(report.excess.work.value() + report.excess.excess.value() == report.cycles.value());
  for (const CycleBound& bound : cycle_bounds(program, machine, estimate)) {
    CHECK(static_cast<double>(report.cycles.value()) >= std::floor(bound.cycles));
  }
  for (std::size_t m = 0; m < program.memories.size(); ++m) {
    std::int64_t read = 0, written = 0;
    for (const auto& [r, w] : estimate.bytes[m]) {
      read += r;
      written += w;
    }
    CHECK(report.memories[m].read_bytes == read);
    CHECK(report.memories[m].write_bytes == written);
    const auto& capacity = machine.memories[m].capacity;
    if (capacity) CHECK(report.memories[m].peak_bytes <= capacity->value());
  }
  for (std::size_t s = 0; s < program.statements.size(); ++s) {
    const Statement& statement = program.statements[s];
    if (statement.array < 0) continue;
    const ArrayReport& array = report.arrays[static_cast<std::size_t>(statement.array)];
    CHECK(array.busy_cycles.at(statement.name).value() == estimate.busy_cycles[s]);
  }
}

void check_case(const Case& what, Tally& tally) {
  INFO(what.text());
  const Machine machine = machine_of("fusemax", what.machine);
  std::optional<Program> program;
  try {
    program = lower(cascade(), machine, plan_of(what.plan_name, what.plan), what.shape.shape(), Dtype::bf16, {});
  } catch (const UserError&) {
    ++tally.refused;
    return;
  }
  const std::optional<Report> slow = run(*program, machine, false), fast = run(*program, machine, true);
  ++tally.run;
  REQUIRE(slow.has_value() == fast.has_value());
  if (!slow) {
    ++tally.deadlocked;
    return;
  }
  CHECK(first_difference(*slow, *fast) == "");
  CHECK(slow->tile_operations_simulated == slow->tile_operations);
  check_laws(*program, machine, *fast);
  if (what.banked) {
    ++tally.banked;
    tally.banked_skipped += fast->tile_operations_simulated < fast->tile_operations ? 1 : 0;
  }
  tally.skipped_ahead += fast->tile_operations_simulated < fast->tile_operations ? 1 : 0;
  const auto waits = [&](const std::string& kind) {
    return std::any_of(slow->arrays.begin(), slow->arrays.end(),
                       [&](const ArrayReport& array) { return charged(array.accounts, kind) > 0; });
  };
  tally.port_waits += waits("wait_port") ? 1 : 0;
  tally.data_waits += waits("wait_data") ? 1 : 0;
  tally.slot_waits += waits("wait_slot") ? 1 : 0;
}

class RandomCase {
 public:
  explicit RandomCase(std::uint64_t seed) : random_(seed) {}

  Case make() {
    Case what;
    what.plan_name = among<std::string>({kInterleaved, kSerial});
    const std::int64_t rows = between(2, 32), columns = between(2, 32);
    what.machine = {{"components.array2d.rows", std::to_string(rows)},
                    {"components.array2d.columns", std::to_string(columns)},
                    {"components.array1d.columns", std::to_string(columns)}};
    vary_machine(what);
    vary_plan(what);
    // Whole tiles, one element missing, or one element more.
    const std::int64_t m1 = among<std::int64_t>({1, 2, 3, 5, 7, 12, 31});
    const std::int64_t p1 = among<std::int64_t>({1, 2, 3, 5, 7}), p2 = among<std::int64_t>({1, 2, 3, 5, 7, 13});
    what.plan.emplace_back("tiles.P1", fmt::format("largest_divisor(ceil(P / P0), {})", p1));
    what.shape.m = std::max<std::int64_t>(1, m1 * rows - (chance(3) ? between(1, rows - 1) : 0));
    what.shape.p = std::max<std::int64_t>(1, p1 * p2 * columns - (chance(3) ? between(1, columns - 1) : 0));
    what.shape.e = between(1, 20);
    what.shape.f = chance(2) ? what.shape.e : between(1, 20);
    what.shape.b = among<std::int64_t>({1, 1, 2, 3});
    what.shape.h = among<std::int64_t>({1, 2, 5});
    if (chance(4)) bank_dram(what);
    return what;
  }

 private:
  // A DRAM of banks instead of a bus; without refresh and on the machine's clock the state may repeat.
  void bank_dram(Case& what) {
    const bool even = chance(2);
    what.machine.emplace_back("clock", even ? "1 GHz" : among<std::string>({"940 MHz", "1200 MHz", "333 MHz"}));
    what.machine.emplace_back(
        "components.dram",
        fmt::format("{{kind: dram, model: banked, timing: {}, channels: {}, address_order: {}, queue: {}, page: {}, "
                    "refresh: {}, latency: {} cycles, access_width: 8 B, energy: dram}}",
                    even ? "hbm2" : among<std::string>({"hbm2", "ddr4_2400", "ddr4_3200", "lpddr4_3200"}),
                    among<std::int64_t>({1, 2, 8}),
                    among<std::string>({"RoBaRaCoCh", "MOP4CLXOR", "RoCoBaBgRaCh^Ro", "ChRaBaRoCo"}),
                    among<std::int64_t>({1, 8, 32}), among<std::string>({"open", "closed"}),
                    even ? "false" : among<std::string>({"true", "false"}), between(0, 20)));
    what.banked = true;
  }

  void vary_machine(Case& what) {
    if (chance(2)) {  // bound by DRAM
      const std::string bandwidth = among<std::string>({"1 GB/s", "3 GB/s", "7 GB/s", "40 GB/s"});
      what.machine.emplace_back("components.dram.bandwidth", bandwidth);
    }
    if (chance(3)) what.machine.emplace_back("components.dram.latency", fmt::format("{} cycles", between(0, 400)));
    if (chance(3)) {  // few ports, narrow accesses, short queue
      const std::string width = among<std::string>({"4 B", "16 B", "64 B"});
      const std::string buffer = "components." + among<std::string>({"global_buffer", "stream_buffer"});
      what.machine.emplace_back(buffer + ".access_width", width);
      what.machine.emplace_back(buffer + ".energy", "uncharged");
      what.machine.emplace_back(buffer + ".ports", std::to_string(between(1, 3)));
      what.machine.emplace_back(buffer + ".queue_accesses", std::to_string(between(1, 40)));
    }
    if (chance(4))
      what.machine.emplace_back("components.global_buffer.latency", fmt::format("{} cycles", between(0, 9)));
  }

  void vary_plan(Case& what) {
    if (chance(2)) what.plan.emplace_back("in_flight", std::to_string(among<std::int64_t>({1, 2, 3, 4, 6, 11})));
    if (chance(3)) what.plan.emplace_back("issue", "listed_first");
    if (chance(3)) what.plan.emplace_back("barrier", "machine");
    for (const char* tensor : {"K", "V", "AV"}) {
      if (chance(3)) what.plan.emplace_back(fmt::format("keep.{}.slots", tensor), std::to_string(between(1, 5)));
    }
    for (const char* tensor : {"Q", "RM", "RD", "RNV"}) {
      if (!chance(3)) continue;
      const std::string slots = fmt::format("max(P1, {})", between(1, 6)), more = fmt::format("P1 + {}", between(0, 6));
      what.plan.emplace_back(fmt::format("keep.{}.slots", tensor), chance(2) ? slots : more);
    }
  }

  bool chance(std::int64_t one_in) { return between(1, one_in) == 1; }
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1));
  }
  template <class T>
  T among(const std::vector<T>& choices) {
    return choices[static_cast<std::size_t>(between(0, static_cast<std::int64_t>(choices.size()) - 1))];
  }

  std::mt19937_64 random_;
};

// One tile of K or V is one row of every bank: the state of the DRAM repeats with every tile.
TEST_CASE("fast-forward over a banked DRAM whose tiles are whole rows skips and is exact") {
  Tally tally;
  for (const std::string& plan : {kInterleaved, kSerial}) {
    for (const char* order : {"RoBaRaCoCh", "MOP4CLXOR", "RoCoBaBgRaCh"}) {
      Case what;
      what.plan_name = plan;
      what.banked = true;
      what.machine = {{"clock", "1 GHz"},
                      {"components.dram",
                       fmt::format("{{kind: dram, model: banked, timing: hbm2, refresh: false, address_order: {}, "
                                   "access_width: 8 B, energy: dram}}",
                                   order)}};
      what.shape = {.b = 1, .h = 1, .p = 2048, .m = 8192, .e = 64, .f = 64};
      check_case(what, tally);
    }
  }
  CHECK(tally.banked_skipped == 6);
}

TEST_CASE("fast-forward over a banked DRAM with refresh and another clock is exact") {
  Tally tally;
  for (const char* timing : {"hbm2", "ddr4_3200"}) {
    Case what;
    what.banked = true;
    what.machine = {{"components.dram",
                     fmt::format("{{kind: dram, model: banked, timing: {}, channels: 16, page: closed, access_width: "
                                 "8 B, energy: dram}}",
                                 timing)}};
    what.shape = {.b = 1, .h = 3, .p = 2048, .m = 2048, .e = 64, .f = 64};
    check_case(what, tally);
  }
  CHECK(tally.run == 2);
}

}  // namespace

TEST_CASE("seeded random plans, machines and shapes") {
  constexpr std::uint64_t kFirstSeed = 20240601, kCases = 400;
  Tally tally;
  for (std::uint64_t seed = kFirstSeed; seed < kFirstSeed + kCases; ++seed) {
    INFO("seed " << seed);
    check_case(RandomCase(seed).make(), tally);
  }
  fmt::print(
      "{} run, {} refused, {} deadlocked; fast-forward skipped in {}; waits for ports in {}, data in {}, slots in {}; "
      "{} with a banked DRAM, skipped in {}\n",
      tally.run, tally.refused, tally.deadlocked, tally.skipped_ahead, tally.port_waits, tally.data_waits,
      tally.slot_waits, tally.banked, tally.banked_skipped);
  // The cases are worth something: most run, most skip, every kind of wait occurs.
  CHECK(tally.run - tally.deadlocked > 250);
  CHECK(tally.skipped_ahead > 150);
  CHECK(tally.port_waits > 10);
  CHECK(tally.data_waits > 50);
  CHECK(tally.slot_waits > 10);
  CHECK(tally.banked > 60);
}

TEST_CASE("M1, P1, P2 of 1, 2, 3, 5, 7, whole tiles and one element less") {
  Tally tally;
  const std::vector<std::int64_t> counts{1, 2, 3, 5, 7};
  for (const std::string& plan : {kInterleaved, kSerial}) {
    for (const std::int64_t m1 : counts) {
      for (const std::int64_t p1 : counts) {
        for (const std::int64_t p2 : counts) {
          Case what;
          what.plan_name = plan;
          what.machine = {{"parameters.dim", "4"}};
          what.plan = {{"tiles.P1", fmt::format("largest_divisor(ceil(P / P0), {})", p1)}};
          const std::int64_t less = (m1 + p1 + p2) % 2;
          what.shape = {1, 2, 4 * p1 * p2 - less, 4 * m1 - less, 5, 6};
          check_case(what, tally);
        }
      }
    }
  }
  CHECK(tally.run == 250);
  CHECK(tally.deadlocked == 0);
}

TEST_CASE("BERT at 1024 and 4096 tokens, one batch and head") {
  Tally tally;
  for (const std::string& plan : {kInterleaved, kSerial}) {
    for (const std::int64_t length : {1024, 4096}) {
      Case what;
      what.plan_name = plan;
      what.shape = {1, 1, length, length, 64, 64};
      check_case(what, tally);
    }
  }
  CHECK(tally.run == 4);
}

// Once ended a cycle before its ports had served everything: the last operation may add more than the queue holds.
TEST_CASE("a run bound by ports lasts until they have served every access") {
  Case what;
  what.plan_name = kSerial;
  what.plan = {{"in_flight", "6"},    {"issue", "listed_first"},  {"keep.K.slots", "1"},
               {"keep.V.slots", "3"}, {"keep.Q.slots", "P1 + 1"}, {"tiles.P1", "largest_divisor(ceil(P / P0), 3)"}};
  what.machine = {{"parameters.dim", "18"},
                  {"components.global_buffer.access_width", "4 B"},
                  {"components.global_buffer.energy", "uncharged"},
                  {"components.global_buffer.ports", "1"},
                  {"components.global_buffer.queue_accesses", "20"}};
  what.shape = {2, 5, 54, 18, 14, 14};
  Tally tally;
  check_case(what, tally);
  CHECK(tally.port_waits == 1);
}
