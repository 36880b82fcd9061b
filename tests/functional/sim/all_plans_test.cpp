// SPDX-License-Identifier: Apache-2.0
// Do the values of every plan in the tree, carried through its simulated schedule on seeded shapes, agree with the
// hand-written kernel of its cascade?
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "einsum/reference/reference.hpp"
#include "sim/execute.hpp"
#include "support/plan_cases.hpp"
#include "support/seeds.hpp"

using namespace einloom;
using namespace einloom::test;

TEST_CASE("values of every plan in the tree") {
  constexpr std::uint64_t kSeeds = 10 + seeds(40);
  for (const std::string& name : plans_in_tree()) {
    int run = 0;
    double largest = 0;
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
      PlanCase what = PlanCases(seed).make(name);
      const Plan plan = plan_of(what.plan_name, what.plan);
      const Cascade cascade = cascade_for(plan);
      const ReferenceFunction reference = [&](const TensorStore<double>& inputs, const Shape& shape) {
        ReferenceSetting setting;
        setting.extents = shape.values();
        for (const OptionDecl& option : cascade.options()) setting.options[option.name] = option.chosen;
        TensorStore<double> outputs;
        for (const TensorDecl& tensor : cascade.tensors()) {
          if (tensor.role != TensorRole::output) continue;
          outputs.emplace(tensor.name, find_reference(cascade.reference())->run(inputs, setting).begin()->second);
        }
        return outputs;
      };
      CheckOptions options;
      options.dtype = seed % 2 == 0 ? Dtype::fp64 : Dtype::fp32;
      options.seed = seed;
      options.operation_budget = 1'000'000;
      try {
        const CheckReport report = check_values(cascade, machine_of(plan.machine.text, what.machine), plan, what.shape,
                                                reference, options, {});
        INFO(name << " seed " << seed << "\n" << report.first_mismatch);
        CHECK(report.passed);
        CHECK(report.values > 0);
        if (options.dtype == Dtype::fp64) largest = std::max(largest, report.max_rel_error);
        ++run;
      } catch (const UserError&) {  // does not fit the machine drawn
      }
    }
    fmt::print("{}: {} of {} shapes checked, largest fp64 error {:.2e}\n", name, run, kSeeds, largest);
    INFO(name);
    CHECK(run > static_cast<int>(kSeeds) / 2);
  }
}
