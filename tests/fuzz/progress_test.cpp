// SPDX-License-Identifier: Apache-2.0
// Every plan of the tree with random slots, iterations in flight and barriers, on small shapes: lowering refuses it, or
// it runs to the end. Lowering looks at the first instances of a program; these have fewer, so nothing is left to the
// simulation to find. And what lowering refuses really blocks: so says the simulation of the same program.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <random>

#include "mappings/untimed_run.hpp"
#include "support/documents_in_tree.hpp"
#include "support/seeds.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

class Random {
 public:
  explicit Random(std::uint64_t seed) : random_(seed) {}
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool chance(std::int64_t one_in) { return between(1, one_in) == 1; }

 private:
  std::mt19937_64 random_;
};

struct Tally {
  int finished = 0, deadlocked = 0;
  std::map<std::string, int> refused;  // by code
};

// Slots and iterations as lowering would have used them, without being asked whether they suffice.
void set_slots(Program& program, Random& random) {
  for (std::size_t i = 0; i < program.storages.size(); ++i) {
    if (random.chance(2)) continue;
    program.storages[i].slots = random.between(1, 4);
    for (Dependence& edge : program.dependences) {
      if (edge.kind == DependenceKind::slot && edge.storage == static_cast<int>(i)) {
        edge.shift = program.storages[i].slots;
      }
    }
  }
  if (random.chance(2)) return;
  program.in_flight = random.between(1, 4);
  for (Dependence& edge : program.dependences) {
    if (edge.kind == DependenceKind::iteration) edge.shift = program.in_flight;
  }
}

Shape small_shape(const Cascade& cascade, Random& random) {
  Shape shape;
  for (const RankDecl& rank : cascade.ranks()) {
    const bool outer = rank.name == "B" || rank.name == "H", inner = rank.name == "E" || rank.name == "F";
    shape.set(rank.name, random.between(1, outer ? 2 : inner ? 8 : 40));
  }
  return shape;
}

bool finishes(const Program& program, const Machine& machine, bool fast_forward) {
  SimulationOptions options;
  options.fast_forward = fast_forward;
  try {
    static_cast<void>(simulate(program, machine, options));
    return true;
  } catch (const UserError& error) {
    REQUIRE(error.diagnostics().front().code == "deadlock");
    UNSCOPED_INFO(error.what());
    return false;
  }
}

}  // namespace

TEST_CASE("random slots and iterations in flight for every plan of the tree") {
  constexpr std::uint64_t kFirstSeed = 20250301, kCases = seeds(150);
  Tally all;
  for (const std::string& name : plans_in_tree()) {
    Tally tally;
    const Plan plan_in_tree = plan_of(name);
    const Cascade cascade = cascade_for(plan_in_tree);
    const Machine machine = machine_of(plan_in_tree.machine.text, {{"parameters.dim", "8"}});
    for (std::uint64_t seed = kFirstSeed; seed < kFirstSeed + kCases; ++seed) {
      INFO(name << ", seed " << seed);
      Random random(seed);
      Overrides changes;
      for (const Keep& keep : plan_in_tree.keeps) {
        if (keep.in_place_of || random.chance(3)) continue;
        changes.emplace_back(fmt::format("keep.{}.slots", keep.tensor.text), std::to_string(random.between(1, 12)));
      }
      if (random.chance(2)) changes.emplace_back("in_flight", std::to_string(random.between(1, 12)));
      if (random.chance(3)) changes.emplace_back("barrier", "machine");
      if (random.chance(3)) changes.emplace_back("issue", "listed_first");
      const Shape shape = small_shape(cascade, random);
      try {
        const Program program = lower(cascade, machine, plan_of(name, changes), shape, Dtype::bf16, {});
        ++(finishes(program, machine, true) ? tally.finished : tally.deadlocked);
      } catch (const UserError& error) {
        ++tally.refused[error.diagnostics().front().code];
      }
    }
    std::string refused;
    for (const auto& [code, count] : tally.refused) {
      refused += fmt::format(", {} {}", count, code);
      all.refused[code] += count;
    }
    fmt::print("{}: {} finished, {} deadlocked in the simulation{}\n", name, tally.finished, tally.deadlocked, refused);
    all.finished += tally.finished;
    all.deadlocked += tally.deadlocked;
  }
  CHECK(all.deadlocked == 0);
  CHECK(all.finished > seeds(300));
  CHECK(all.refused["slots-too-few"] > seeds(50));
}

TEST_CASE("a circle without time is a deadlock in time") {
  constexpr std::uint64_t kFirstSeed = 20250302, kCases = seeds(120);
  int finished = 0, blocked = 0;
  for (const std::string& name : plans_in_tree()) {
    const Plan plan = plan_of(name);
    const Cascade cascade = cascade_for(plan);
    const Machine machine = machine_of(plan.machine.text, {{"parameters.dim", "8"}});
    for (std::uint64_t seed = kFirstSeed; seed < kFirstSeed + kCases; ++seed) {
      INFO(name << ", seed " << seed);
      Random random(seed);
      std::optional<Program> program;
      try {
        program = lower(cascade, machine, plan, small_shape(cascade, random), Dtype::bf16, {});
      } catch (const UserError&) {
        continue;
      }
      set_slots(*program, random);
      const bool goes_on = find_circle(*program).empty();
      CHECK(goes_on == finishes(*program, machine, false));
      CHECK(goes_on == finishes(*program, machine, true));
      ++(goes_on ? finished : blocked);
    }
  }
  fmt::print("without time and with it: {} finish, {} block themselves\n", finished, blocked);
  CHECK(finished > seeds(100));
  CHECK(blocked > seeds(100));
}
