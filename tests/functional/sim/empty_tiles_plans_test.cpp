// SPDX-License-Identifier: Apache-2.0
// `empty_tiles: skip` in plans that are not the default ones: sums outside the loop that indexes their slots, spilled
// shares, instructions. Each against the same plan that issues every tile.
#include <catch2/catch.hpp>

#include "einsum/evaluator.hpp"
#include "mappings/lower.hpp"
#include "sim/execute.hpp"
#include "sim/simulate.hpp"
#include "support/documents_in_tree.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

// Row maxima and results are summed over the keys outside the queries: each of their tiles is taken up again for every
// tile of keys, and at (m1, p1) = (1, 1) another one than before.
constexpr const char* kPlan = R"(plan: turned
cascade: causal
machine: fusemax
tiles: {P0: 4, M0: 4}
nests:
  - {loops: [p1, m1], body: [QK]}
  - {loops: [m1, p1], body: [GM]}
  - {loops: [p1, m1], body: [SN]}
  - {loops: [p1, m1], body: [SD]}
  - {loops: [p1, m1], body: [A]}
  - {loops: [m1, p1], body: [AV]}
empty_tiles: skip
bind:
  QK: {array: array2d, rows: e, columns: p0, time: [b, h, m0]}
  GM: {array: array1d, columns: p0, time: [b, h, m0]}
  SN: {array: array1d, columns: p0, time: [b, h, m0]}
  SD: {array: array1d, columns: p0, time: [b, h, m0]}
  A: {array: array1d, columns: p0, time: [b, h, m0]}
  AV: {array: array2d, rows: m0, columns: p0, time: [b, h, f]}
keep:
  Q: {in: global_buffer, slots: 1}
  K: {in: global_buffer, slots: 1}
  V: {in: global_buffer, slots: 1}
  QK: {in: global_buffer, slots: M1*P1}
  GM: {in: global_buffer, slots: P1}
  SN: {in: global_buffer, slots: M1*P1}
  SD: {in: global_buffer, slots: P1}
  A: {in: global_buffer, slots: M1*P1}
  AV: {in: global_buffer, slots: P1}
)";

Plan plan_with(std::string text, const Overrides& edits) {
  for (const auto& [from, to] : edits) {
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
  }
  return load_plan(parse_yaml(source_from_text("plan.yaml", text)));
}

const Overrides kIssue = {{"empty_tiles: skip", "empty_tiles: issue"}};

Shape shape_of(std::int64_t queries, std::int64_t keys) {
  Shape shape;
  for (const auto& [rank, extent] : std::vector<std::pair<std::string, std::int64_t>>{
           {"B", 1}, {"H", 1}, {"P", queries}, {"M", keys}, {"E", 4}, {"F", 4}}) {
    shape.set(rank, extent);
  }
  return shape;
}

std::int64_t written(const Report& report, const std::string& memory) {
  for (const MemoryReport& each : report.memories) {
    if (each.name == memory) return each.write_bytes;
  }
  FAIL("no memory " << memory);
  return 0;
}

}  // namespace

TEST_CASE("a tile that is summed outside its own loop keeps its slot") {
  const Cascade cascade = cascade_of("causal");
  const Machine machine = machine_of("fusemax");
  for (const auto& [queries, keys] : std::vector<std::pair<std::int64_t, std::int64_t>>{{16, 16}, {15, 18}, {40, 40}}) {
    const Shape shape = shape_of(queries, keys);
    const Plan plan = plan_with(kPlan, {});
    const ReferenceFunction reference = [&](const TensorStore<double>& inputs, const Shape& clipped) {
      TensorStore<double> store = inputs, outputs;
      evaluate<double>(cascade, clipped, Precision{Dtype::fp64}, store);
      outputs.emplace("AV", std::move(store.at("AV")));
      return outputs;
    };
    CheckOptions options;
    options.dtype = Dtype::fp64;
    const CheckReport checked = check_values(cascade, machine, plan, shape, reference, options, {});
    INFO(checked.first_mismatch);
    CHECK(checked.passed);
    const Program program = lower(cascade, machine, plan, shape, Dtype::fp64, {});
    SimulationOptions stepped;
    stepped.fast_forward = false;
    const Report skipping = simulate(program, machine, stepped);
    const Report issuing =
        simulate(lower(cascade, machine, plan_with(kPlan, kIssue), shape, Dtype::fp64, {}), machine, stepped);
    CHECK(skipping.tiles_skipped > 0);
    for (std::size_t m = 0; m < machine.memories.size(); ++m) {
      CHECK(skipping.memories[m].peak_bytes <= issuing.memories[m].peak_bytes);
    }
    CHECK(simulate(program, machine, {}).cycles.value() == skipping.cycles.value());
  }
}

TEST_CASE("what spills of a sum is stored as often as its tiles are written") {
  const Cascade cascade = cascade_of("causal");
  const Machine machine = machine_of("fusemax");
  const auto run = [&](const Overrides& edits) {
    return simulate(lower(cascade, machine, plan_with(kPlan, edits), shape_of(16, 16), Dtype::fp32, {}), machine, {});
  };
  const std::string keep = "  GM: {in: global_buffer, slots: P1";
  const Report whole = run({}), spilling = run({{keep, keep + ", spilled: 0.5"}});
  const std::int64_t spilled = written(whole, "global_buffer") - written(spilling, "global_buffer");
  CHECK(spilled > 0);
  CHECK(written(spilling, "dram") - written(whole, "dram") == spilled);
}

TEST_CASE("no instruction of which a part would be missing") {
  const std::string text =
      read_source(std::string(EINLOOM_SOURCE_DIR) + "/mappings/plans/fsa__fsa__flash_causal.yaml")->text;
  const Plan skipping = plan_with(text, {{"skip_absent: [m1]", "empty_tiles: skip"}});
  const Plan issuing = plan_with(text, {{"skip_absent: [m1]", ""}});
  const Cascade cascade = cascade_for(skipping);
  const Machine machine = machine_of("fsa", {{"parameters.rows", "8"}, {"parameters.columns", "8"}});
  Shape shape;
  for (const char* rank : {"P", "M"}) shape.set(rank, 32);
  for (const char* rank : {"E", "F"}) shape.set(rank, 8);
  for (const char* rank : {"B", "H"}) shape.set(rank, 1);
  const Program program = lower(cascade, machine, skipping, shape, Dtype::fp16, {});
  for (const Statement& statement : program.statements) {
    INFO(statement.name);
    CHECK(statement.mask == nullptr);
  }
  CHECK(simulate(program, machine, {}).cycles.value() ==
        simulate(lower(cascade, machine, issuing, shape, Dtype::fp16, {}), machine, {}).cycles.value());
}
