// SPDX-License-Identifier: Apache-2.0
// The mistakes people make first, in any of the documents, as the program reports them.
#include "errors/command.hpp"

namespace einloom::test {
namespace {

void check_runs(const std::vector<BadInput>& cases) {
  const TemporaryFolder folder;
  for (const BadInput& each : cases) {
    DYNAMIC_SECTION(each.name) {
      write_documents(folder, edited(each.edits));
      const Outcome outcome = einloom_in(folder, "run spec.yaml --out results");
      CHECK(outcome.err == each.expected);
      CHECK(outcome.out.empty());
      CHECK(outcome.exit_code == 1);
      CHECK_FALSE(std::filesystem::exists(folder.path() / "results/results.csv"));
    }
  }
}

TEST_CASE("cascades") {
  check_runs({
      {"wrong key",
       {in_cascade("einsums:", "einsum:")},
       R"(cascade.yaml:1:1: error[missing-key]: cascade has no `einsums`; it is required
 1 | cascade: dot
   | ^
cascade.yaml:8:1: error[unknown-key]: cascade has no key `einsum`
 8 | einsum:
   | ^^^^^^
help: did you mean `einsums`?
)"},
      {"unknown rank",
       {in_cascade("Z: {ranks: [M, N]}", "Z: {ranks: [M, L]}")},
       R"(cascade.yaml:6:3: error[cascade-unknown-rank]: tensor `Z` names rank `L`, which is not declared
 6 |   Z: {ranks: [M, L]}
   |   ^
help: did you mean `M`?
cascade.yaml:9:9: error[einsum-index-rank]: index 2 of `Z` is `n`; `Z` has rank `L` there
 9 |   - Z[m,n] = sum(k) A[m,k] * B[k,n]
   |         ^
cascade.yaml:6:3: note: declared here
help: the index variable of rank `L` is `l`
cascade.yaml:10:22: error[einsum-index-rank]: index 2 of `Z` is `n`; `Z` has rank `L` there
 10 |   - Y[m,n] = exp(Z[m,n])
    |                      ^
cascade.yaml:6:3: note: declared here
help: the index variable of rank `L` is `l`
)"},
      {"unknown tensor",
       {in_cascade("exp(Z[m,n])", "exp(X[m,n])")},
       R"(cascade.yaml:10:18: error[einsum-unknown-tensor]: there is no tensor `X`
 10 |   - Y[m,n] = exp(X[m,n])
    |                  ^
help: did you mean `A`?
)"},
      {"unknown index",
       {in_cascade("exp(Z[m,n])", "exp(Z[m,l])")},
       R"(cascade.yaml:10:9: error[einsum-unused-variable]: output variable `n` does not appear right of `=`; every variable does
 10 |   - Y[m,n] = exp(Z[m,l])
    |         ^
cascade.yaml:10:22: error[einsum-unknown-variable]: there is no rank `L` for index variable `l`
 10 |   - Y[m,n] = exp(Z[m,l])
    |                      ^
help: did you mean `m`?
)"},
      {"unknown operator",
       {in_cascade("exp(Z[m,n])", "expo(Z[m,n])")},
       R"(cascade.yaml:10:14: error[einsum-unknown-op]: there is no operator `expo`
 10 |   - Y[m,n] = expo(Z[m,n])
    |              ^^^^
help: did you mean `exp`?
)"},
      {"unknown reduction",
       {in_cascade("sum(k)", "mean(k)")},
       R"(cascade.yaml:9:14: error[einsum-unknown-reduction]: `mean` is no reduction operator
 9 |   - Z[m,n] = mean(k) A[m,k] * B[k,n]
   |              ^^^^
help: known: argmax, argmin, argsort, max, min, prod, sort, sum, topk
)"},
      {"unfinished Einsum",
       {in_cascade("exp(Z[m,n])", "exp(Z[m,n]")},
       R"(cascade.yaml:10:24: error[einsum-syntax]: expected an operator, `,` or `)` in a call; found the end
 10 |   - Y[m,n] = exp(Z[m,n]
    |                        ^
)"},
      {"Einsums in a circle",
       {in_cascade("A[m,k] * B", "A[m,k] * Y[m,n] * B")},
       R"(cascade.yaml:9:5: error[einsum-cycle]: cyclic cascade: `Z` needs `Y` needs `Z`; only a state of an earlier iteration may close a cycle
 9 |   - Z[m,n] = sum(k) A[m,k] * Y[m,n] * B[k,n]
   |     ^
cascade.yaml:10:5: note: `Y` is written here
)"},
  });
}

TEST_CASE("machines") {
  check_runs({
      {"wrong key",
       {in_machine("latency: 10 cycles", "latncy: 10 cycles")},
       R"(machine.yaml:5:9: error[missing-key]: component `dram` has no `latency`; it is required
 5 |   dram: {kind: dram, bandwidth: 16 GB/s, latncy: 10 cycles, access_width: 8 B, energy: dram}
   |         ^
machine.yaml:5:42: error[unknown-key]: component `dram` has no key `latncy`
 5 |   dram: {kind: dram, bandwidth: 16 GB/s, latncy: 10 cycles, access_width: 8 B, energy: dram}
   |                                          ^^^^^^
help: did you mean `latency`?
)"},
      {"wrong unit",
       {in_machine("capacity: 1 KiB", "capacity: 1 kHz")},
       R"(machine.yaml:6:38: error[unit-unknown]: `kHz` is not a unit of `capacity` of `buffer`; it must be a number of bytes
 6 |   buffer: {kind: buffer, capacity: 1 kHz, access_width: 16 B, energy: sram}
   |                                      ^^^
help: units: B, KiB, MiB, GiB, TiB, kB, MB, GB
)"},
      {"missing unit",
       {in_machine("bandwidth: 16 GB/s", "bandwidth: 16")},
       R"(machine.yaml:5:33: error[unit-missing]: `bandwidth` of `dram` must have a unit; found `16`
 5 |   dram: {kind: dram, bandwidth: 16, latency: 10 cycles, access_width: 8 B, energy: dram}
   |                                 ^^
help: write for example `400 GiB/s`; units: B/s, KiB/s, MiB/s, GiB/s, TiB/s, kB/s, MB/s, GB/s
)"},
      {"unknown kind",
       {in_machine("{kind: buffer", "{kind: bufer")},
       R"(machine.yaml:6:18: error[component-unknown-kind]: component `buffer` is of unknown kind `bufer`
 6 |   buffer: {kind: bufer, capacity: 1 KiB, access_width: 16 B, energy: sram}
   |                  ^^^^^
help: did you mean `buffer`?
)"},
      {"unknown component in a link",
       {in_machine("[buffer, row]", "[buffer, raw]")},
       R"(machine.yaml:12:24: error[link-unknown-component]: `between` of a link is `raw`; the machine has no such component
 12 |   - {between: [buffer, raw]}
    |                        ^^^
help: did you mean `row`?
)"},
      {"unknown operation",
       {in_machine("operations: {mac: 1}", "operations: {mac: 1, fma: 1}")},
       R"(machine.yaml:7:76: error[operation-unknown]: operation `fma` of `grid` stands for one action `fma`; technology `tiny` has no operation of that name
 7 |   grid: {kind: pe_array, rows: 4, columns: 4, pe: pe, operations: {mac: 1, fma: 1}}
   |                                                                            ^^^
help: known: add, mac
)"},
      {"unknown memory energy",
       {in_machine("energy: sram", "energy: srom")},
       R"(machine.yaml:6:71: error[technology-unknown-entry]: `energy` of `buffer` is `srom`; technology `tiny` has no memory of that name
 6 |   buffer: {kind: buffer, capacity: 1 KiB, access_width: 16 B, energy: srom}
   |                                                                       ^^^^
help: did you mean `sram`?
)"},
  });
}

TEST_CASE("plans") {
  check_runs({
      {"tile too large for the buffer",
       {in_machine("capacity: 1 KiB", "capacity: 256 B")},
       R"(plan.yaml:12:26: error[tile-exceeds-buffer]: the plan needs 320 B in `buffer`, which holds 256 B; 64 B are missing (A 2 × 64 B, B 2 × 64 B, Y 2 × 32 B)
 12 |   A: {in: buffer, slots: 2}
    |                          ^
machine.yaml:6:36: note: capacity declared here
help: `A` may have at most 1 slot; choose smaller tiles
)"},
      {"Einsum on an array without its operation",
       {in_plan("array: row", "array: grid")},
       R"(plan.yaml:10:14: error[array-lacks-operation]: `Y` needs `exp`; the PEs of `grid` have mac
 10 |   Y: {array: grid, columns: n0, time: [m0]}
    |              ^^^^
machine.yaml:7:3: note: `grid` declared here
help: bind `Y` to row
)"},
      {"plan that blocks itself",
       {in_plan("    body: [Z, Y]", "    body: [Z]\n  - loops: [n1, m1]\n    body: [Y]"),
        in_plan("keep:\n", "keep:\n  Z: {in: buffer, slots: 1}\n")},
       R"(plan.yaml:14:26: error[slots-too-few]: `Z` has 1 slot in `buffer`; the plan's own order needs 2, with fewer it blocks itself
 14 |   Z: {in: buffer, slots: 1}
    |                          ^
note: `Y` (n1 = 0, m1 = 1) waits for the result of `Z`
note: `Z` (m1 = 1, n1 = 0) waits for a free slot of `Z` in buffer (1 in all), held until `Y` has used it
help: give it at least 2 slots, or reorder the nests
)"},
      {"several mistakes at once",
       {in_plan("time: [k]", "time: [j]"), in_plan("array: row", "array: raw"), in_plan("A: {in: buffer", "A: {in: x")},
       R"(plan.yaml:9:50: error[binding-unknown-index]: `j` is not an index of `Z`
 9 |   Z: {array: grid, rows: m0, columns: n0, time: [j]}
   |                                                  ^
help: did you mean `m`?
plan.yaml:10:14: error[array-unknown]: machine `tiny` has no array `raw`
 10 |   Y: {array: raw, columns: n0, time: [m0]}
    |              ^^^
help: did you mean `row`?
plan.yaml:12:11: error[memory-unknown]: machine `tiny` has no on-chip memory `x`
 12 |   A: {in: x, slots: 2}
    |           ^
help: known: buffer
)"},
  });
}

}  // namespace
}  // namespace einloom::test
