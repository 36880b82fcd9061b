// SPDX-License-Identifier: Apache-2.0
// Does a loaded cascade answer what its header promises: look-ups, domains, dependences, shapes?
#include "einsum/cascade.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "einsum/affine.hpp"
#include "unit/einsum/cascades.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

std::vector<std::string> domain_of(const Cascade& cascade, const std::string& einsum) {
  std::vector<std::string> all;
  for (const auto& each : cascade.domain(cascade.einsum_position(einsum))) all.push_back(print_comparison(each));
  return all;
}

// "SLN->SLD 0" for every edge.
std::set<std::string> edges_of(const Cascade& cascade) {
  std::set<std::string> all;
  const auto& graph = cascade.graph();
  for (const auto edge : boost::make_iterator_range(boost::edges(graph))) {
    const auto name = [&](auto vertex) { return cascade.einsums()[vertex].name(); };
    std::string text = name(boost::source(edge, graph));
    text.append("->").append(name(boost::target(edge, graph))).append(" ").append(std::to_string(graph[edge].distance));
    if (!graph[edge].iterative_rank.empty()) text.append(" ").append(graph[edge].iterative_rank);
    all.insert(text);
  }
  return all;
}

std::string shape_error(const Cascade& cascade, std::initializer_list<std::pair<const char*, std::int64_t>> extents) {
  try {
    static_cast<void>(shape_of(cascade, extents));
    return "";
  } catch (const UserError& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("look-ups") {
  const Cascade cascade = shipped_cascade("attention_1pass");
  CHECK(cascade.name() == "attention_1pass");
  CHECK(cascade.reference() == "softmax_attention");
  CHECK(cascade.einsum_position("RNV") == 10);
  CHECK(cascade.einsum_position("Q") == -1);
  CHECK(cascade.find_einsum("Q") == nullptr);
  CHECK(cascade.find_einsum("AV")->name() == "AV");
  CHECK(cascade.find_tensor("XY") == nullptr);
  CHECK(cascade.find_tensor("RM")->iterative_rank == "M1");
  CHECK(*cascade.find_tensor("RM")->initial == -std::numeric_limits<double>::infinity());
  CHECK(cascade.find_tensor("LM")->iterative_rank.empty());
  CHECK(cascade.partition_of("M")->outer == "M1");
  CHECK(cascade.partition_of("P") == nullptr);
  CHECK(cascade.partition_with("M0")->rank == "M");
  CHECK(cascade.partition_with("M") == nullptr);
  CHECK(cascade.all_ranks() == std::vector<std::string>{"B", "H", "P", "M", "E", "F", "M1", "M0"});
  REQUIRE(cascade.iterative_ranks().size() == 1);
  CHECK(cascade.iterative_ranks()[0].name == "M1");
  CHECK(variable_of_rank("M1") == "m1");
  CHECK(rank_of_variable("m1") == "M1");
}

TEST_CASE("the dependences of 1-pass attention") {
  CHECK(edges_of(shipped_cascade("attention_1pass")) ==
        std::set<std::string>{"QK->LM 0", "LM->RM 0", "RM->RM 1 M1", "QK->SLN 0", "RM->SLN 0", "SLN->SLD 0",
                              "SLN->SLNV 0", "RM->PRM 0", "RM->PRM 1 M1", "RD->SPD 1 M1", "PRM->SPD 0", "SLD->RD 0",
                              "SPD->RD 0", "RNV->SPNV 1 M1", "PRM->SPNV 0", "SLNV->RNV 0", "SPNV->RNV 0", "RNV->AV 0",
                              "RD->AV 0"});
}

TEST_CASE("the domains of 1-pass attention: only short tiles have absent points") {
  const Cascade cascade = shipped_cascade("attention_1pass");
  const std::vector<std::string> bound{"m1*M0+m0 < M"};
  for (const char* name : {"QK", "LM", "SLN", "SLD", "SLNV"}) CHECK(domain_of(cascade, name) == bound);
  for (const char* name : {"RM", "PRM", "SPD", "RD", "SPNV", "RNV", "AV"}) CHECK(domain_of(cascade, name).empty());
}

TEST_CASE("a predicate follows its tensor into other variables") {
  const Cascade cascade = cascade_from(R"(cascade: c
ranks: [P, M, D]
partitions: {M: [M1, M0]}
parameters: {M0: 4}
tensors:
  A: {ranks: [P, M], role: input}
  S: {ranks: [P, M]}
  T: {ranks: [P, M1]}
  Z: {ranks: [P], role: output}
einsums:
  - S[p,m] = A[p,m] | m <= p and p != 3
  - T[p,m1] = max(m0) S[p,m1*M0+m0]
  - Z[p] = sum(m1) T[p,m1] + D
)");
  CHECK(domain_of(cascade, "S") == std::vector<std::string>{"m <= p", "p != 3"});
  CHECK(domain_of(cascade, "T") == std::vector<std::string>{"m1*M0+m0 < M", "m1*M0+m0 <= p", "p != 3"});
  CHECK(domain_of(cascade, "Z") == std::vector<std::string>{"p != 3"});
}

TEST_CASE("computed indices are bounded by their rank") {
  const Cascade cascade = cascade_from(R"(cascade: c
ranks: [X, R]
tensors:
  A: {ranks: [X], role: input}
  W: {ranks: [R], role: input}
  Z: {ranks: [X], role: output}
einsums:
  - Z[x] = sum(r) A[x-r+1] * W[r]
)");
  CHECK(domain_of(cascade, "Z") == std::vector<std::string>{"0 <= x-r+1", "x-r+1 < X"});
}

TEST_CASE("shapes are completed") {
  const Cascade cascade = shipped_cascade("attention_1pass");
  const Shape shape = shape_of(cascade, {{"B", 2}, {"H", 3}, {"P", 5}, {"M", 1000}, {"E", 7}, {"F", 8}});
  CHECK(shape.at("M0") == 256);
  CHECK(shape.at("M1") == 4);
  CHECK(shape.at("E") == 7);
  CHECK_FALSE(shape.find("N"));
  CHECK_THROWS_AS(shape.at("N"), InternalError);
  const Shape small = shape_of(cascade, {{"B", 1}, {"H", 1}, {"P", 1}, {"M", 3}, {"E", 1}, {"F", 1}, {"M0", 4}});
  CHECK(small.at("M0") == 4);
  CHECK(small.at("M1") == 1);
}

TEST_CASE("shapes that do not fit are refused") {
  const Cascade cascade = shipped_cascade("attention_1pass");
  CHECK(shape_error(cascade, {{"B", 1}, {"H", 1}, {"P", 1}, {"E", 1}}) ==
        "error[shape-missing-rank]: the shape gives no extent for `M`, `F`; cascade `attention_1pass` needs every "
        "rank\n");
  CHECK(shape_error(cascade, {{"B", 1}, {"H", 1}, {"P", 1}, {"M", 4}, {"E", 0}, {"F", -1}, {"M0", 0}}) ==
        "error[shape-not-positive]: `E` is 0; the extent of a rank is at least 1\n"
        "error[shape-not-positive]: `F` is -1; the extent of a rank is at least 1\n"
        "error[shape-not-positive]: `M0` is 0; the extent of a rank is at least 1\n");
  CHECK(shape_error(cascade, {{"B", 1}, {"H", 1}, {"P", 1}, {"M", 4}, {"E", 1}, {"F", 1}, {"M1", 4}, {"G", 4}}) ==
        "error[shape-unknown-name]: cascade `attention_1pass` has no rank or parameter `G`\n"
        "help: did you mean `B`?\n"
        "error[shape-unknown-name]: cascade `attention_1pass` has no rank or parameter `M1`\n"
        "help: `M1` follows from `M` and `M0`\n");
}
