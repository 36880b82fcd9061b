// SPDX-License-Identifier: Apache-2.0
// Does the default plan of every cascade run on every machine that has the operations, whatever the extents? It must
// simulate, give the evaluator's values in the simulated order, and the same report with and without fast-forward.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <random>

#include "einsum/evaluator.hpp"
#include "mappings/default_plan/default_plan.hpp"
#include "sim/execute.hpp"
#include "support/documents_in_tree.hpp"
#include "support/same_report.hpp"
#include "support/seeds.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

std::vector<std::string> cascades_in_tree() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(EINLOOM_SOURCE_DIR) + "/einsum/cascades")) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

struct MachineCase {
  std::string name;
  std::int64_t dim;
  std::string capacity;  // of the global buffer; "": as it is
};
const std::vector<MachineCase> kMachines = {{"fusemax", 4, ""},       {"fusemax", 8, ""}, {"fusemax", 256, ""},
                                            {"fusemax", 4, "32 KiB"}, {"flat", 4, ""},    {"flat", 8, ""},
                                            {"flat", 8, "16 KiB"},    {"flat", 256, ""},  {"fusemax", 1, ""}};

Machine machine_for(const MachineCase& what) {
  Overrides overrides = {{"parameters.dim", std::to_string(what.dim)}};
  if (!what.capacity.empty()) overrides.emplace_back("components.global_buffer.capacity", what.capacity);
  return machine_of(what.name, overrides);
}

// Extents of 1, primes, whole axes and more than an axis; partitions in parts that do not divide them.
Shape random_shape(const Cascade& cascade, std::int64_t dim, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto among = [&](const std::vector<std::int64_t>& values) { return values[random() % values.size()]; };
  Shape shape;
  for (const RankDecl& rank : cascade.ranks()) {
    shape.set(rank.name,
              among({1, 2, 3, 5, 7, std::min<std::int64_t>(dim, 8), std::min<std::int64_t>(dim, 8) + 1, 11}));
  }
  for (const PartitionDecl& partition : cascade.partitions()) shape.set(partition.inner, among({1, 2, 3, 4, 7}));
  return shape;
}

ReferenceFunction evaluator_of(const Cascade& cascade) {
  return [&cascade](const TensorStore<double>& inputs, const Shape& shape) {
    TensorStore<double> store = inputs;
    evaluate<double>(cascade, shape, Precision{Dtype::fp64}, store);
    TensorStore<double> outputs;
    for (const TensorDecl& tensor : cascade.tensors()) {
      if (tensor.role == TensorRole::output) outputs.emplace(tensor.name, std::move(store.at(tensor.name)));
    }
    return outputs;
  };
}

void check_plan(const Cascade& cascade, const Machine& machine, const Shape& shape, std::uint64_t seed) {
  const Plan made = default_plan(cascade, machine, shape, Dtype::fp64, {});
  const std::string text = print_plan(made);
  INFO(text);
  const Plan plan = load_plan(parse_yaml(source_from_text("default plan", text)));
  CHECK(print_plan(plan) == text);
  const Program program = lower(cascade, machine, plan, shape, Dtype::fp64, {});
  SimulationOptions options;
  const Report fast = simulate(program, machine, options);
  options.fast_forward = false;
  CHECK(first_difference(simulate(program, machine, options), fast).empty());
  CheckOptions check;
  check.dtype = Dtype::fp64;
  check.seed = seed;
  const CheckReport report = check_values(cascade, machine, plan, shape, evaluator_of(cascade), check, {});
  INFO(report.first_mismatch);
  CHECK(report.passed);
  CHECK(report.values > 0);
}

std::string shape_text(const Shape& shape) {
  std::string text;
  for (const auto& [name, extent] : shape.values()) text += fmt::format(" {}={}", name, extent);
  return text;
}

}  // namespace

TEST_CASE("the default plan of every cascade in the tree") {
  const std::uint64_t shapes = 2 + seeds(2);
  for (const std::string& name : cascades_in_tree()) {
    const Cascade cascade = cascade_of(name);
    for (std::size_t m = 0; m < kMachines.size(); ++m) {
      const MachineCase& what = kMachines[m];
      const Machine machine = machine_for(what);
      for (std::uint64_t seed = 1; seed <= shapes; ++seed) {
        const Shape shape = random_shape(cascade, what.dim, 100 * seed + m);
        INFO(name << " on " << what.name << " of " << what.dim << " with" << shape_text(shape));
        CHECK_NOTHROW(check_plan(cascade, machine, shape, seed));
      }
    }
  }
}
