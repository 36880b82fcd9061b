// SPDX-License-Identifier: Apache-2.0
// Plans as read, and what lowering makes of the shipped ones: statements, costs, dependences, storages, tiles.
#include "mappings/lower.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "einsum/counts.hpp"
#include "mappings/estimate.hpp"
#include "mappings/tile_region.hpp"
#include "support/documents_in_tree.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

Program bert(std::int64_t length, const std::string& plan = kInterleaved, const Overrides& overrides = {}) {
  return lower(cascade_of("attention_1pass"), machine_of("fusemax"), plan_of(plan, overrides),
               AttentionShape{64, 12, length, length, 64, 64}.shape(), Dtype::bf16, {});
}

const Statement& statement(const Program& program, const std::string& name) {
  const auto found = std::find_if(program.statements.begin(), program.statements.end(),
                                  [&](const Statement& s) { return s.name == name; });
  REQUIRE(found != program.statements.end());
  return *found;
}

const Dependence* edge(const Program& program, DependenceKind kind, const std::string& from, const std::string& to) {
  for (const Dependence& edge : program.dependences) {
    if (edge.kind == kind && program.statements[static_cast<std::size_t>(edge.producer)].name == from &&
        program.statements[static_cast<std::size_t>(edge.consumer)].name == to) {
      return &edge;
    }
  }
  return nullptr;
}

std::string first_code(const std::string& text) {
  try {
    static_cast<void>(load_plan(parse_yaml(source_from_text("plan.yaml", text))));
  } catch (const UserError& error) {
    return error.diagnostics().front().code;
  }
  return "";
}

const std::string kPlan = R"yaml(plan: tiny
cascade: c
machine: m
nests:
  - loops: [a, b]
    body: [X, {loops: [c], body: [Y]}, Z]
bind:
  X: {array: grid, rows: r, columns: s, time: [t, u]}
  Y: {array: line}
keep:
  I: {in: buffer, across: [a], slots: "max(P1, 8)"
}
  J: {in: buffer}
)yaml";

}  // namespace

TEST_CASE("a plan is read as written") {
  const Plan plan = load_plan(parse_yaml(source_from_text(
      "plan.yaml", kPlan + "in_flight: 3\nbarrier: machine\nissue: listed_first\ntiles: {P0: 4, M0: grid.rows}\n"
                           "phases:\n  - {grid: [X], line: [Y], stall: 7}\n  - {grid: Z}\n")));
  CHECK(plan.name == "tiny");
  CHECK(plan.cascade.text == "c");
  CHECK(plan.machine.text == "m");
  REQUIRE(plan.nests.size() == 1);
  REQUIRE(plan.nests[0].loops.size() == 2);
  CHECK(plan.nests[0].loops[1].text == "b");
  REQUIRE(plan.nests[0].body.size() == 3);
  CHECK(std::get<Name>(plan.nests[0].body[0]).text == "X");
  CHECK(std::get<Name>(std::get<NestNode>(plan.nests[0].body[1]).body.at(0)).text == "Y");
  REQUIRE(plan.bindings.size() == 2);
  CHECK(plan.bindings[0].rows->text == "r");
  CHECK(plan.bindings[0].columns->text == "s");
  REQUIRE(plan.bindings[0].time.size() == 2);
  CHECK(plan.bindings[0].time[1].text == "u");
  CHECK_FALSE(plan.bindings[1].rows.has_value());
  CHECK(plan.keeps.at(0).across.at(0).text == "a");
  CHECK(plan.keeps.at(0).slots.has_value());
  CHECK_FALSE(plan.keeps.at(1).slots.has_value());
  CHECK(plan.tiles.size() == 2);
  CHECK(plan.in_flight.has_value());
  CHECK(plan.barrier == Barrier::machine);
  CHECK(plan.issue == IssueOrder::listed_first);
  REQUIRE(plan.phases.size() == 2);
  CHECK(plan.phases[0].arrays.at("line").at(0).text == "Y");
  CHECK(plan.phases[0].stall_cycles.has_value());
  CHECK_FALSE(plan.phases[1].stall_cycles.has_value());
}

TEST_CASE("what a plan leaves out has its default, and mistakes have their codes") {
  const Plan plan = load_plan(parse_yaml(source_from_text("plan.yaml", kPlan)));
  CHECK_FALSE(plan.in_flight.has_value());
  CHECK(plan.barrier == Barrier::array);
  CHECK(plan.issue == IssueOrder::oldest_first);
  CHECK(plan.phases.empty());
  CHECK(first_code(kPlan + "barier: machine\n") == "unknown-key");
  CHECK(first_code(kPlan + "barrier: none\n") == "value-unknown");
  CHECK(first_code(kPlan + "phases: {grid: X}\n") == "yaml-type");
  CHECK(first_code("plan: p\ncascade: c\nmachine: m\nnests: []\nbind: {}\nkeep: {}\n") == "yaml-type");
  CHECK(first_code("plan: p\ncascade: c\nmachine: m\nbind: {}\nkeep: {}\n") == "missing-key");
}

// The published rule: ⌊(16 MiB − 2·256·128)/(2·256·130)⌋ = 251 query tiles fit; P/P0 of 4 … 256 are below, 1024 and
// 4096 are cut into groups of the largest divisor not above 251.
TEST_CASE("query tiles per group follow the published rule") {
  for (const auto& [length, tiles] : {std::pair{1024, 4}, {16384, 64}, {65536, 128}, {1048576, 128}}) {
    const Program program = bert(length);
    CHECK(program.tile_extents.at("P1") == tiles);
    CHECK(program.tile_extents.at("P2") == length / 256 / tiles);
  }
}

TEST_CASE("instances and issue cycles of BERT's statements") {
  const Program program = bert(1024);
  const std::int64_t heads = 64 * 12, tiles = heads * 4 * 4;
  CHECK(program.iterations == tiles);
  const std::pair<const char*, std::int64_t> cycles[] = {{"QK", 64}, {"LM", 1},    {"RM", 1},  {"SLN", 7},
                                                         {"SLD", 1}, {"SLNV", 64}, {"PRM", 7}, {"SPD", 1},
                                                         {"RD", 1},  {"SPNV", 64}, {"RNV", 64}};
  for (const auto& [name, duration] : cycles) {
    INFO(name);
    CHECK(statement(program, name).instances == tiles);
    CHECK(statement(program, name).variants.at(0).duration_cycles == duration);
  }
  CHECK(statement(program, "AV").instances == heads * 4);  // after the last key tile
  CHECK(statement(program, "store AV").instances == heads * 4);
  CHECK(statement(program, "load Q").instances == heads * 4);
  CHECK(statement(program, "load K").instances == heads * 4);  // P2 = 1: once
  CHECK(statement(program, "load K").variants.at(0).move_bytes == 256 * 64 * 2);
  CHECK(statement(program, "QK").variants.at(0).pes == 256 * 256);
  CHECK(statement(program, "RM").variants.at(0).pes == 256);
}

// Through R rows: R − 1 hops, 1 for the link. Back: nothing. A memory's latency where a value rests in it.
TEST_CASE("latencies of dependences") {
  const Program program = bert(1024);
  const auto latency = [&](const char* from, const char* to) {
    const Dependence* found = edge(program, DependenceKind::data, from, to);
    REQUIRE(found != nullptr);
    return found->latency_cycles;
  };
  CHECK(latency("QK", "LM") == 0);
  CHECK(latency("LM", "RM") == 256);
  CHECK(latency("RM", "SLN") == 0);
  CHECK(latency("SLD", "RD") == 256);
  CHECK(latency("SLNV", "RNV") == 256);
  CHECK(latency("load K", "QK") == 0);
  CHECK(latency("AV", "store AV") == 255 + 1);  // the last PE, then the stream buffer
  CHECK(latency("RM", "RM") == 2);              // its state of the key tile before rests in the buffer
  CHECK(edge(program, DependenceKind::data, "QK", "RM") == nullptr);
}

TEST_CASE("slots and iterations in flight") {
  for (const auto& [plan, in_flight] : {std::pair{kInterleaved, 5}, {kSerial, 1}}) {
    const Program program = bert(4096, plan, {{"in_flight", std::to_string(in_flight)}});
    CHECK(program.in_flight == in_flight);
    CHECK(edge(program, DependenceKind::iteration, "SLNV", "QK")->shift == in_flight);
    CHECK(edge(program, DependenceKind::iteration, "RNV", "QK") == nullptr);  // barrier: array
    for (const Storage& storage : program.storages) {
      const std::string& tensor = program.tensors[static_cast<std::size_t>(storage.tensor)];
      INFO(tensor);
      if (tensor == "Q" || tensor == "RM" || tensor == "RD" || tensor == "RNV") {
        CHECK(storage.slots == 16);
      } else {
        CHECK(storage.slots == (storage.memory >= 0 ? 2 : in_flight));
      }
    }
  }
  const Program whole = bert(1024, kSerial, {{"barrier", "machine"}});
  CHECK(edge(whole, DependenceKind::iteration, "RNV", "QK") != nullptr);
}

// The tiles of every Einsum cover its iteration space once, also where extents are no multiples.
TEST_CASE("tiles cover each Einsum's space exactly once, and the totals are the cascade's") {
  const Cascade cascade = cascade_of("attention_1pass");
  const Machine machine = machine_of("fusemax", {{"parameters.dim", "4"}});
  for (const AttentionShape& shape : std::vector<AttentionShape>{
           {1, 2, 8, 8, 3, 2}, {2, 1, 11, 7, 2, 3}, {1, 1, 1, 9, 2, 2}, {1, 1, 3, 2, 1, 1}, {1, 2, 25, 13, 2, 1}}) {
    for (const char* group : {"1", "largest_divisor(ceil(P / P0), 2)", "ceil(P / P0)"}) {
      INFO("P=" << shape.p << " M=" << shape.m << " P1 " << group);
      const Program program =
          lower(cascade, machine, plan_of(kInterleaved, {{"tiles.P1", group}}), shape.shape(), Dtype::bf16, {});
      for (const Statement& what : program.statements) {
        if (what.kind != StatementKind::operation) continue;
        std::map<std::vector<std::int64_t>, int> seen;
        std::int64_t points = 0;
        std::vector<std::int64_t> position;
        for (std::int64_t i = 0; i < what.instances; ++i) {
          program.position_of(what, i, position);
          const Box box = tile_box(program, what, position);
          std::int64_t volume = 1;
          std::vector<std::int64_t> corner;
          for (const Range& range : box) {
            volume *= range.end - range.begin;
            corner.push_back(range.begin);
          }
          CHECK(volume == what.variants[program.variant_at(what, position)].points);
          ++seen[corner];
          points += volume;
        }
        CHECK(static_cast<std::int64_t>(seen.size()) == what.instances);  // no tile twice
        std::int64_t space = shape.b * shape.h * shape.p;
        const bool per_key = what.name == "QK" || what.name == "SLN";
        const bool sums_keys = what.name == "LM" || what.name == "SLD" || what.name == "SLNV";
        if (per_key || sums_keys) space *= shape.m;
        if (!per_key && !sums_keys && what.name != "AV") space *= (shape.m + 3) / 4;
        if (what.name == "QK") space *= shape.e;
        for (const char* wide : {"SLNV", "SPNV", "RNV", "AV"}) space *= what.name == wide ? shape.f : 1;
        CHECK(points == space);
      }
      std::map<std::string, std::int64_t> operations;
      for (const auto& by_op : estimate_totals(program).operations) {
        for (const auto& [op, count] : by_op) operations[op] += count;
      }
      CHECK(operations == program.required_operations);
    }
  }
}
