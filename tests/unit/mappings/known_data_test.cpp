// SPDX-License-Identifier: Apache-2.0
// Which masks are known before a run, with which values, and what a lowered program says about them.
#include "einsum/known_data.hpp"

#include <catch2/catch.hpp>

#include "einsum/input_values.hpp"
#include "mappings/default_plan/default_plan.hpp"
#include "mappings/lower.hpp"
#include "support/documents_in_tree.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

using Names = std::vector<std::string>;

Shape paro_shape(std::int64_t tokens) {
  Shape shape;
  for (const auto& [name, value] :
       std::map<std::string, std::int64_t>{{"H", 2}, {"P", tokens}, {"E", 8}, {"F", 8}, {"M0", 4}}) {
    shape.set(name, value);
  }
  return shape;
}

Program lowered(const Cascade& cascade, const Shape& shape, std::optional<std::uint64_t> seed) {
  const Machine machine = machine_of("fusemax", {{"parameters.dim", "4"}});
  return lower(cascade, machine, default_plan(cascade, machine, shape, Dtype::bf16, {}), shape, Dtype::bf16, {}, seed);
}

Cascade paro_with(const std::string& drawing) {
  return load_cascade(document_in_tree("einsum/cascades/paro.yaml", {{"check.inputs.BM", drawing}}), {});
}

}  // namespace

TEST_CASE("what is drawn whole is known, and what follows from it or from indices") {
  CHECK(known_tensors(cascade_of("paro")) == std::set<std::string>{"BM", "PB", "PI"});
  CHECK(known_tensors(cascade_of("paro", {{"text", "front"}})) == std::set<std::string>{"BM", "PB", "PI", "TX"});
  CHECK(known_tensors(cascade_of("soft_pag", {{"identity_scope", "image_block"}})) == std::set<std::string>{"BM"});
  CHECK(known_tensors(cascade_of("dynamic_mask")).empty());  // its mask are the keys with the largest biases
  CHECK(known_tensors(paro_with("{uniform: [0, 1]}")) == std::set<std::string>{"PB", "PI"});
  CHECK(deciding_inputs(cascade_of("cross", {{"lengths", "given"}})) == Names{"LEN"});
  CHECK(deciding_inputs(cascade_of("cross")).empty());
}

TEST_CASE("known values are those of a check of values") {
  for (const char* name : {"paro", "paro_int8", "temporal_interest", "paged_decode"}) {
    INFO(name);
    const Cascade cascade = cascade_of(name);
    Shape given;
    for (const auto& [rank, extent] : cascade.checks().cases.front().shape) given.set(rank, extent);
    const Shape shape = cascade.bind(given, {});
    const auto all = draw_run_inputs(cascade, shape, {Dtype::bf16, 3, 40});
    const KnownData known(cascade, shape, Dtype::bf16, 3);
    for (const std::string& input : deciding_inputs(cascade)) {
      INFO(input);
      const Tensor<double>&found = known.tensor(input), &expected = all.at(input);
      REQUIRE(found.extents() == expected.extents());
      CHECK(std::equal(found.data(), found.data() + found.size(), expected.data()));
    }
  }
}

TEST_CASE("a program says by which data tiles are passed over, and of which Einsums all are issued") {
  const Cascade paro = cascade_of("paro");
  const Names masked = {"QK", "GM", "SN", "SD", "A", "O"};
  const Program known = lowered(paro, paro_shape(64), 5);
  CHECK(known.deciding == std::set<std::string>{"BM"});
  CHECK(known.data_seed == 5);
  CHECK(known.dense.empty());
  const Program unknown = lowered(paro, paro_shape(64), std::nullopt);
  CHECK(unknown.deciding.empty());
  CHECK(unknown.dense == masked);
  CHECK_FALSE(unknown.skips);
  // With other values other tiles.
  const auto issued = [](const Program& program) {
    std::int64_t sum = 0;
    for (const Statement& statement : program.statements) sum += Program::issued(statement);
    return sum;
  };
  CHECK(issued(known) < issued(unknown));
  CHECK(issued(known) != issued(lowered(paro, paro_shape(64), 6)));

  const Program drawn_full = lowered(paro_with("{mask: 1}"), paro_shape(64), 5);
  CHECK(drawn_full.deciding.empty());
  CHECK(drawn_full.dense.empty());
  CHECK(issued(drawn_full) == issued(unknown));

  const Program by_indices = [] {
    Shape shape;
    for (const char* rank : {"H", "E", "F"}) shape.set(rank, 2);
    shape.set("P", 40);
    shape.set("IM", 4);
    shape.set("NV", 30);
    return lowered(cascade_of("soft_pag", {{"identity_scope", "image_block"}}), shape, 5);
  }();
  CHECK(by_indices.deciding == std::set<std::string>{"BM"});
  CHECK_FALSE(by_indices.data_seed);

  const Program activations = [] {
    const Cascade cascade = cascade_of("dynamic_mask");
    Shape shape;
    for (const auto& [name, value] : cascade.checks().cases.front().shape) shape.set(name, value);
    return lowered(cascade, shape, 5);
  }();
  CHECK(activations.deciding.empty());
  CHECK(activations.dense == Names{"QK", "S", "GM", "SN", "SD", "A", "O"});
}

TEST_CASE("data that leaves nothing at all is not used") {
  // Only O, behind its reductions over nothing, would be left.
  const Program program = lowered(paro_with("{constant: 0}"), paro_shape(64), 5);
  const auto issued_of = [&](const std::string& name) {
    for (const Statement& statement : program.statements) {
      if (statement.name == name) return Program::issued(statement);
    }
    return std::int64_t{-1};
  };
  CHECK(issued_of("PB") > 0);
  CHECK(issued_of("QK") == 0);

  Shape shape;
  for (const char* rank : {"B", "H", "P", "E", "F"}) shape.set(rank, 4);
  shape.set("M", 24);
  const Cascade cross =
      load_cascade(document_in_tree("einsum/cascades/cross.yaml", {{"check.inputs.LEN", "{constant: 0}"}}),
                   {{{"lengths", "given"}}, {}, {}});
  const Program nothing = lowered(cross, shape, 5);
  CHECK(nothing.deciding.empty());
  CHECK_FALSE(nothing.skips);
  CHECK(nothing.dense == Names{"QK", "GM", "SN", "SD", "A", "AV"});
}

TEST_CASE("tensors that are too large are not known") {
  const Cascade cascade = cascade_of("soft_pag", {{"identity_scope", "image_block"}});
  Shape given;
  for (const char* rank : {"H", "E", "F"}) given.set(rank, 1);
  given.set("P", 8200);  // BM has 8200 x 8200 elements
  const Shape shape = cascade.bind(given, {});
  const KnownData known(cascade, shape, Dtype::bf16, 1);
  for (std::size_t e = 0; e < cascade.einsums().size(); ++e) {
    for (const Comparison& comparison : cascade.domain(static_cast<int>(e))) {
      if (!comparison.is_affine()) CHECK_FALSE(known.knows(comparison));
    }
  }
}
