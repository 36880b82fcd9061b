// SPDX-License-Identifier: Apache-2.0
// Plans whose names are right but whose tiles, slots and order do not fit the machine or the cascade.
#include "errors/documents.hpp"
#include "sim/simulate.hpp"

namespace einloom::test {
namespace {

TEST_CASE("tiles too large") {
  check_all({
      {"for the buffer", {in_machine("capacity: 1 KiB", "capacity: 256 B")}, R"(?)"},
      {"for the buffer, even one",
       {in_machine("capacity: 1 KiB", "capacity: 32 B"), in_plan("A: {in: buffer, slots: 2}", "A: {in: buffer}")},
       R"(?)"},
      {"for the buffer by far", {in_plan("A: {in: buffer, slots: 2}", "A: {in: buffer, slots: 9000000000000000}")},
       R"(?)"},
      {"for the rows of the array", {in_plan("M0: 4", "M0: 8")}, R"(?)"},
      {"for the columns of both arrays", {in_plan("N0: 4", "N0: 8")}, R"(?)"},
  });
}

TEST_CASE("too few slots") {
  check_all({
      {"of an input that stays",
       {in_plan("loops: [m1, n1]", "loops: [n1, m1]"),
        in_plan("A: {in: buffer, slots: 2}", "A: {in: buffer, across: [n1], slots: 1}")},
       R"(?)"},
      {"of a result that stays",
       {in_cascade("B: {ranks: [K, N]", "B: {ranks: [M, N]"), in_cascade("Z: {ranks: [M, N]}", "Z: {ranks: [M]}"),
        in_cascade("Z[m,n] = sum(k) A[m,k] * B[k,n]", "Z[m] = sum(k) A[m,k]"),
        in_cascade("exp(Z[m,n])", "Z[m] + B[m,n]"), in_plan("loops: [m1, n1]", "loops: [n1, m1]"),
        in_plan("array: grid, rows: m0, columns: n0", "array: row, columns: m0"), in_plan("in_flight: 2\n", ""),
        in_plan("  - {grid: [Z]}\n  - {row: [Y]}", "  - {row: [Z, Y]}")},
       R"(?)"},
  });
}

// Who reads the tiles in another order than they are made needs some of them at once; found when it happens.
TEST_CASE("a plan that blocks itself") {
  const Loaded documents = loaded(edited({
      in_plan("    body: [Z, Y]", "    body: [Z]\n  - loops: [n1, m1]\n    body: [Y]"),
      in_plan("keep:\n", "keep:\n  Z: {in: buffer, slots: 1}\n"),
  }));
  CHECK(told([&] { static_cast<void>(simulate(lowered(documents), documents.machine, {})); }) == R"(?)");
}

TEST_CASE("results that do not arrive") {
  check_all({
      {"no link between the arrays", {in_machine("  - {from: grid, to: row, latency: 1 cycles}\n", "")}, R"(?)"},
      {"a sum is read before it is complete",
       {in_cascade("exp(Z[m,n])", "sum(k) Z[m,n] * B[k,n]"),
        in_plan("M0: 4, ", "K0: 4, M0: 4, "), in_plan("loops: [m1, n1]", "loops: [m1, n1, k1]"),
        in_plan("columns: n0, time: [m0]", "columns: n0, time: [m0, k0]")},
       R"(?)"},
  });
}

TEST_CASE("a tile extent given twice by a program") {
  Loaded documents = loaded({});
  documents.plan.tiles.push_back(documents.plan.tiles.front());
  CHECK(told([&] { static_cast<void>(lowered(documents)); }) == R"(?)");
}

TEST_CASE("a workload without an extent") {
  CHECK(told([] { static_cast<void>(lowered(loaded({}), {"K", "M"})); }) == R"(?)");
}

TEST_CASE("the waterfall of a plan without phases") {
  const Loaded documents = loaded(edited({in_plan("phases:\n  - {grid: [Z]}\n  - {row: [Y]}\n", "")}));
  SimulationOptions options;
  options.fidelity = Fidelity::waterfall;
  CHECK(told([&] { static_cast<void>(simulate(lowered(documents), documents.machine, options)); }) == R"(?)");
}

}  // namespace
}  // namespace einloom::test
