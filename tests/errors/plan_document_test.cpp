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
      {"misspelt section",
       {in_plan("keep:", "kep:")},
       R"(plan.yaml:1:1: error[missing-key]: plan has no `keep`; it is required
 1 | plan: tiny_plan
   | ^
plan.yaml:11:1: error[unknown-key]: plan has no key `kep`
 11 | kep:
    | ^^^
help: did you mean `keep`?
)"},
      {"misspelt key of a binding",
       {in_plan("columns: n0, time: [k]", "colums: n0, time: [k]")},
       R"(plan.yaml:9:30: error[unknown-key]: binding of `Z` has no key `colums`
 9 |   Z: {array: grid, rows: m0, colums: n0, time: [k]}
   |                              ^^^^^^
help: did you mean `columns`?
)"},
      {"misspelt key of a placement",
       {in_plan("Y: {in: buffer, slots", "Y: {in: buffer, slot")},
       R"(plan.yaml:14:19: error[unknown-key]: placement of `Y` has no key `slot`
 14 |   Y: {in: buffer, slot: 2}
    |                   ^^^^
help: did you mean `slots`?
)"},
      {"binding without array",
       {in_plan("array: row, ", "")},
       R"(plan.yaml:10:6: error[missing-key]: binding of `Y` has no `array`; it is required
 10 |   Y: {columns: n0, time: [m0]}
    |      ^
)"},
      {"same key twice",
       {in_plan("in_flight: 2", "in_flight: 2\nin_flight: 3")},
       R"(plan.yaml:16:1: error[yaml-duplicate-key]: key `in_flight` appears twice in one map; it must be unique
 16 | in_flight: 3
    | ^^^^^^^^^
plan.yaml:15:1: note: first here
)"},
      {"same tile twice",
       {in_plan("M0: 4, ", "M0: 4, M0: 2, ")},
       R"(plan.yaml:4:16: error[yaml-duplicate-key]: key `M0` appears twice in one map; it must be unique
 4 | tiles: {M0: 4, M0: 2, N0: 4}
   |                ^^
plan.yaml:4:9: note: first here
)"},
  });
}

TEST_CASE("a plan with a value of the wrong type") {
  check_all({
      {"tiles in a list",
       {in_plan("{M0: 4, N0: 4}", "[4, 4]")},
       R"(plan.yaml:4:8: error[yaml-type]: `tiles` must be a map
 4 | tiles: [4, 4]
   |        ^
)"},
      {"no nests",
       {in_plan("nests:\n  - loops: [m1, n1]\n    body: [Z, Y]", "nests: []")},
       R"(plan.yaml:5:8: error[yaml-type]: `nests` must be a list of nests, each with `loops` and `body`
 5 | nests: []
   |        ^
)"},
      {"nests as a name",
       {in_plan("nests:\n  - loops: [m1, n1]\n    body: [Z, Y]", "nests: Z")},
       R"(plan.yaml:5:8: error[yaml-type]: `nests` must be a list of nests, each with `loops` and `body`
 5 | nests: Z
   |        ^
)"},
      {"nest as a name",
       {in_plan("  - loops: [m1, n1]\n    body: [Z, Y]", "  - Z")},
       R"(plan.yaml:6:5: error[yaml-type]: nest must be a map; found `Z`
 6 |   - Z
   |     ^
)"},
      {"loops as a map",
       {in_plan("loops: [m1, n1]", "loops: {m1: n1}")},
       R"(plan.yaml:6:12: error[yaml-type]: `loops` must be a name or a list of names
 6 |   - loops: {m1: n1}
   |            ^
)"},
      {"empty body",
       {in_plan("body: [Z, Y]", "body: []")},
       R"(plan.yaml:7:11: error[yaml-type]: `body` must be a list of Einsums and inner nests
 7 |     body: []
   |           ^
)"},
      {"body as a name",
       {in_plan("body: [Z, Y]", "body: Z")},
       R"(plan.yaml:7:11: error[yaml-type]: `body` must be a list of Einsums and inner nests
 7 |     body: Z
   |           ^
)"},
      {"list in a body",
       {in_plan("body: [Z, Y]", "body: [[Z, Y]]")},
       R"(plan.yaml:7:12: error[yaml-type]: body item must be a text; found a list
 7 |     body: [[Z, Y]]
   |            ^
)"},
      {"binding as a name",
       {in_plan("{array: row, columns: n0, time: [m0]}", "row")},
       R"(plan.yaml:10:6: error[yaml-type]: binding of `Y` must be a map; found `row`
 10 |   Y: row
    |      ^^^
)"},
      {"placement as a name",
       {in_plan("A: {in: buffer, slots: 2}", "A: buffer")},
       R"(plan.yaml:12:6: error[yaml-type]: placement of `A` must be a map; found `buffer`
 12 |   A: buffer
    |      ^^^^^^
)"},
      {"placements in a list",
       {in_plan("  A: {in: buffer, slots: 2}\n  B: {in: buffer, slots: 2}\n  Y: {in: buffer, slots: 2}",
                "  - {in: buffer, slots: 2}")},
       R"(plan.yaml:12:3: error[yaml-type]: `keep` must be a map
 12 |   - {in: buffer, slots: 2}
    |   ^
)"},
      {"phases as a map",
       {in_plan("phases:\n  - {grid: [Z]}\n  - {row: [Y]}", "phases: {grid: [Z]}")},
       R"(plan.yaml:16:9: error[yaml-type]: `phases` must be a list
 16 | phases: {grid: [Z]}
    |         ^
)"},
      {"phase as a name",
       {in_plan("- {grid: [Z]}", "- Z")},
       R"(plan.yaml:17:5: error[yaml-type]: a phase must be a map from arrays to lists of Einsums
 17 |   - Z
    |     ^
)"},
      {"nothing after a key",
       {in_plan("in_flight: 2", "in_flight:")},
       R"(plan.yaml:15:1: error[yaml-type]: `in_flight` must be a number or an expression
 15 | in_flight:
    | ^^^^^^^^^
)"},
      {"no such issue order",
       {in_plan("in_flight: 2", "issue: oldest")},
       R"(plan.yaml:15:8: error[value-unknown]: `issue` is `oldest`; it must be one of oldest_first, listed_first
 15 | issue: oldest
    |        ^^^^^^
)"},
      {"no such barrier",
       {in_plan("in_flight: 2", "barrier: none")},
       R"(plan.yaml:15:10: error[value-unknown]: `barrier` is `none`; it must be one of array, machine
 15 | barrier: none
    |          ^^^^
)"},
  });
}

TEST_CASE("nests inside nests inside nests") {
  std::string body = "{loops: [m1, n1], body: [Z, Y]}";
  for (int depth = 1; depth < 17; ++depth) body = "{loops: [], body: [" + body + "]}";
  check_all({{"17 deep",
              {in_plan("- loops: [m1, n1]\n    body: [Z, Y]", "- " + body)},
              R"(plan.yaml:6:309: error[plan-nest-too-deep]: nests are more than 16 deep
 6 | …[{loops: [], body: [{loops: [], body: [{loops: [], body: [{loops: [], body: [{loops: [], body: [{loops: [m1, n1], body: [Z, Y]}]}]}]}]}]}]}]}]}]}]}]}]}]}]}]}]}
   |                                                                                                  ^
)"}});
}

}  // namespace
}  // namespace einloom::test
