// SPDX-License-Identifier: Apache-2.0
// Laws of the simulation on seeded random plans, machines and shapes: fast-forward on = off bit for bit; operations are
// those the cascade requires; accounts add up; no run beats a bound; the estimate's totals are the simulated ones.
#include <random>

#include "fuzz/laws.hpp"
#include "support/seeds.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

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
    AttentionShape shape;
    const std::int64_t m1 = among<std::int64_t>({1, 2, 3, 5, 7, 12, 31});
    const std::int64_t p1 = among<std::int64_t>({1, 2, 3, 5, 7}), p2 = among<std::int64_t>({1, 2, 3, 5, 7, 13});
    what.plan.emplace_back("tiles.P1", fmt::format("largest_divisor(ceil(P / P0), {})", p1));
    shape.m = std::max<std::int64_t>(1, m1 * rows - (chance(3) ? between(1, rows - 1) : 0));
    shape.p = std::max<std::int64_t>(1, p1 * p2 * columns - (chance(3) ? between(1, columns - 1) : 0));
    shape.e = between(1, 20);
    shape.f = chance(2) ? shape.e : between(1, 20);
    shape.b = among<std::int64_t>({1, 1, 2, 3});
    shape.h = among<std::int64_t>({1, 2, 5});
    what.shape = shape.shape();
    return what;
  }

 private:
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

}  // namespace

TEST_CASE("seeded random plans, machines and shapes") {
  constexpr std::uint64_t kFirstSeed = 20240601, kCases = seeds(400);
  Tally tally;
  for (std::uint64_t seed = kFirstSeed; seed < kFirstSeed + kCases; ++seed) {
    INFO("seed " << seed);
    check_case(RandomCase(seed).make(), tally);
  }
  fmt::print(
      "{} run, {} refused, {} deadlocked; fast-forward skipped in {}; waits for ports in {}, data in {}, slots in {}\n",
      tally.run, tally.refused, tally.deadlocked, tally.skipped_ahead, tally.port_waits, tally.data_waits,
      tally.slot_waits);
  // The cases are worth something: most run, most skip, every kind of wait occurs.
  CHECK(tally.run - tally.deadlocked > seeds(250));
  CHECK(tally.skipped_ahead > seeds(150));
  CHECK(tally.port_waits > seeds(10));
  CHECK(tally.data_waits > seeds(50));
  CHECK(tally.slot_waits > seeds(10));
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
          what.shape = AttentionShape{1, 2, 4 * p1 * p2 - less, 4 * m1 - less, 5, 6}.shape();
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
      what.shape = AttentionShape{1, 1, length, length, 64, 64}.shape();
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
  what.shape = AttentionShape{2, 5, 54, 18, 14, 14}.shape();
  Tally tally;
  check_case(what, tally);
  CHECK(tally.port_waits == 1);
}
