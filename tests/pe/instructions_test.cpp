// SPDX-License-Identifier: Apache-2.0
// Arrays with a controller: what PEs do inside instructions fits the controller's table, takes its values from
// neighbours, and gives the evaluator's results; and instructions are accepted when the tile level says.
#include <map>

#include "pe/compare.hpp"
#include "pe/seeded.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

struct FsaCase {
  Machine machine;
  Plan plan;
  Shape shape;
};

FsaCase random_fsa(Seeded& random, const std::string& cascade) {
  const std::int64_t rows = random.between(1, 16), columns = random.chance(3) ? rows : random.between(1, 16);
  FsaCase what;
  what.machine = machine_of(
      "fsa", {{"parameters.rows", std::to_string(rows)},
              {"parameters.columns", std::to_string(columns)},
              {"parameters.pieces", random.text(1, 9)},
              {"parameters.reciprocal", random.text(1, 20)},
              {"parameters.engines", random.text(1, 4)},
              {"parameters.element_bytes", "8"},
              {"parameters.sum_bytes", "8"},
              {"components.dram.bandwidth", random.among<std::string>({"1 GB/s", "5 GB/s", "90 GB/s", "1000 GB/s"})},
              {"components.dram.latency", random.text(0, 200) + " cycles"}});
  Overrides slots;
  for (const char* tensor : {"Q", "K", "V"}) {
    if (random.chance(2)) slots.emplace_back(fmt::format("keep.{}.slots", tensor), random.text(1, 2));
  }
  what.plan = plan_of(cascade + "__fsa__flash", slots);
  what.shape.set("B", random.between(1, 2));
  what.shape.set("H", random.between(1, 2));
  what.shape.set("P", random.between(1, 4 * columns));
  what.shape.set("M", random.between(1, 4 * rows));
  what.shape.set("E", random.between(1, rows));
  what.shape.set("F", random.between(1, rows));
  return what;
}

void check_fsa(std::uint64_t first_seed, std::uint64_t cases) {
  for (const std::string name : {"attention_fsa", "attention_fsa_causal"}) {
    Tally times;
    ValueTally values;
    const Cascade cascade = cascade_of(name);
    for (std::uint64_t seed = first_seed; seed < first_seed + cases; ++seed) {
      Seeded random(seed * 911);
      const FsaCase what = random_fsa(random, name);
      INFO(name << " seed " << seed << " " << what.machine.arrays[0].rows << " x " << what.machine.arrays[0].columns);
      std::optional<Program> program;
      try {
        program = lower(cascade, what.machine, what.plan, what.shape, Dtype::fp64, {});
      } catch (const UserError& error) {
        WARN(error.what());
        ++times.refused;
        continue;
      }
      compare_levels(*program, what.machine, cascade, times);
      check_pe_values(cascade, what.machine, what.plan, what.shape, seed, values);
    }
    print(name, times);
    print(name, values);
    CHECK(times.compared > static_cast<std::int64_t>(cases) * 9 / 10);
    CHECK(values.compared == times.compared);
  }
}

}  // namespace

TEST_CASE("FSA: tile level and PEs agree, and the values are the evaluator's") { check_fsa(1, 100); }
