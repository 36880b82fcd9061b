// SPDX-License-Identifier: Apache-2.0
// Plan documents that do not have the form of a plan.
#include "errors/documents.hpp"

namespace einloom::test {
namespace {

TEST_CASE("the documents all these cases start from are right") {
  CHECK(lowered(loaded({})).statements.size() == 5);  // two loads, two operations, one store
}

TEST_CASE("a plan with a key nobody reads") {
  check_all({
      {"misspelt section", {in_plan("keep:", "kep:")}, R"(?)"},
      {"misspelt key of a binding", {in_plan("columns: n0, time: [k]", "colums: n0, time: [k]")}, R"(?)"},
      {"misspelt key of a placement", {in_plan("Y: {in: buffer, slots", "Y: {in: buffer, slot")}, R"(?)"},
      {"binding without array", {in_plan("array: row, ", "")}, R"(?)"},
      {"same key twice", {in_plan("in_flight: 2", "in_flight: 2\nin_flight: 3")}, R"(?)"},
      {"same tile twice", {in_plan("M0: 4, ", "M0: 4, M0: 2, ")}, R"(?)"},
  });
}

TEST_CASE("a plan with a value of the wrong type") {
  check_all({
      {"tiles in a list", {in_plan("{M0: 4, N0: 4}", "[4, 4]")}, R"(?)"},
      {"no nests", {in_plan("nests:\n  - loops: [m1, n1]\n    body: [Z, Y]", "nests: []")}, R"(?)"},
      {"nests as a name", {in_plan("nests:\n  - loops: [m1, n1]\n    body: [Z, Y]", "nests: Z")}, R"(?)"},
      {"nest as a name", {in_plan("  - loops: [m1, n1]\n    body: [Z, Y]", "  - Z")}, R"(?)"},
      {"loops as a map", {in_plan("loops: [m1, n1]", "loops: {m1: n1}")}, R"(?)"},
      {"empty body", {in_plan("body: [Z, Y]", "body: []")}, R"(?)"},
      {"body as a name", {in_plan("body: [Z, Y]", "body: Z")}, R"(?)"},
      {"list in a body", {in_plan("body: [Z, Y]", "body: [[Z, Y]]")}, R"(?)"},
      {"binding as a name", {in_plan("{array: row, columns: n0, time: [m0]}", "row")}, R"(?)"},
      {"placement as a name", {in_plan("A: {in: buffer, slots: 2}", "A: buffer")}, R"(?)"},
      {"placements in a list",
       {in_plan("  A: {in: buffer, slots: 2}\n  B: {in: buffer, slots: 2}\n  Y: {in: buffer, slots: 2}",
                "  - {in: buffer, slots: 2}")},
       R"(?)"},
      {"phases as a map", {in_plan("phases:\n  - {grid: [Z]}\n  - {row: [Y]}", "phases: {grid: [Z]}")}, R"(?)"},
      {"phase as a name", {in_plan("- {grid: [Z]}", "- Z")}, R"(?)"},
      {"nothing after a key", {in_plan("in_flight: 2", "in_flight:")}, R"(?)"},
      {"no such issue order", {in_plan("in_flight: 2", "issue: oldest")}, R"(?)"},
      {"no such barrier", {in_plan("in_flight: 2", "barrier: none")}, R"(?)"},
  });
}

TEST_CASE("nests inside nests inside nests") {
  std::string body = "{loops: [m1, n1], body: [Z, Y]}";
  for (int depth = 1; depth < 17; ++depth) body = "{loops: [], body: [" + body + "]}";
  check_all({{"17 deep", {in_plan("- loops: [m1, n1]\n    body: [Z, Y]", "- " + body)}, R"(?)"}});
}

}  // namespace
}  // namespace einloom::test
