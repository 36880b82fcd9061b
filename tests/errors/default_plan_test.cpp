// SPDX-License-Identifier: Apache-2.0
// Where there is no default plan, and what the user is told.
#include "errors/command.hpp"

namespace einloom::test {
namespace {

void check_told(const TemporaryFolder& folder, const std::string& configuration, const std::string& expected) {
  folder.write("spec.yaml", "spec: tiny\nconfigurations:\n  only: {" + configuration + "}\nset: {M: 8, K: 8, N: 8}\n");
  const Outcome outcome = einloom_in(folder, "run spec.yaml");
  CHECK(outcome.err == expected);
  CHECK(outcome.out == "");
  CHECK(outcome.exit_code == 1);
}

TEST_CASE("no array has the operations of an Einsum") {
  const TemporaryFolder folder;
  write_documents(folder, edited({in_machine(", exp: {issue_cycles: 2, actions: {mac: 2}}", "")}));
  check_told(
      folder, "cascade: ./cascade.yaml, machine: ./machine.yaml, plan: default",
      R"(spec.yaml:3:66: error[default-plan-no-array]: no array of machine `tiny` can run `Y`, which needs `exp`; the default plan cannot bind it
 3 |   only: {cascade: ./cascade.yaml, machine: ./machine.yaml, plan: default}
   |                                                                  ^^^^^^^
cascade.yaml:10:5: note: the Einsum
machine.yaml:7:3: note: `grid` lacks `exp`
machine.yaml:8:3: note: `row` lacks `exp`
help: add `exp` to the operations of `row`
)");
}

TEST_CASE("an array works by instructions") {
  const TemporaryFolder folder;
  write_documents(folder,
                  edited({in_machine("operations: {mac: 1}}",
                                     "operations: {mac: 1}, controller: {instructions: {all: {next: 1, busy: 2}}}}"),
                          in_machine("operations: {add: 1, mac: 1, exp", "operations: {add: 1, exp")}));
  check_told(
      folder, "cascade: ./cascade.yaml, machine: ./machine.yaml, plan: default",
      R"(spec.yaml:3:66: error[default-plan-no-array]: no array of machine `tiny` can run `Z`, which needs `mac`; the default plan cannot bind it
 3 |   only: {cascade: ./cascade.yaml, machine: ./machine.yaml, plan: default}
   |                                                                  ^^^^^^^
cascade.yaml:9:5: note: the Einsum
machine.yaml:7:3: note: `grid` works by instructions; a plan has to say which one an Einsum is part of
machine.yaml:8:3: note: `row` lacks `mac`
help: add `mac` to the operations of `row`
)");
}

TEST_CASE("nowhere to keep tiles") {
  const TemporaryFolder folder;
  write_documents(
      folder, edited({in_machine("  buffer: {kind: buffer, capacity: 1 KiB, access_width: 16 B, energy: sram}\n", ""),
                      in_machine("[dram, buffer]", "[dram, grid]"), in_machine("[buffer, grid]", "[dram, row]"),
                      in_machine("  - {between: [buffer, row]}\n", "")}));
  check_told(
      folder, "cascade: ./cascade.yaml, machine: ./machine.yaml, plan: default",
      R"(spec.yaml:3:66: error[default-plan-no-memory]: machine `tiny` has no memory on the chip; the default plan has nowhere to keep tiles
 3 |   only: {cascade: ./cascade.yaml, machine: ./machine.yaml, plan: default}
   |                                                                  ^^^^^^^
machine.yaml:1:10: note: the machine
help: add a component of kind `buffer`
)");
}

TEST_CASE("a default plan for nothing") {
  const TemporaryFolder folder;
  write_documents(folder);
  check_told(
      folder, "plan: default",
      R"(spec.yaml:3:16: error[default-plan-documents]: plan `default` is made for a cascade and a machine; no cascade is named
 3 |   only: {plan: default}
   |                ^^^^^^^
help: add `cascade: …` beside `plan`, or `--set cascade=…`
spec.yaml:3:16: error[default-plan-documents]: plan `default` is made for a cascade and a machine; no machine is named
 3 |   only: {plan: default}
   |                ^^^^^^^
help: add `machine: …` beside `plan`, or `--set machine=…`
)");
}

TEST_CASE("more operations than can be counted") {
  const TemporaryFolder folder;
  write_documents(folder);
  folder.write(
      "spec.yaml",
      "spec: tiny\nconfigurations:\n  only: {cascade: ./cascade.yaml, machine: ./machine.yaml, plan: default}\n"
      "set: {M: 1099511627776, K: 1099511627776, N: 1099511627776}\n");
  for (const char* arguments : {"run spec.yaml", "run spec.yaml --check", "run spec.yaml --print-plan"}) {
    const Outcome outcome = einloom_in(folder, arguments);
    CHECK(outcome.err ==
          R"(spec.yaml:3:3: error[workload-too-large]: `Z` has 7.98e+36 operations; at most 4.61e+18 can be counted
 3 |   only: {cascade: ./cascade.yaml, machine: ./machine.yaml, plan: default}
   |   ^^^^
help: make an extent smaller
)");
    CHECK(outcome.exit_code == 1);
  }
}

TEST_CASE("what is set in a default plan is part of it, and wrong values are shown in it") {
  const TemporaryFolder folder;
  write_documents(folder);
  folder.write(
      "spec.yaml",
      "spec: tiny\nconfigurations:\n  only: {cascade: ./cascade.yaml, machine: ./machine.yaml, plan: default}\n"
      "set: {M: 8, K: 8}\nlet: {twice: 2 * K}\nderive: {N: twice}\n");
  const Outcome printed = einloom_in(folder, "run spec.yaml --set plan.in_flight=3 --print-plan");
  CHECK(printed.err == "");
  CHECK(printed.out.starts_with("# tiny/only/cycle\nplan: dot__tiny__default\n"));
  CHECK(printed.out.find("\nin_flight: 3\n") != std::string::npos);
  folder.write("own.yaml", printed.out);
  const Outcome again = einloom_in(folder, "run spec.yaml --set plan=./own.yaml --print-plan");
  CHECK(again.err == "");
  CHECK(again.out == printed.out);
  const Outcome wrong = einloom_in(folder, "run spec.yaml --set plan.keep.A.in=nowhere");
  CHECK(wrong.err == R"(--set plan:1:11: error[memory-unknown]: machine `tiny` has no on-chip memory `nowhere`
 1 | keep.A.in=nowhere
   |           ^^^^^^^
help: known: buffer
)");
}

}  // namespace
}  // namespace einloom::test
