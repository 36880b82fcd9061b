// SPDX-License-Identifier: Apache-2.0
// The tile level's wavefront rules, proved: on small configurations, stepping every PE every cycle gives the start and
// end of every tile operation and move, and the whole report, that the rules give.
#include <catch2/catch.hpp>
#include <map>
#include <optional>

#include "base/diagnostic.hpp"
#include "pe/compare.hpp"
#include "pe/random_case.hpp"
#include "support/seeds.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

void compare(const SmallCase& what, Tally& tally) {
  INFO(what.text());
  const Plan plan = plan_of(what.plan_name, what.plan);
  static std::map<std::string, Cascade> cascades;
  const auto cascade = cascades.try_emplace(plan.name, cascade_for(plan)).first;
  const Machine machine = machine_of(plan.machine.text, what.machine);
  std::optional<Program> program;
  try {
    program = lower(cascade->second, machine, plan, what.shape(), Dtype::bf16, {});
  } catch (const UserError&) {
    ++tally.refused;
    return;
  }
  compare_levels(*program, machine, cascade->second, tally);
}

void compare_plans(std::uint64_t first_seed, std::uint64_t cases) {
  for (const std::string& plan : plans_without_controller()) {
    Tally tally;
    for (std::uint64_t seed = first_seed; seed < first_seed + cases; ++seed) {
      INFO("seed " << seed);
      compare(RandomSmallCase(seed * 1000003).make(plan), tally);
    }
    print(plan, tally);
    CHECK(tally.compared > static_cast<std::int64_t>(cases) * 9 / 10);
  }
}

void compare_random_bindings(std::uint64_t first_seed, std::uint64_t cases) {
  Tally tally;
  for (std::uint64_t seed = first_seed; seed < first_seed + cases; ++seed) {
    INFO("seed " << seed);
    compare(RandomSmallCase(seed * 15485863).make_random_binding(), tally);
  }
  print("random bindings", tally);
  CHECK(tally.compared > static_cast<std::int64_t>(cases) * 9 / 10);
}

}  // namespace

TEST_CASE("every start and end of the tile level is that of the PEs") { compare_plans(1, seeds(100)); }

TEST_CASE("random bindings: tile level and PEs agree as well") { compare_random_bindings(1, seeds(400)); }

// The array had decided in the cycle in which the store that it waited for was granted and ended: it never looked
// again.
TEST_CASE("once taken for a deadlock") {
  SmallCase what;
  what.plan_name = "attention_3pass__flat__streamed";
  what.machine = {{"parameters.dim", "2"},
                  {"components.stream_buffer.latency", "9 cycles"},
                  {"components.stream_buffer.access_width", "4 B"},
                  {"components.stream_buffer.energy", "uncharged"},
                  {"components.stream_buffer.ports", "2"},
                  {"components.stream_buffer.queue_accesses", "22"}};
  what.extents = {{"B", 2}, {"H", 2}, {"P", 8}, {"M", 4}, {"E", 2}, {"F", 2}};
  Tally tally;
  compare(what, tally);
  CHECK(tally.compared == 1);
}

TEST_CASE("many more of them", "[.wide]") {
  compare_plans(1000, 1000);
  compare_random_bindings(1000, 6000);
}
