// SPDX-License-Identifier: Apache-2.0
// Plans that name what the cascade or the machine does not have, or leave out what must be named.
#include "errors/documents.hpp"

namespace einloom::test {
namespace {

TEST_CASE("tiles of a plan") {
  check_all({
      {"of no rank",
       {in_plan("M0: 4, N0: 4", "M0: 4, L0: 4")},
       R"(plan.yaml:4:16: error[tile-unknown]: `L0` is neither a parameter of cascade `dot` nor a tile level of one of its ranks
 4 | tiles: {M0: 4, L0: 4}
   |                ^^
help: did you mean `M0`?
)"},
      {"of a rank the cascade cuts itself",
       {in_cascade("ranks: [M, K, N]", "ranks: [M, K, N]\npartitions:\n  K: [K1, K0]\nparameters: {K0: 4}"),
        in_cascade("sum(k) A[m,k] * B[k,n]", "sum(k1, k0) A[m,k1*K0+k0] * B[k1*K0+k0,n]"),
        in_plan("M0: 4, ", "M0: 4, K1: 2, ")},
       R"(plan.yaml:4:16: error[tile-unknown]: `K1` is neither a parameter of cascade `dot` nor a tile level of one of its ranks
 4 | tiles: {M0: 4, K1: 2, N0: 4}
   |                ^^
help: did you mean `K0`?
)"},
      {"with a level left out",
       {in_plan("M0: 4, N0: 4", "M1: 4, N0: 4")},
       R"(plan.yaml:4:13: error[tile-level-missing]: `M1` is given but `M0` is not; levels count from 0, innermost first
 4 | tiles: {M1: 4, N0: 4}
   |             ^
)"},
      {"with a level left out, written apart",
       {in_plan("M0: 4, N0: 4", "M_1: 4, N0: 4")},
       R"(plan.yaml:4:14: error[tile-level-missing]: `M_1` is given but `M_0` is not; levels count from 0, innermost first
 4 | tiles: {M_1: 4, N0: 4}
   |              ^
)"},
      {"with levels written in two ways",
       {in_plan("M0: 4, N0: 4", "M0: 4, M_1: 2, N0: 4")},
       R"(plan.yaml:4:16: error[tile-levels-mixed]: `M_1` and the level before it of rank `M` are written in two ways, with `_` and without
 4 | tiles: {M0: 4, M_1: 2, N0: 4}
   |                ^^^
help: write `M1`
)"},
      {"of a rank that the cascade has cut already",
       {in_cascade("ranks: [M, K, N]\n", "ranks: [M, K, N]\npartitions: {M: [M1, M0]}\nparameters: {M0: 4}\n"),
        in_cascade("Z: {ranks: [M, N]}", "Z: {ranks: [M1, M0, N]}"),
        in_cascade("Y: {ranks: [M, N], ", "Y: {ranks: [M1, M0, N], "),
        in_cascade("Z[m,n] = sum(k) A[m,k]", "Z[m1,m0,n] = sum(k) A[m1*M0+m0,k]"),
        in_cascade("Y[m,n] = exp(Z[m,n])", "Y[m1,m0,n] = exp(Z[m1,m0,n])"),
        in_plan("M0: 4, N0: 4", "M0: 4, M_0: 3, N0: 4")},
       R"(plan.yaml:4:16: error[tile-rank-partitioned]: no Einsum of cascade `dot` has rank `M` whole, so there is nothing to cut into tiles
 4 | tiles: {M0: 4, M_0: 3, N0: 4}
   |                ^^^
help: the cascade cuts it into `M1` and `M0`; set `M0`
)"},
      {"that do not divide the rank",
       {in_plan("M0: 4, N0: 4", "M0: 1, M1: 3, N0: 4")},
       R"(plan.yaml:4:20: error[tile-not-dividing]: M1 = 3 does not divide the 8 tiles of the level below it; the iteration space must be covered exactly once
 4 | tiles: {M0: 1, M1: 3, N0: 4}
   |                    ^
help: write largest_divisor(8, 3), which is 2
)"},
      {"of no size",
       {in_plan("M0: 4", "M0: M - 8")},
       R"(plan.yaml:4:13: error[plan-count-range]: `M0` is 0; it must be at least 1
 4 | tiles: {M0: M - 8, N0: 4}
   |             ^^^^^
)"},
      {"of gigantic size",
       {in_plan("M0: 4", "M0: 10000000000000000")},
       R"(plan.yaml:4:13: error[plan-count-range]: `M0` is 1e+16; it must be at most 9000000000000000
 4 | tiles: {M0: 10000000000000000, N0: 4}
   |             ^^^^^^^^^^^^^^^^^
)"},
      {"of half an element",
       {in_plan("M0: 4", "M0: M / 16 + 4")},
       R"(plan.yaml:4:13: error[plan-count-fraction]: `M0` is 4.5; it must be a whole number
 4 | tiles: {M0: M / 16 + 4, N0: 4}
   |             ^^^^^^^^^^
help: round it with floor(…) or ceil(…)
)"},
      {"by a name nobody knows",
       {in_plan("M0: 4", "M0: grid.row")},
       R"(plan.yaml:4:13: error[expression-unknown-name]: there is no value named `grid.row`
 4 | tiles: {M0: grid.row, N0: 4}
   |             ^^^^^^^^
help: did you mean `grid.rows`?
)"},
      {"by a function nobody knows",
       {in_plan("M0: 4", "M0: 'flor(M, 2)'")},
       R"(plan.yaml:4:14: error[expression-unknown-function]: there is no function `flor`
 4 | tiles: {M0: 'flor(M, 2)', N0: 4}
   |              ^^^^
help: did you mean `floor`?
)"},
      {"by a function with an argument too few",
       {in_plan("M0: 4", "M0: 'max(M)'")},
       R"(plan.yaml:4:14: error[expression-arity]: `max` gets 1 argument; it takes at least 2
 4 | tiles: {M0: 'max(M)', N0: 4}
   |              ^^^
)"},
      {"by a division by zero",
       {in_plan("M0: 4", "M0: M / (M - K)")},
       R"(plan.yaml:4:15: error[expression-division-by-zero]: 8 is divided by 0
 4 | tiles: {M0: M / (M - K), N0: 4}
   |               ^
)"},
      {"by a function outside its domain",
       {in_plan("M0: 4", "M0: log2(K - M)")},
       R"(plan.yaml:4:13: error[expression-domain]: `log2` has no value: its argument is 0; it must be positive
 4 | tiles: {M0: log2(K - M), N0: 4}
   |             ^^^^
)"},
      {"by an unfinished expression",
       {in_plan("M0: 4", "M0: floor(M / 2")},
       R"(plan.yaml:4:24: error[expression-syntax]: the expression ends too early; an operator, `,` or `)` must follow
 4 | tiles: {M0: floor(M / 2, N0: 4}
   |                        ^
)"},
  });
}

TEST_CASE("loops of a plan") {
  check_all({
      {"over no rank",
       {in_plan("loops: [m1, n1]", "loops: [m1, n2]")},
       R"(plan.yaml:6:17: error[loop-unknown]: no rank of this plan is cut into loops over `n2`
 6 |   - loops: [m1, n2]
   |                 ^^
help: did you mean `n1`?
)"},
      {"over a rank that is cut",
       {in_plan("loops: [m1, n1]", "loops: [m1, n]")},
       R"(plan.yaml:6:17: error[loop-unknown]: no rank of this plan is cut into loops over `n`
 6 |   - loops: [m1, n]
   |                 ^
help: rank N is cut into tiles; it has loops over `n1`
)"},
      {"twice",
       {in_plan("loops: [m1, n1]", "loops: [m1, n1, m1]")},
       R"(plan.yaml:6:21: error[loop-repeated]: a loop over `m1` is already open here
 6 |   - loops: [m1, n1, m1]
   |                     ^^
)"},
      {"left out",
       {in_plan("loops: [m1, n1]", "loops: [m1]")},
       R"(plan.yaml:7:12: error[loop-missing]: `Z` runs over 2 values of `n1`, but no loop over `n1` encloses it
 7 |     body: [Z, Y]
   |            ^
help: add `n1` to the loops of its nest
plan.yaml:7:15: error[loop-missing]: `Y` runs over 2 values of `n1`, but no loop over `n1` encloses it
 7 |     body: [Z, Y]
   |               ^
help: add `n1` to the loops of its nest
)"},
      {"kept across a loop nobody has",
       {in_plan("A: {in: buffer, ", "A: {in: buffer, across: [n], ")},
       R"(plan.yaml:12:28: error[loop-unknown]: no nest has a loop over `n`
 12 |   A: {in: buffer, across: [n], slots: 2}
    |                            ^
help: did you mean `n1`?
)"},
  });
}

TEST_CASE("Einsums of a plan") {
  check_all({
      {"bound, not in the cascade",
       {in_plan("  Y: {array: row", "  X: {array: row, columns: n0}\n  Y: {array: row")},
       R"(plan.yaml:10:3: error[einsum-unknown]: cascade `dot` has no Einsum `X`
 10 |   X: {array: row, columns: n0}
    |   ^
help: did you mean `Z`?
)"},
      {"bound under a wrong name",
       {in_plan("  Y: {array: row", "  X: {array: row")},
       R"(plan.yaml:10:3: error[einsum-unknown]: cascade `dot` has no Einsum `X`
 10 |   X: {array: row, columns: n0, time: [m0]}
    |   ^
help: did you mean `Z`?
)"},
      {"run, not in the cascade",
       {in_plan("body: [Z, Y]", "body: [Z, Y, X]")},
       R"(plan.yaml:7:18: error[einsum-unknown]: cascade `dot` has no Einsum `X`
 7 |     body: [Z, Y, X]
   |                  ^
help: did you mean `Z`?
)"},
      {"not bound",
       {in_plan("  Y: {array: row, columns: n0, time: [m0]}\n", "")},
       R"(plan.yaml:1:1: error[einsum-unbound]: Einsum `Y` is not bound to an array; every Einsum of `dot` must be
 1 | plan: tiny_plan
   | ^
cascade.yaml:10:5: note: the Einsum
help: add `Y: {array: …}` to `bind`
)"},
      {"not run",
       {in_plan("body: [Z, Y]", "body: [Z]")},
       R"(plan.yaml:1:1: error[einsum-missing]: no nest runs Einsum `Y`; every Einsum of `dot` must run once
 1 | plan: tiny_plan
   | ^
help: add `Y` to the body of a nest
)"},
      {"run twice",
       {in_plan("body: [Z, Y]", "body: [Z, Y, Z]")},
       R"(plan.yaml:7:18: error[einsum-repeated]: Einsum `Z` runs in two places; it must run once
 7 |     body: [Z, Y, Z]
   |                  ^
)"},
      {"run too early",
       {in_plan("body: [Z, Y]", "body: [Y, Z]")},
       R"(plan.yaml:7:12: error[einsum-order]: `Y` runs before `Z`, whose result it reads
 7 |     body: [Y, Z]
   |            ^
cascade.yaml:10:18: note: read here
help: move `Z` in front of `Y`
)"},
      {"on no array",
       {in_plan("array: row", "array: raw")},
       R"(plan.yaml:10:14: error[array-unknown]: machine `tiny` has no array `raw`
 10 |   Y: {array: raw, columns: n0, time: [m0]}
    |              ^^^
help: did you mean `row`?
)"},
      {"on an array without their operation",
       {in_plan("array: row", "array: grid")},
       R"(plan.yaml:10:14: error[array-lacks-operation]: `Y` needs `exp`; the PEs of `grid` have mac
 10 |   Y: {array: grid, columns: n0, time: [m0]}
    |              ^^^^
machine.yaml:7:3: note: `grid` declared here
help: bind `Y` to row
)"},
      {"with an operation no array has",
       {in_cascade("exp(Z", "sqrt(Z")},
       R"(plan.yaml:10:14: error[array-lacks-operation]: `Y` needs `sqrt`; the PEs of `row` have add, exp, mac
 10 |   Y: {array: row, columns: n0, time: [m0]}
    |              ^^^
machine.yaml:8:3: note: `row` declared here
help: add `sqrt` to the operations of an array
)"},
      {"along an index they do not have",
       {in_plan("rows: m0", "rows: j0")},
       R"(plan.yaml:9:26: error[binding-unknown-index]: `j0` is not an index of `Z`
 9 |   Z: {array: grid, rows: j0, columns: n0, time: [k]}
   |                          ^^
help: known: m, n, k
)"},
      {"along an index twice",
       {in_plan("time: [k]", "time: [k, m0]")},
       R"(plan.yaml:9:53: error[binding-repeated-index]: `m0` already has a place in the binding of `Z`
 9 |   Z: {array: grid, rows: m0, columns: n0, time: [k, m0]}
   |                                                     ^^
)"},
      {"with an index that has no place",
       {in_plan(", time: [k]", "")},
       R"(plan.yaml:9:6: error[index-unplaced]: a tile of `Z` has 8 values of `k`, which has no place in space or time
 9 |   Z: {array: grid, rows: m0, columns: n0}
   |      ^
help: add it to `time`, or cut rank K into tiles
)"},
  });
}

TEST_CASE("tensors and memories of a plan") {
  check_all({
      {"no such tensor",
       {in_plan("  A: {in", "  C: {in: buffer}\n  A: {in")},
       R"(plan.yaml:12:3: error[tensor-unknown]: cascade `dot` has no tensor `C`
 12 |   C: {in: buffer}
    |   ^
help: did you mean `A`?
)"},
      {"input not kept",
       {in_plan("  A: {in: buffer, slots: 2}\n", "")},
       R"(plan.yaml:1:1: error[tensor-not-placed]: input `A` is kept in no memory; arrays read on-chip memories
 1 | plan: tiny_plan
   | ^
help: add `A: {in: buffer}` to `keep`
)"},
      {"output not kept",
       {in_plan("  Y: {in: buffer, slots: 2}\n", "")},
       R"(plan.yaml:1:1: error[tensor-not-placed]: output `Y` is kept in no memory; arrays write on-chip memories
 1 | plan: tiny_plan
   | ^
help: add `Y: {in: buffer}` to `keep`
)"},
      {"no such memory",
       {in_plan("A: {in: buffer", "A: {in: bufer")},
       R"(plan.yaml:12:11: error[memory-unknown]: machine `tiny` has no on-chip memory `bufer`
 12 |   A: {in: bufer, slots: 2}
    |           ^^^^^
help: did you mean `buffer`?
)"},
      {"kept in DRAM",
       {in_plan("A: {in: buffer", "A: {in: dram")},
       R"(plan.yaml:12:11: error[memory-unknown]: machine `tiny` has no on-chip memory `dram`
 12 |   A: {in: dram, slots: 2}
    |           ^^^^
help: known: buffer
)"},
      {"no slot",
       {in_plan("A: {in: buffer, slots: 2", "A: {in: buffer, slots: 0")},
       R"(plan.yaml:12:26: error[plan-count-range]: `slots` of `A` is 0; it must be at least 1
 12 |   A: {in: buffer, slots: 0}
    |                          ^
)"},
      {"nothing in flight",
       {in_plan("in_flight: 2", "in_flight: 0")},
       R"(plan.yaml:15:12: error[plan-count-range]: `in_flight` is 0; it must be at least 1
 15 | in_flight: 0
    |            ^
)"},
  });
}

TEST_CASE("phases of a plan") {
  check_all({
      {"of no array",
       {in_plan("{row: [Y]}", "{raw: [Y]}")},
       R"(plan.yaml:18:5: error[array-unknown]: machine `tiny` has no array `raw`
 18 |   - {raw: [Y]}
    |     ^
help: did you mean `row`?
)"},
      {"of no Einsum",
       {in_plan("{row: [Y]}", "{row: [Y, X]}")},
       R"(plan.yaml:18:15: error[einsum-unknown]: no nest runs an Einsum `X`
 18 |   - {row: [Y, X]}
    |               ^
help: did you mean `Y`?
)"},
      {"with an Einsum twice",
       {in_plan("{row: [Y]}", "{row: [Y, Y]}")},
       R"(plan.yaml:18:15: error[phase-repeated]: `Y` is in a phase already; every Einsum belongs to exactly one
 18 |   - {row: [Y, Y]}
    |               ^
)"},
      {"with an Einsum on another array",
       {in_plan("{grid: [Z]}", "{row: [Z]}")},
       R"(plan.yaml:17:12: error[phase-other-array]: `Z` is bound to `grid`, not to `row`
 17 |   - {row: [Z]}
    |            ^
)"},
      {"without an Einsum",
       {in_plan("  - {row: [Y]}\n", "")},
       R"(plan.yaml:17:5: error[phase-missing]: `Y` is in no phase
 17 |   - {grid: [Z]}
    |     ^
help: every Einsum belongs to exactly one phase; or leave `phases` out
)"},
      {"with a stall before the start",
       {in_plan("{row: [Y]}", "{row: [Y], stall: -1}")},
       R"(plan.yaml:18:23: error[plan-count-range]: `stall` is -1; it must be at least 0
 18 |   - {row: [Y], stall: -1}
    |                       ^^
)"},
  });
}

TEST_CASE("a plan for another cascade") {
  check_all({{"than it is given",
              {in_plan("cascade: dot", "cascade: dots")},
              R"(plan.yaml:2:10: error[plan-other-cascade]: the plan is for cascade `dots`; it was given `dot`
 2 | cascade: dots
   |          ^^^^
)"}});
}

}  // namespace
}  // namespace einloom::test
