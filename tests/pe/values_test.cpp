// SPDX-License-Identifier: Apache-2.0
// The data once more: operands, partial results and results that move from PE to PE, every PE checking in every step
// that what it uses is there; and what is stored in the end equals the evaluator's.
#include <catch2/catch.hpp>
#include <map>

#include "base/diagnostic.hpp"
#include "pe/random_case.hpp"
#include "sim/execute.hpp"
#include "support/seeds.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

ReferenceFunction evaluator_of(const Cascade& cascade) {
  return [&cascade](const TensorStore<double>& inputs, const Shape& shape) {
    TensorStore<double> store = inputs;
    evaluate<double>(cascade, shape, Precision{Dtype::fp64}, store);
    TensorStore<double> outputs;
    for (const TensorDecl& tensor : cascade.tensors()) {
      if (tensor.role == TensorRole::output) outputs.emplace(tensor.name, store.at(tensor.name));
    }
    return outputs;
  };
}

struct Tally {
  std::int64_t compared = 0, refused = 0, values = 0;
  double largest = 0;
};

void check(const SmallCase& what, std::uint64_t seed, Tally& tally) {
  INFO("seed " << seed << " " << what.text());
  static std::map<std::string, Cascade> cascades;
  const Plan plan = plan_of(what.plan_name, what.plan);
  const Cascade& cascade = cascades.try_emplace(plan.cascade.text, cascade_of(plan.cascade.text)).first->second;
  CheckOptions options;
  options.fidelity = Fidelity::pe;
  options.dtype = seed % 3 == 0 ? Dtype::fp32 : Dtype::fp64;
  options.seed = seed;
  CheckReport report;
  try {
    report = check_values(cascade, machine_of(plan.machine.text, what.machine), plan, what.shape(),
                          evaluator_of(cascade), options, {});
  } catch (const UserError&) {
    ++tally.refused;
    return;
  } catch (const InternalError& error) {
    FAIL_CHECK(error.what());
    return;
  }
  INFO(report.first_mismatch);
  CHECK(report.passed);
  ++tally.compared;
  tally.values += report.values;
  tally.largest = std::max(tally.largest, report.max_rel_error);
}

void print(const std::string& name, const Tally& tally) {
  fmt::print("{}: {} compared, {} refused; {} values, relative error at most {:.2g}\n", name, tally.compared,
             tally.refused, tally.values, tally.largest);
}

void check_plans(std::uint64_t first_seed, std::uint64_t cases) {
  for (const std::string& name : plans_in_tree()) {
    Tally tally;
    for (std::uint64_t seed = first_seed; seed < first_seed + cases; ++seed) {
      check(RandomSmallCase(seed * 7919).make(name), seed, tally);
    }
    print(name, tally);
    CHECK(tally.compared > static_cast<std::int64_t>(cases) * 9 / 10);
  }
}

void check_random_bindings(std::uint64_t first_seed, std::uint64_t cases) {
  Tally tally;
  for (std::uint64_t seed = first_seed; seed < first_seed + cases; ++seed) {
    check(RandomSmallCase(seed * 104729).make_random_binding(), seed, tally);
  }
  print("random bindings", tally);
  CHECK(tally.compared > static_cast<std::int64_t>(cases) * 9 / 10);
}

}  // namespace

TEST_CASE("values that move between PEs are the evaluator's") { check_plans(1, 60); }

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
