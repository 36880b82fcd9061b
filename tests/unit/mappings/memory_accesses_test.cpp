// SPDX-License-Identifier: Apache-2.0
// Which reads of an operand are one read: only those that name the same elements.
#include <catch2/catch.hpp>

#include "mappings/default_plan/default_plan.hpp"
#include "mappings/estimate.hpp"
#include "mappings/lower.hpp"
#include "support/documents_in_tree.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

Shape shape_of(const std::vector<std::pair<std::string, std::int64_t>>& extents) {
  Shape shape;
  for (const auto& [rank, extent] : extents) shape.set(rank, extent);
  return shape;
}

// Bytes that a full tile of the Einsum reads from memories, of all its operands.
std::int64_t read_bytes(const Program& program, const std::string& einsum) {
  std::int64_t bytes = 0;
  for (const Statement& statement : program.statements) {
    if (statement.name != einsum) continue;
    for (const MemoryAccess& access : statement.variants.front().accesses) bytes += access.read_bytes;
  }
  return bytes;
}

Program lowered(const std::string& cascade_text, const Shape& shape, const std::string& plan_text = "") {
  const Cascade cascade = load_cascade(parse_yaml(source_from_text("cascade.yaml", cascade_text)));
  const Machine machine = machine_of("fusemax");
  const Plan plan = plan_text.empty() ? default_plan(cascade, machine, shape, Dtype::fp32, {})
                                      : load_plan(parse_yaml(source_from_text("plan.yaml", plan_text)));
  return lower(cascade, machine, plan, shape, Dtype::fp32, {});
}

// Operations of one kind on an array.
std::int64_t operations(const Program& program, const std::string& array, const std::string& op) {
  const Totals totals = estimate_totals(program);
  for (std::size_t a = 0; a < program.arrays.size(); ++a) {
    if (program.arrays[a] != array) continue;
    const auto found = totals.operations[a].find(op);
    return found == totals.operations[a].end() ? 0 : found->second;
  }
  return -1;
}

std::string gathers(const std::string& other) {
  return "cascade: gathers\nranks: [P, J, N, D]\ntensors:\n"
         "  K: {ranks: [N, D], role: input}\n"
         "  K2: {ranks: [N, D], role: input}\n"
         "  I: {ranks: [P, J], role: input, dtype: int32}\n"
         "  L: {ranks: [P, J], role: input, dtype: int32}\n"
         "  Z: {ranks: [P, D], role: output}\n"
         "einsums:\n"
         "  - Z[p,d] = sum(j) K[I[p,j],d] * " +
         other + "[L[p,j],d] + K2[I[p,j],d]\n";
}

}  // namespace

TEST_CASE("two gathers of a tensor are two reads") {
  const Shape shape = shape_of({{"P", 64}, {"J", 8}, {"N", 4096}, {"D", 64}});
  // K by I, K by L and K2 by I are three reads, as K by I, K2 by L and K2 by I are.
  const std::int64_t same = read_bytes(lowered(gathers("K"), shape), "Z");
  CHECK(same > 0);
  CHECK(same == read_bytes(lowered(gathers("K2"), shape), "Z"));
}

TEST_CASE("two multiples of an index are two reads, and one of them written twice is one") {
  const auto reads = [](const std::string& left, const std::string& right) {
    const std::string text =
        "cascade: multiples\nranks: [P, N]\ntensors:\n  X: {ranks: [N], role: input}\n"
        "  Z: {ranks: [P], role: output}\neinsums:\n  - Z[p] = X[" +
        left + "] * X[" + right + "]\n";
    return read_bytes(lowered(text, shape_of({{"P", 16}, {"N", 64}})), "Z");
  };
  CHECK(reads("2*p", "2*p") > 0);
  CHECK(reads("2*p", "3*p") > reads("2*p", "2*p"));
}

TEST_CASE("what is scattered is read back, not handed on") {
  const Program program = lowered(R"(cascade: scattered
ranks: [P, N, D]
tensors:
  X: {ranks: [P, D], role: input}
  I: {ranks: [P], role: input, dtype: int32}
  L: {ranks: [P], role: input, dtype: int32}
  S: {ranks: [N, D]}
  Z: {ranks: [P, D], role: output}
einsums:
  - S[I[p],d] = exp(X[p,d])
  - Z[p,d] = exp(S[L[p],d])
)",
                                  shape_of({{"P", 64}, {"N", 4096}, {"D", 64}}), R"(plan: scattered
cascade: scattered
machine: fusemax
nests:
  - {loops: [], body: [S, Z]}
bind:
  S: {array: array1d, columns: d, time: [p]}
  Z: {array: array1d, columns: d, time: [p]}
keep:
  X: {in: global_buffer, slots: 1}
  I: {in: global_buffer, slots: 1}
  L: {in: global_buffer, slots: 1}
  S: {in: global_buffer, slots: 1}
  Z: {in: global_buffer, slots: 1}
)");
  for (const Statement& statement : program.statements) {
    if (statement.name != "Z") continue;
    std::int64_t read = 0;
    for (const MemoryAccess& access : statement.variants.front().accesses) {
      if (program.tensors[static_cast<std::size_t>(access.tensor)] == "S") read += access.read_bytes;
    }
    CHECK(read == 64 * 64 * 4);
  }
  // An address for every element that S places and that Z reads.
  CHECK(operations(program, "array1d", "scatter") == 64 * 64);
  CHECK(operations(program, "array1d", "gather") == 64 * 64);
}

// 48 rows of K by I, each once, and of what two index tensors name two additions an element.
TEST_CASE("addresses that the 2-D array needs are added up by the 1-D array's units") {
  const auto chosen = [](const std::string& columns, const std::string& more) {
    return "cascade: chosen\nranks: [P, Q, N, D]\ntensors:\n  K: {ranks: [N, D], role: input}\n"
           "  X: {ranks: [Q, D], role: input}\n  I: {ranks: [P], role: input, dtype: int32}\n" +
           more + "  Z: {ranks: [P, Q], role: output}\neinsums:\n  - Z[p,q] = sum(d) K[I[p]," + columns +
           "] * X[q,d]\n";
  };
  const Shape shape = shape_of({{"P", 48}, {"Q", 32}, {"N", 4096}, {"D", 64}});
  const Program one = lowered(chosen("d", ""), shape);
  const Program two = lowered(chosen("J[d]", "  J: {ranks: [D], role: input, dtype: int32}\n"), shape);
  for (const Statement& statement : one.statements) {
    if (statement.name == "Z") REQUIRE(one.arrays[static_cast<std::size_t>(statement.array)] == "array2d");
  }
  CHECK(operations(one, "array2d", "gather") == 0);
  CHECK(operations(one, "array1d", "gather") == 48 * 64);
  CHECK(operations(two, "array1d", "gather") == 2 * 48 * 64);
  CHECK(operations(one, "array1d", "scatter") == 0);
}
