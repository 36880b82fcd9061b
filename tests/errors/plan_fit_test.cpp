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
  const Edit two_nests = in_plan("    body: [Z, Y]", "    body: [Z]\n  - loops: [m1, n1]\n    body: [Y]");
  check_all({
      {"of a kept tensor", {two_nests, in_plan("keep:\n", "keep:\n  Z: {in: buffer, slots: 3}\n")}, R"(?)"},
      {"of a kept tensor, by default", {two_nests, in_plan("keep:\n", "keep:\n  Z: {in: buffer}\n")}, R"(?)"},
      {"of a tensor that is not kept", {two_nests}, R"(?)"},
  });
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
