// SPDX-License-Identifier: Apache-2.0
// The data once more: operands, partial results and results that move from PE to PE, every PE checking in every step
// that what it uses is there; and what is stored in the end equals the evaluator's.
#include <catch2/catch.hpp>
#include <map>

#include "pe/compare.hpp"
#include "pe/random_case.hpp"
#include "support/seeds.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

void check(const SmallCase& what, std::uint64_t seed, ValueTally& tally) {
  INFO("seed " << seed << " " << what.text());
  static std::map<std::string, Cascade> cascades;
  const Plan plan = plan_of(what.plan_name, what.plan);
  const Cascade& cascade = cascades.try_emplace(plan.name, cascade_for(plan)).first->second;
  check_pe_values(cascade, machine_of(plan.machine.text, what.machine), plan, what.shape(), seed, tally);
}

void check_plans(std::uint64_t first_seed, std::uint64_t cases) {
  for (const std::string& name : plans_without_controller()) {
    ValueTally tally;
    for (std::uint64_t seed = first_seed; seed < first_seed + cases; ++seed) {
      check(RandomSmallCase(seed * 7919).make(name), seed, tally);
    }
    print(name, tally);
    CHECK(tally.compared > static_cast<std::int64_t>(cases) * 9 / 10);
  }
}

void check_random_bindings(std::uint64_t first_seed, std::uint64_t cases) {
  ValueTally tally;
  for (std::uint64_t seed = first_seed; seed < first_seed + cases; ++seed) {
    check(RandomSmallCase(seed * 104729).make_random_binding(), seed, tally);
  }
  print("random bindings", tally);
  CHECK(tally.compared > static_cast<std::int64_t>(cases) * 9 / 10);
}

}  // namespace

TEST_CASE("values that move between PEs are the evaluator's") { check_plans(1, seeds(60)); }

TEST_CASE("values under random bindings") { check_random_bindings(1, seeds(400)); }

// Absent points are issued and computed nothing for: key + lead <= query; with 1000, no query has a key.
TEST_CASE("values of a masked cascade") {
  for (const std::int64_t lead : {0, 3, 1000}) {
    std::string text = read_source(std::string(EINLOOM_SOURCE_DIR) + "/einsum/cascades/attention_1pass.yaml")->text;
    const std::string score = "rsqrt(E)\n";
    const auto at = text.find(score);
    REQUIRE(at != std::string::npos);
    text.replace(at, score.size(), fmt::format("rsqrt(E) | m1*M0+m0+{} <= p\n", lead));
    const Cascade cascade = load_cascade(parse_yaml(source_from_text("masked.yaml", text)));
    for (const std::string& name : {kInterleaved, kSerial}) {
      for (const std::int64_t dim : {2, 4, 5}) {
        INFO(name << " lead " << lead << " dim " << dim);
        CheckOptions options;
        options.fidelity = Fidelity::pe;
        options.dtype = Dtype::fp64;
        const AttentionShape shape{1, 2, 3 * dim - 1, 2 * dim + 1, 4, 3};
        const CheckReport report =
            check_values(cascade, machine_of("fusemax", {{"parameters.dim", std::to_string(dim)}}), plan_of(name),
                         shape.shape(), evaluator_of(cascade), options, {});
        INFO(report.first_mismatch);
        CHECK(report.passed);
      }
    }
  }
}

TEST_CASE("values of many more", "[.wide]") {
  check_plans(1000, 600);
  check_random_bindings(1000, 6000);
}
