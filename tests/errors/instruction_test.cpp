// SPDX-License-Identifier: Apache-2.0
// Controllers of arrays, and plans that bind Einsums to their instructions wrongly.
#include "errors/documents.hpp"
#include "sim/simulate.hpp"

namespace einloom::test {
namespace {

// `row` with a controller of one instruction.
Edit with_controller(const std::string& controller = "{engines: 2, instructions: {go: {next: 4, busy: 6}}}") {
  return in_machine("exp: {issue_cycles: 2, actions: {mac: 2}}}}",
                    "exp: {issue_cycles: 2, actions: {mac: 2}}},\n        controller: " + controller + "}");
}

TEST_CASE("an array with a controller") {
  CHECK(told([] {
          static_cast<void>(lowered(
              loaded(edited({with_controller(), in_plan("Y: {array: row, ", "Y: {array: row, instruction: go, ")}))));
        }) == "");
}

TEST_CASE("wrong controllers") {
  check_all({
      {"without instructions",
       {with_controller("{instructions: {}}")},
       R"(machine.yaml:9:36: error[controller-no-instructions]: the controller of `row` has no instructions; it needs at least one
 9 |         controller: {instructions: {}}}
   |                                    ^
)"},
      {"with an answer that is neither yes nor no",
       {with_controller("{instructions: {go: {next: 4, busy: 6, waits: maybe}}}")},
       R"(machine.yaml:9:67: error[value-unknown]: `waits` of instruction `go` of `row` is `maybe`; it must be true or false
 9 |         controller: {instructions: {go: {next: 4, busy: 6, waits: maybe}}}}
   |                                                                   ^^^^^
)"},
      {"with an instruction that takes no time",
       {with_controller("{instructions: {go: {next: 0, busy: 6}}}")},
       R"(machine.yaml:9:48: error[value-range]: `next` of instruction `go` of `row` must be between 1 and 1048576; found `0`
 9 |         controller: {instructions: {go: {next: 0, busy: 6}}}}
   |                                                ^
)"},
      {"with an instruction that is never done",
       {with_controller("{instructions: {go: {next: 4}}}")},
       R"(machine.yaml:9:41: error[missing-key]: instruction `go` of `row` has no `busy`; it is required
 9 |         controller: {instructions: {go: {next: 4}}}}
   |                                         ^
)"},
  });
}

TEST_CASE("Einsums bound to instructions") {
  check_all({
      {"of an array that has none",
       {in_plan("Y: {array: row, ", "Y: {array: row, instruction: go, ")},
       R"(plan.yaml:10:32: error[array-no-controller]: `Y` is bound to an instruction of `row`, which has no controller
 10 |   Y: {array: row, instruction: go, columns: n0, time: [m0]}
    |                                ^^
machine.yaml:8:3: note: `row` declared here
)"},
      {"not at all",
       {with_controller()},
       R"(plan.yaml:10:14: error[instruction-missing]: `Y` is bound to `row`, which works on instructions; its binding names none
 10 |   Y: {array: row, columns: n0, time: [m0]}
    |              ^^^
machine.yaml:9:21: note: instructions declared here
help: add `instruction: …`, one of go
)"},
      {"of another name",
       {with_controller(), in_plan("Y: {array: row, ", "Y: {array: row, instruction: got, ")},
       R"(plan.yaml:10:32: error[instruction-unknown]: `row` has no instruction `got`
 10 |   Y: {array: row, instruction: got, columns: n0, time: [m0]}
    |                                ^^^
machine.yaml:9:21: note: instructions declared here
help: did you mean `go`?
)"},
      {"of two names in one body",
       {with_controller("{instructions: {go: {next: 4, busy: 6}, stay: {next: 4, busy: 6}}}"),
        in_plan("Y: {array: row, ", "Y: {array: row, instruction: go, "),
        in_plan("Z: {array: grid, rows: m0, columns: n0, time: [k]}",
                "Z: {array: row, instruction: stay, columns: n0, time: [m0, k]}")},
       R"(plan.yaml:10:32: error[instruction-mixed]: `Z` and `Y` stand in one body, which is one instruction; they are bound to `stay` and `go`
 10 |   Y: {array: row, instruction: go, columns: n0, time: [m0]}
    |                                ^^
help: give `Y` a nest of its own
)"},
      {"in some of the body's iterations",
       {with_controller(), in_plan("Y: {array: row, ", "Y: {array: row, instruction: go, "),
        in_plan("tiles: {M0: 4, N0: 4}", "tiles: {M0: 4, N0: 4, K0: 4}"),
        in_plan("loops: [m1, n1]", "loops: [m1, n1, k1]"),
        in_plan("Z: {array: grid, rows: m0, columns: n0, time: [k]}",
                "Z: {array: row, instruction: go, columns: n0, time: [m0, k0]}")},
       R"(plan.yaml:10:32: error[instruction-mixed]: `Z` and `Y` stand in one body but do not act in the same iterations of its loops
 10 |   Y: {array: row, instruction: go, columns: n0, time: [m0]}
    |                                ^^
help: give `Y` a nest of its own
)"},
      {"in some bodies only",
       {with_controller(), in_plan("Y: {array: row, ", "Y: {array: row, instruction: go, "),
        in_plan("body: [Z, Y]", "body: [{loops: [], body: [Z]}, {loops: [], body: [Y]}]")},
       R"(plan.yaml:6:5: error[instruction-sparse]: `row` takes one instruction in every body execution; 4 of 8 have one
 6 |   - loops: [m1, n1]
   |     ^
help: give each instruction a nest of its own, in loops that index all of it
)"},
  });
}

// A run at the level of PEs, after the edits.
std::string told_at_pe(const std::vector<Edit>& edits) {
  const Loaded documents = loaded(edited(edits));
  SimulationOptions options;
  options.fidelity = Fidelity::pe;
  options.cascade = &documents.cascade;
  return told([&] { static_cast<void>(simulate(lowered(documents), documents.machine, options)); });
}

TEST_CASE("fidelity pe of an array that works by instructions") {
  const Edit bound = in_plan("Y: {array: row, ", "Y: {array: row, instruction: go, ");
  CHECK(told_at_pe({with_controller("{engines: 2, instructions: {go: {next: 12, busy: 14}}}"), bound}) == "");
  // Four values, two cycles each, from two cycles behind the accept on; the last column three cycles later.
  CHECK(
      told_at_pe({with_controller(), bound}) ==
      R"(plan.yaml:7:15: error[instruction-too-short]: the PEs of `row` need 12 cycles for what the plan binds to `go`; its `busy` is 6
 7 |     body: [Z, Y]
   |               ^
machine.yaml:9:49: note: `go` declared here
help: make `busy` longer, or use fidelity cycle, which takes the table as it is
)");
}

// `grid` with a controller of one instruction, to which Z is bound.
std::vector<Edit> grid_by_instructions(const std::string& times) {
  return {in_machine("operations: {mac: 1}}",
                     "operations: {mac: 1}, controller: {engines: 2, instructions: {go: {" + times + "}}}}"),
          in_plan("Z: {array: grid, ", "Z: {array: grid, instruction: go, ")};
}

TEST_CASE("fidelity pe of instructions that follow each other too closely") {
  CHECK(told_at_pe(grid_by_instructions("next: 8, busy: 20")) == "");
  std::vector<Edit> close = grid_by_instructions("next: 2, busy: 20");
  close.push_back(in_machine("bandwidth: 16 GB/s", "bandwidth: 1024 GB/s"));
  close.push_back(in_plan("in_flight: 2", "in_flight: 8"));
  close.push_back(in_plan("A: {in: buffer, slots: 2}", "A: {in: buffer, slots: 8}"));
  close.push_back(in_plan("B: {in: buffer, slots: 2}", "B: {in: buffer, slots: 8}"));
  close.push_back(in_machine("capacity: 1 KiB", "capacity: 8 KiB"));
  CHECK(
      told_at_pe(close) ==
      R"(plan.yaml:7:12: error[instruction-conflict]: cycle 16: PE(0, 0) of `grid` is still at `Z` when `Z` of instruction `go` reaches it
 7 |     body: [Z, Y]
   |            ^
machine.yaml:7:89: note: the controller's table
help: instructions are accepted too closely: make `next` of the one before longer
)");
}

TEST_CASE("fidelity pe of an operand that an instruction cannot take in") {
  std::vector<Edit> edits = grid_by_instructions("next: 40, busy: 60");
  edits.push_back(in_cascade("A: {ranks: [M, K]", "A: {ranks: [M, K, N]"));
  edits.push_back(in_cascade("A[m,k]", "A[m,k,n]"));
  CHECK(
      told_at_pe(edits) ==
      R"(plan.yaml:7:12: error[instruction-operand]: `Z` reads other values of `A` in every step, and they vary along the rows and the columns of `grid`; an instruction takes such values in once, before its PEs start
 7 |     body: [Z, Y]
   |            ^
help: bind it so that the operand does not vary in time, or use fidelity cycle
)");
}

TEST_CASE("an instruction that reads what another array makes of its own results") {
  check_all({
      {"in one body",
       {with_controller("{instructions: {go: {next: 40, busy: 60}}}"),
        in_cascade("  Z: {ranks: [M, N]}\n", "  Z: {ranks: [M, N]}\n  W: {ranks: [M, N]}\n"),
        in_cascade("  - Y[m,n] = exp(Z[m,n])\n", "  - W[m,n] = Z[m,n] * B[m,n]\n  - Y[m,n] = exp(W[m,n])\n"),
        in_cascade("B: {ranks: [K, N]", "B: {ranks: [M, N]"), in_cascade("A[m,k] * B[k,n]", "A[m,k] * B[m,n]"),
        in_machine("{mac: 1}}\n", "{mac: 1, mul: {issue_cycles: 1, actions: {mac: 1}}}}\n"),
        in_machine("{from: grid, to: row, latency: 1 cycles}\n",
                   "{from: grid, to: row, latency: 1 cycles}\n  - {from: row, to: grid, latency: 1 cycles}\n"),
        in_plan("body: [Z, Y]", "body: [Z, W, Y]"),
        in_plan("  Z: {array: grid, rows: m0, columns: n0, time: [k]}\n",
                "  Z: {array: row, instruction: go, columns: n0, time: [m0, k]}\n"
                "  W: {array: grid, rows: m0, columns: n0, time: []}\n"),
        in_plan("Y: {array: row, ", "Y: {array: row, instruction: go, "),
        in_plan("phases:\n  - {grid: [Z]}\n  - {row: [Y]}\n", "")},
       R"(plan.yaml:7:18: error[instruction-needs-itself]: `Y` reads `W`, which `grid` makes of `Z`; `Z` and `Y` are one instruction, which is accepted when all of its operands are there
 7 |     body: [Z, W, Y]
   |                  ^
help: give `Y` a nest of its own
)"},
  });
}

}  // namespace
}  // namespace einloom::test
