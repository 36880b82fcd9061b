// SPDX-License-Identifier: Apache-2.0
// Plans that name what the cascade or the machine does not have, or leave out what must be named.
#include "errors/documents.hpp"

namespace einloom::test {
namespace {

TEST_CASE("tiles of a plan") {
  check_all({
      {"of no rank", {in_plan("M0: 4, N0: 4", "M0: 4, L0: 4")}, R"(?)"},
      {"of a rank the cascade cuts itself",
       {in_cascade("ranks: [M, K, N]", "ranks: [M, K, N]\npartitions:\n  K: [K1, K0]\nparameters: {K0: 4}"),
        in_cascade("sum(k) A[m,k] * B[k,n]", "sum(k1, k0) A[m,k1*K0+k0] * B[k1*K0+k0,n]"),
        in_plan("M0: 4, ", "M0: 4, K1: 2, ")},
       R"(?)"},
      {"with a level left out", {in_plan("M0: 4, N0: 4", "M1: 4, N0: 4")}, R"(?)"},
      {"that do not divide the rank", {in_plan("M0: 4, N0: 4", "M0: 1, M1: 3, N0: 4")}, R"(?)"},
      {"of no size", {in_plan("M0: 4", "M0: M - 8")}, R"(?)"},
      {"of gigantic size", {in_plan("M0: 4", "M0: 10000000000000000")}, R"(?)"},
      {"of half an element", {in_plan("M0: 4", "M0: M / 16 + 4")}, R"(?)"},
      {"by a name nobody knows", {in_plan("M0: 4", "M0: grid.row")}, R"(?)"},
      {"by a function nobody knows", {in_plan("M0: 4", "M0: \"flor(M, 2)\"")}, R"(?)"},
      {"by a function with an argument too few", {in_plan("M0: 4", "M0: \"max(M)\"")}, R"(?)"},
      {"by a division by zero", {in_plan("M0: 4", "M0: \"M / (M - K)\"")}, R"(?)"},
      {"by an unfinished expression", {in_plan("M0: 4", "M0: \"floor(M / 2\"")}, R"(?)"},
  });
}

TEST_CASE("loops of a plan") {
  check_all({
      {"over no rank", {in_plan("loops: [m1, n1]", "loops: [m1, n2]")}, R"(?)"},
      {"over a rank that is cut", {in_plan("loops: [m1, n1]", "loops: [m1, n]")}, R"(?)"},
      {"twice", {in_plan("loops: [m1, n1]", "loops: [m1, n1, m1]")}, R"(?)"},
      {"left out", {in_plan("loops: [m1, n1]", "loops: [m1]")}, R"(?)"},
      {"kept across a loop nobody has", {in_plan("A: {in: buffer, ", "A: {in: buffer, across: [n], ")}, R"(?)"},
  });
}

TEST_CASE("Einsums of a plan") {
  check_all({
      {"bound, not in the cascade", {in_plan("  Y: {array: row", "  X: {array: row, columns: n0}\n  Y: {array: row")},
       R"(?)"},
      {"bound under a wrong name", {in_plan("  Y: {array: row", "  X: {array: row")}, R"(?)"},
      {"run, not in the cascade", {in_plan("body: [Z, Y]", "body: [Z, Y, X]")}, R"(?)"},
      {"not bound", {in_plan("  Y: {array: row, columns: n0, time: [m0]}\n", "")}, R"(?)"},
      {"not run", {in_plan("body: [Z, Y]", "body: [Z]")}, R"(?)"},
      {"run twice", {in_plan("body: [Z, Y]", "body: [Z, Y, Z]")}, R"(?)"},
      {"run too early", {in_plan("body: [Z, Y]", "body: [Y, Z]")}, R"(?)"},
      {"on no array", {in_plan("array: row", "array: raw")}, R"(?)"},
      {"on an array without their operation", {in_plan("array: row", "array: grid")}, R"(?)"},
      {"with an operation no array has", {in_cascade("exp(Z", "sqrt(Z")}, R"(?)"},
      {"along an index they do not have", {in_plan("rows: m0", "rows: j0")}, R"(?)"},
      {"along an index twice", {in_plan("time: [k]", "time: [k, m0]")}, R"(?)"},
      {"with an index that has no place", {in_plan(", time: [k]", "")}, R"(?)"},
  });
}

TEST_CASE("tensors and memories of a plan") {
  check_all({
      {"no such tensor", {in_plan("  A: {in", "  C: {in: buffer}\n  A: {in")}, R"(?)"},
      {"input not kept", {in_plan("  A: {in: buffer, slots: 2}\n", "")}, R"(?)"},
      {"output not kept", {in_plan("  Y: {in: buffer, slots: 2}\n", "")}, R"(?)"},
      {"no such memory", {in_plan("A: {in: buffer", "A: {in: bufer")}, R"(?)"},
      {"kept in DRAM", {in_plan("A: {in: buffer", "A: {in: dram")}, R"(?)"},
      {"no slot", {in_plan("A: {in: buffer, slots: 2", "A: {in: buffer, slots: 0")}, R"(?)"},
      {"nothing in flight", {in_plan("in_flight: 2", "in_flight: 0")}, R"(?)"},
  });
}

TEST_CASE("phases of a plan") {
  check_all({
      {"of no array", {in_plan("{row: [Y]}", "{raw: [Y]}")}, R"(?)"},
      {"of no Einsum", {in_plan("{row: [Y]}", "{row: [Y, X]}")}, R"(?)"},
      {"with an Einsum twice", {in_plan("{row: [Y]}", "{row: [Y, Y]}")}, R"(?)"},
      {"with an Einsum on another array", {in_plan("{grid: [Z]}", "{row: [Z]}")}, R"(?)"},
      {"without an Einsum", {in_plan("  - {row: [Y]}\n", "")}, R"(?)"},
      {"with a stall before the start", {in_plan("{row: [Y]}", "{row: [Y], stall: -1}")}, R"(?)"},
  });
}

TEST_CASE("a plan for another cascade") {
  check_all({{"than it is given", {in_plan("cascade: dot", "cascade: dots")}, R"(?)"}});
}

}  // namespace
}  // namespace einloom::test
