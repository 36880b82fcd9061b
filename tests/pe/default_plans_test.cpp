// SPDX-License-Identifier: Apache-2.0
// Default plans at the level of PEs: of every cascade in the tree, and of those that pass over tiles without points,
// over a simple and a banked DRAM.
#include <catch2/catch.hpp>

#include "mappings/default_plan/default_plan.hpp"
#include "pe/compare.hpp"
#include "support/masked_cases.hpp"
#include "support/seeds.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

void check(const Cascade& cascade, const Machine& machine, const Plan& plan, const Shape& shape, std::uint64_t seed,
           Tally& times, ValueTally& values) {
  INFO(print_plan(plan));
  compare_levels(lower(cascade, machine, plan, shape, Dtype::fp64, {}, seed), machine, cascade, times);
  check_pe_values(cascade, machine, plan, shape, seed, values);
}

void check_masked(std::uint64_t first_seed, std::uint64_t seeds_of_each) {
  Tally times;
  ValueTally values;
  for (const MaskedCase& what : kMaskedCases) {
    const Cascade cascade = cascade_of(what.cascade);
    for (std::uint64_t seed = first_seed; seed < first_seed + seeds_of_each; ++seed) {
      const Shape shape = shape_of(what, seed);
      INFO(text_of(what, shape, seed));
      unless_refused([&] {
        const Machine machine = machine_of_case(seed);
        Plan plan = default_plan(cascade, machine, shape, Dtype::fp64, {});
        plan.empty_tiles = EmptyTiles::skip;
        check(cascade, machine, plan, shape, seed, times, values);
      });
    }
  }
  print("skipped tiles", times);
  print("skipped tiles", values);
  CHECK(times.compared > static_cast<std::int64_t>(kMaskedCases.size() * seeds_of_each * 8 / 10));
  CHECK(values.compared == times.compared);
}

}  // namespace

TEST_CASE("default plans of every cascade, PE by PE") {
  Tally times;
  ValueTally values;
  for (const std::string& name : cascades_in_tree()) {
    const YamlNode document = document_in_tree("einsum/cascades/" + name + ".yaml");
    const Cascade usual = load_cascade(document);
    for (const CheckCase& one : usual.checks().cases) {
      const Cascade cascade = load_cascade(document, {one.options, one.constants, one.span});
      Shape shape;
      for (const auto& [rank, extent] : one.shape) shape.set(rank, extent);
      std::string options;
      for (const auto& [option, value] : one.options) options += " " + option + "=" + value;
      INFO(name << options);
      for (const std::int64_t dim : {2, 5}) {
        const Machine machine = machine_with(dim, "", dim == 5);
        CHECK_NOTHROW(
            check(cascade, machine, default_plan(cascade, machine, shape, Dtype::fp64, {}), shape, 1, times, values));
      }
    }
  }
  print("default plans", times);
  print("default plans", values);
}

TEST_CASE("tiles that are passed over, PE by PE") { check_masked(1, seeds(10)); }

TEST_CASE("many more tiles that are passed over, PE by PE", "[.wide]") { check_masked(100, 60); }
