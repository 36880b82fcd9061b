// SPDX-License-Identifier: Apache-2.0
// The laws of fast_forward_test.cpp where a loop grows with the one around it and where a controller issues
// instructions: FSA on seeded arrays, engines, slots and bandwidths, and FuseMax's plans made causal.
#include <random>

#include "base/source_file.hpp"
#include "fuzz/laws.hpp"
#include "support/seeds.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

class Seeded {
 public:
  explicit Seeded(std::uint64_t seed) : random_(seed) {}
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1));
  }
  std::string text(std::int64_t low, std::int64_t high) { return std::to_string(between(low, high)); }
  bool chance(std::int64_t one_in) { return between(1, one_in) == 1; }
  std::string bandwidth() {
    static const std::vector<std::string> kRates = {"1 GB/s", "5 GB/s", "20 GB/s", "90 GB/s", "1000 GB/s"};
    return kRates[static_cast<std::size_t>(between(0, 4))];
  }

 private:
  std::mt19937_64 random_;
};

// Fast-forward on = off, and the laws; false when the documents do not fit together.
bool check(const Cascade& cascade, const Machine& machine, const Plan& plan, const Shape& shape, Tally& tally) {
  std::optional<Program> program;
  try {
    program = lower(cascade, machine, plan, shape, Dtype::bf16, {});
  } catch (const UserError&) {
    ++tally.refused;
    return false;
  }
  const std::optional<Report> slow = run(*program, machine, false), fast = run(*program, machine, true);
  ++tally.run;
  REQUIRE(slow.has_value() == fast.has_value());
  if (!slow) {
    ++tally.deadlocked;
    return true;
  }
  CHECK(first_difference(*slow, *fast) == "");
  check_laws(*program, machine, *fast);
  tally.skipped_ahead += fast->tile_operations_simulated < fast->tile_operations ? 1 : 0;
  return true;
}

void print(const std::string& what, const Tally& tally) {
  fmt::print("{}: {} run, {} refused, {} deadlocked; fast-forward skipped in {}\n", what, tally.run, tally.refused,
             tally.deadlocked, tally.skipped_ahead);
}

}  // namespace

TEST_CASE("FSA on seeded arrays, engines, slots and bandwidths") {
  for (const std::string name : {"fsa__fsa__flash", "fsa__fsa__flash_causal"}) {
    const Cascade cascade = cascade_for(plan_of(name));
    Tally tally;
    for (std::uint64_t seed = 1; seed <= seeds(200); ++seed) {
      INFO(name << " seed " << seed);
      Seeded random(seed);
      const std::int64_t rows = random.between(1, 9), columns = random.between(1, 9);
      const Machine machine = machine_of("fsa", {{"parameters.rows", std::to_string(rows)},
                                                 {"parameters.columns", std::to_string(columns)},
                                                 {"parameters.pieces", random.text(1, 9)},
                                                 {"parameters.reciprocal", random.text(1, 20)},
                                                 {"parameters.engines", random.text(1, 4)},
                                                 {"parameters.element_bytes", "8"},
                                                 {"parameters.sum_bytes", "8"},
                                                 {"components.dram.bandwidth", random.bandwidth()},
                                                 {"components.dram.latency", random.text(0, 200) + " cycles"}});
      Overrides slots;
      for (const char* tensor : {"Q", "K", "V"}) {
        if (random.chance(2)) slots.emplace_back(fmt::format("keep.{}.slots", tensor), random.text(1, 4));
      }
      Shape shape;
      shape.set("B", random.between(1, 3));
      shape.set("H", random.between(1, 4));
      shape.set("P", random.between(1, 12 * columns));
      shape.set("M", random.between(1, 12 * rows));
      shape.set("E", random.between(1, rows));
      shape.set("F", random.between(1, rows));
      check(cascade, machine, plan_of(name, slots), shape, tally);
    }
    print(name, tally);
    CHECK(tally.run - tally.deadlocked > seeds(150));
    CHECK(tally.skipped_ahead >= seeds(30));
  }
}

TEST_CASE("FuseMax's plans, causal") {
  std::string text = read_source(std::string(EINLOOM_SOURCE_DIR) + "/einsum/cascades/attention_1pass.yaml")->text;
  const auto append = [&](const std::string& line, const std::string& predicate) {
    const auto at = text.find(line);
    REQUIRE(at != std::string::npos);
    text.insert(at + line.size(), predicate);
  };
  append("K[b,h,m1*M0+m0,e] * rsqrt(E)", " | m1*M0+m0 <= p and m1*M0 <= p");
  append("exp(RM[b,h,m1,p] - RM[b,h,m1+1,p])", " | m1*M0 <= p");
  const Cascade cascade = load_cascade(parse_yaml(source_from_text("causal.yaml", text)));
  Tally tally;
  for (std::uint64_t seed = 1; seed <= seeds(200); ++seed) {
    INFO("seed " << seed);
    Seeded random(seed);
    const std::int64_t rows = random.between(2, 9), columns = random.between(2, 9);
    const Machine machine = machine_of("fusemax", {{"components.array2d.rows", std::to_string(rows)},
                                                   {"components.array2d.columns", std::to_string(columns)},
                                                   {"components.array1d.columns", std::to_string(columns)},
                                                   {"components.dram.bandwidth", random.bandwidth()}});
    Overrides changes = {{"tiles.P1", "1"}, {"skip_absent", "m1"}, {"in_flight", random.text(1, 6)}};
    if (random.chance(3)) changes.emplace_back("barrier", "machine");
    if (random.chance(3)) changes.emplace_back("issue", "listed_first");
    for (const char* tensor : {"K", "V", "AV"}) {
      if (random.chance(3)) changes.emplace_back(fmt::format("keep.{}.slots", tensor), random.text(1, 5));
    }
    for (const char* tensor : {"Q", "RM", "RD", "RNV"}) {
      if (random.chance(2)) changes.emplace_back(fmt::format("keep.{}.slots", tensor), random.text(1, 5));
    }
    Shape shape;
    shape.set("B", random.between(1, 3));
    shape.set("H", random.between(1, 3));
    shape.set("P", random.between(1, 14 * columns));
    shape.set("M", random.between(1, 14 * rows));
    shape.set("E", random.between(1, 12));
    shape.set("F", random.between(1, 12));
    check(cascade, machine, plan_of(random.chance(2) ? kSerial : kInterleaved, changes), shape, tally);
  }
  print("FuseMax, causal", tally);
  CHECK(tally.run - tally.deadlocked > seeds(100));
  CHECK(tally.skipped_ahead >= seeds(30));
}
