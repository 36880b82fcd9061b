// SPDX-License-Identifier: Apache-2.0
// Does the default plan of every cascade run on every machine that has the operations, whatever the extents? It must
// simulate, give the evaluator's values in the simulated order, and the same report with and without fast-forward.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <optional>
#include <random>

#include "einsum/evaluator.hpp"
#include "einsum/transforms/chunk_recurrence.hpp"
#include "functional/sim/small_cascades.hpp"
#include "mappings/default_plan/default_plan.hpp"
#include "sim/execute.hpp"
#include "support/documents_in_tree.hpp"
#include "support/evaluator_reference.hpp"
#include "support/same_report.hpp"
#include "support/seeds.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

struct MachineCase {
  std::string name;
  std::int64_t dim;
  std::string capacity;  // of both memories; "": as they are
};
const std::vector<MachineCase> kMachines = {{"fusemax", 4, ""},      {"fusemax", 8, ""}, {"fusemax", 256, ""},
                                            {"fusemax", 4, "1 KiB"}, {"flat", 4, ""},    {"flat", 8, ""},
                                            {"flat", 8, "2 KiB"},    {"flat", 256, ""},  {"fusemax", 1, "4 KiB"}};

Machine machine_for(const MachineCase& what) {
  Overrides overrides = {{"parameters.dim", std::to_string(what.dim)}};
  for (const char* memory : {"global_buffer", "stream_buffer"}) {
    if (what.capacity.empty()) continue;
    overrides.emplace_back(std::string("components.") + memory + ".capacity", what.capacity);
  }
  return machine_of(what.name, overrides);
}

// Extents of 1, primes, whole axes and more than an axis; partitions in parts that do not divide them.
Shape random_shape(const Cascade& cascade, std::int64_t dim, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto among = [&](const std::vector<std::int64_t>& values) { return values[random() % values.size()]; };
  Shape shape;
  for (const RankDecl& rank : cascade.ranks()) {
    if (cascade.is_derived(rank.name)) continue;
    shape.set(rank.name,
              among({1, 2, 3, 5, 7, std::min<std::int64_t>(dim, 8), std::min<std::int64_t>(dim, 8) + 1, 11}));
  }
  for (const PartitionDecl& partition : cascade.partitions()) shape.set(partition.inner, among({1, 2, 3, 4, 7}));
  return shape;
}

// What a plan makes use of, over all that are checked.
struct Seen {
  int plans = 0, through_dram = 0, states_through_dram = 0, too_large = 0;
};

bool is_too_large(const UserError& error) {
  return error.diagnostics().size() == 1 && error.diagnostics().front().code == "tile-exceeds-buffer";
}

void check_plan(const Cascade& cascade, const Machine& machine, const Shape& shape, std::uint64_t seed, Seen& seen) {
  const Plan made = default_plan(cascade, machine, shape, Dtype::fp64, {});
  const std::string text = print_plan(made);
  INFO(text);
  const Plan plan = load_plan(parse_yaml(source_from_text("default plan", text)));
  CHECK(print_plan(plan) == text);
  std::optional<Program> program;
  try {
    program = lower(cascade, machine, plan, shape, Dtype::fp64, {});
  } catch (const UserError& error) {
    INFO(error.diagnostics().front().message);
    REQUIRE(is_too_large(error));
    ++seen.too_large;
    return;
  }
  SimulationOptions options;
  const Report fast = simulate(*program, machine, options);
  options.fast_forward = false;
  CHECK(first_difference(simulate(*program, machine, options), fast).empty());
  CheckOptions check;
  check.dtype = Dtype::fp64;
  check.seed = seed;
  const CheckReport report = check_values(cascade, machine, plan, shape, evaluator_of(cascade), check, {});
  INFO(report.first_mismatch);
  CHECK(report.passed);
  CHECK(report.values > 0);
  ++seen.plans;
  for (const Keep& keep : plan.keeps) {
    if (keep.reload.empty()) continue;
    ++seen.through_dram;
    if (!cascade.find_tensor(keep.tensor.text)->iterative_rank.empty()) ++seen.states_through_dram;
  }
}

std::string shape_text(const Shape& shape) {
  std::string text;
  for (const auto& [name, extent] : shape.values()) text += fmt::format(" {}={}", name, extent);
  return text;
}

void check_all(const Cascade& cascade, std::uint64_t shapes, Seen& seen) {
  for (std::size_t m = 0; m < kMachines.size(); ++m) {
    const MachineCase& what = kMachines[m];
    const Machine machine = machine_for(what);
    for (std::uint64_t seed = 1; seed <= shapes; ++seed) {
      const Shape shape = random_shape(cascade, what.dim, 100 * seed + m);
      INFO(cascade.name() << " on " << what.name << " of " << what.dim << ", " << what.capacity << ", with"
                          << shape_text(shape));
      CHECK_NOTHROW(check_plan(cascade, machine, shape, seed, seen));
    }
  }
}

void report(const Seen& seen) {
  fmt::print("{} plans checked; {} tensors through DRAM, {} of them states; {} too large\n", seen.plans,
             seen.through_dram, seen.states_through_dram, seen.too_large);
}

}  // namespace

TEST_CASE("the default plan of every cascade in the tree") {
  Seen seen;
  for (const std::string& name : cascades_in_tree()) {
    const Cascade cascade = cascade_of(name);
    for (const CheckCase& one : cascade.checks().cases) {
      if (!one.options.empty() || !one.constants.empty()) continue;
      Shape shape;
      for (const auto& [rank, extent] : one.shape) shape.set(rank, extent);
      INFO(name << shape_text(shape));
      CHECK_NOTHROW(check_plan(cascade, machine_for(kMachines[0]), shape, 1, seen));
    }
  }
  for (const char* name : {"attention_1pass", "attention_2pass", "attention_3pass", "fsa", "matmul"}) {
    check_all(cascade_of(name), 2 + seeds(2), seen);
  }
  check_all(cascade_of("fsa", {{"mask", "causal"}}), 2 + seeds(2), seen);
  report(seen);
  CHECK(seen.plans > 50 * seen.too_large);
}

TEST_CASE("the default plan of cascades of every kind") {
  Seen seen;
  for (const SmallCascade& each : small_cascades()) {
    INFO(each.what);
    check_all(load_cascade(parse_yaml(source_from_text("cascade.yaml", each.text))), 2 + seeds(4), seen);
  }
  report(seen);
  CHECK(seen.plans > 50 * seen.too_large);
  CHECK(seen.through_dram > 10);
  CHECK(seen.states_through_dram > 0);
}

// Cascades that a transformation made, and what it is made for: a state of a matrix for each chunk instead of each
// token.
TEST_CASE("default plans of recurrences in chunks") {
  Seen seen;
  for (const char* name : {"retnet", "ssd", "delta_net", "yaad"}) {
    const Cascade origin = cascade_of(name);
    const Cascade chunked = transforms::chunk_recurrence(origin, "T", 4);
    check_all(chunked, 1 + seeds(1), seen);
    Shape shape;
    for (const RankDecl& rank : origin.ranks()) shape.set(rank.name, 16);
    for (const auto& [rank, extent] : {std::pair{"B", 1}, {"H", 1}, {"G", 1}, {"T", 256}}) shape.set(rank, extent);
    shape.set("T0", 16);
    const Machine machine = machine_of("fusemax", {{"parameters.dim", "16"}});
    const auto cycles = [&](const Cascade& cascade) {
      Shape own;
      for (const RankDecl& rank : cascade.ranks()) {
        if (!cascade.is_derived(rank.name)) own.set(rank.name, shape.at(rank.name));
      }
      for (const ParameterDecl& parameter : cascade.parameters()) own.set(parameter.name, shape.at(parameter.name));
      const Plan plan = default_plan(cascade, machine, own, Dtype::bf16, {});
      return simulate(lower(cascade, machine, plan, own, Dtype::bf16, {}), machine, {}).cycles.value();
    };
    INFO(name);
    const std::int64_t by_chunks = cycles(chunked), by_tokens = cycles(origin);
    fmt::print("{}: {} cycles in chunks of 16, {} token by token\n", name, by_chunks, by_tokens);
    // Where values go around through the state, vectors are still made token by token.
    if (chunked.iterative_ranks().size() == 1) CHECK(2 * by_chunks < by_tokens);
    if (std::string(name) == "delta_net") CHECK(by_chunks < by_tokens);
  }
  report(seen);
  CHECK(seen.plans > 5 * seen.too_large);
}

// At their real size, where results exceed the memory: nothing but the times that no rule allows could go wrong unseen.
TEST_CASE("default plans of long sequences") {
  const Cascade cascade = cascade_of("attention_3pass");
  const Machine machine = machine_of("fusemax");
  const Shape shape = AttentionShape{1, 16, 65536, 65536, 128, 128}.shape();
  const Plan plan = default_plan(cascade, machine, shape, Dtype::bf16, {});
  const Program program = lower(cascade, machine, plan, shape, Dtype::bf16, {});
  const Report report = simulate(program, machine, {});
  // exp and its subtraction, the maximum, the sum and the quotient of every score on 256 PEs.
  const double work = 16.0 * 65536 * 65536 * (7 + 1 + 1 + 1) / 256;
  CHECK(static_cast<double>(report.cycles.value()) >= work);
  // No slower than computing and moving one after the other.
  double moved = 0;
  for (const MemoryReport& memory : report.memories) {
    if (memory.name == "dram") moved += static_cast<double>(memory.read_bytes + memory.write_bytes);
  }
  CHECK(static_cast<double>(report.cycles.value()) < 1.01 * (work + moved * 940e6 / (400.0 * 1073741824)));
  for (const MemoryReport& memory : report.memories) {
    if (memory.name == "global_buffer") CHECK(memory.peak_bytes <= 16 * 1048576);
  }
}
