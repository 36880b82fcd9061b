// SPDX-License-Identifier: Apache-2.0
// The data once more: operands, partial results and results that move from PE to PE, every PE checking in every step
// that what it uses is there; and what is stored in the end equals the evaluator's.
#include <catch2/catch.hpp>
#include <map>
#include <optional>

#include "pe/random_case.hpp"
#include "sim/execute.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

ReferenceKernel evaluator_of(const Cascade& cascade) {
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

}  // namespace

TEST_CASE("values that move between PEs are the evaluator's") {
  constexpr std::uint64_t cases = 60;
  std::map<std::string, Cascade> cascades;
  for (const std::string& name : plans_in_tree()) {
    std::int64_t compared = 0, refused = 0, values = 0;
    double largest = 0;
    for (std::uint64_t seed = 1; seed <= cases; ++seed) {
      const SmallCase what = RandomSmallCase(seed * 7919).make(name);
      INFO("seed " << seed << " " << what.text());
      const Plan plan = plan_of(name, what.plan);
      const Cascade& cascade = cascades.try_emplace(plan.cascade.text, cascade_of(plan.cascade.text)).first->second;
      CheckOptions options;
      options.fidelity = Fidelity::pe;
      options.dtype = seed % 3 == 0 ? Dtype::fp32 : Dtype::fp64;
      options.seed = seed;
      std::optional<CheckReport> report;
      try {
        report = check_values(cascade, machine_of(plan.machine.text, what.machine), plan, what.shape(),
                              evaluator_of(cascade), options, {});
      } catch (const UserError&) {
        ++refused;
        continue;
      }
      INFO(report->first_mismatch);
      CHECK(report->passed);
      ++compared;
      values += report->values;
      largest = std::max(largest, report->max_rel_error);
    }
    fmt::print("{}: {} compared, {} refused; {} values, relative error at most {:.2g}\n", name, compared, refused,
               values, largest);
  }
}
