// SPDX-License-Identifier: Apache-2.0
// Plans whose names are right but whose tiles, slots and order do not fit the machine or the cascade.
#include "errors/documents.hpp"
#include "sim/simulate.hpp"

namespace einloom::test {
namespace {

TEST_CASE("tiles too large") {
  check_all({
      {"for the buffer",
       {in_machine("capacity: 1 KiB", "capacity: 256 B")},
       R"(plan.yaml:12:26: error[tile-exceeds-buffer]: the plan needs 320 B in `buffer`, which holds 256 B; 64 B are missing (A 2 × 64 B, B 2 × 64 B, Y 2 × 32 B)
 12 |   A: {in: buffer, slots: 2}
    |                          ^
machine.yaml:6:36: note: capacity declared here
help: `A` may have at most 1 slot; choose smaller tiles
)"},
      {"for the buffer, even one",
       {in_machine("capacity: 1 KiB", "capacity: 32 B"), in_plan("A: {in: buffer, slots: 2}", "A: {in: buffer}")},
       R"(plan.yaml:12:6: error[tile-exceeds-buffer]: the plan needs 320 B in `buffer`, which holds 32 B; 288 B are missing (A 2 × 64 B, B 2 × 64 B, Y 2 × 32 B)
 12 |   A: {in: buffer}
    |      ^
machine.yaml:6:36: note: capacity declared here
help: choose smaller tiles or a larger memory
)"},
      {"for the buffer by far",
       {in_plan("A: {in: buffer, slots: 2}", "A: {in: buffer, slots: 9000000000000000}")},
       R"(plan.yaml:12:26: error[tile-exceeds-buffer]: the plan needs 5.493e+11 MiB in `buffer`, which holds 1 KiB; 5.493e+11 MiB are missing (A 9000000000000000 × 64 B, B 2 × 64 B, Y 2 × 32 B)
 12 |   A: {in: buffer, slots: 9000000000000000}
    |                          ^^^^^^^^^^^^^^^^
machine.yaml:6:36: note: capacity declared here
help: `A` may have at most 13 slots; choose smaller tiles
)"},
      {"for the rows of the array",
       {in_plan("M0: 4", "M0: 8")},
       R"(plan.yaml:9:26: error[tile-exceeds-array]: a tile of `Z` spreads 8 values of `m` over 4 rows
 9 |   Z: {array: grid, rows: m0, columns: n0, time: [k]}
   |                          ^^
machine.yaml:7:32: note: rows declared here
help: make the tile of M at most 4
)"},
      {"for the columns of both arrays",
       {in_plan("N0: 4", "N0: 8")},
       R"(plan.yaml:9:39: error[tile-exceeds-array]: a tile of `Z` spreads 8 values of `n` over 4 columns
 9 |   Z: {array: grid, rows: m0, columns: n0, time: [k]}
   |                                       ^^
machine.yaml:7:44: note: columns declared here
help: make the tile of N at most 4
plan.yaml:10:28: error[tile-exceeds-array]: a tile of `Y` spreads 8 values of `n` over 4 columns
 10 |   Y: {array: row, columns: n0, time: [m0]}
    |                            ^^
machine.yaml:8:34: note: columns declared here
help: make the tile of N at most 4
)"},
  });
}

// The maximum over n of sums over k.
std::vector<Edit> nested_reductions(const std::string& tiles, const std::string& loops, const std::string& time) {
  return {in_cascade("  Z: {ranks: [M, N]}\n", ""),
          in_cascade("Y: {ranks: [M, N]", "Y: {ranks: [M]"),
          in_cascade("  - Z[m,n] = sum(k) A[m,k] * B[k,n]\n  - Y[m,n] = exp(Z[m,n])\n",
                     "  - Y[m] = max(n) sum(k) A[m,k] * B[k,n]\n"),
          in_machine("{add: 1, mac: 1, exp", "{max: {issue_cycles: 1, actions: {add: 1}}, mac: 1, exp"),
          in_plan("{M0: 4, N0: 4}", tiles),
          in_plan("loops: [m1, n1]\n    body: [Z, Y]", "loops: " + loops + "\n    body: [Y]"),
          in_plan("  Z: {array: grid, rows: m0, columns: n0, time: [k]}\n", ""),
          in_plan("columns: n0, time: [m0]", "columns: m0, time: " + time),
          in_plan("  - {grid: [Z]}\n", "")};
}

TEST_CASE("an inner reduction in parts") {
  check_all({
      {"by a loop", nested_reductions("{M0: 4, K0: 4}", "[m1, k1]", "[n, k0]"),
       R"(plan.yaml:7:12: error[inner-reduction-divided]: `Y` reduces by max what it has reduced by sum over `k`, but a loop cuts `k`: a part of the inner result is of no use to the outer one
 7 |     body: [Y]
   |            ^
cascade.yaml:8:5: note: the Einsum
help: keep all of `k` inside the tile, or split the Einsum in two
)"},
  });
  CHECK(told([] { static_cast<void>(lowered(loaded(edited(nested_reductions("{M0: 4}", "[m1]", "[n, k]"))))); }) == "");
}

std::vector<Edit> selection(const std::string& ranks, const std::string& einsum, const std::string& time) {
  return {in_cascade("Y: {ranks: [M, N]", "Y: {ranks: " + ranks), in_cascade("Y[m,n] = exp(Z[m,n])", einsum),
          in_machine("exp: {issue_cycles: 2, actions: {mac: 2}}", "argmax: {issue_cycles: 1, actions: {add: 1}}"),
          in_plan("keep:\n", "keep:\n  Z: {in: buffer, slots: 2}\n"),
          in_plan("columns: n0, time: [m0]", "columns: m0, time: " + time)};
}

TEST_CASE("a selection in parts") {
  check_all({
      {"of what it looks at", selection("[M]", "Y[m] = argmax(n) Z[m,n]", "[n0]"),
       R"(plan.yaml:7:15: error[selection-divided]: `Y` selects by argmax over `n`, but a loop cuts `n` into 2 parts; a selection sees all its values at once and gives all its results at once
 7 |     body: [Z, Y]
   |               ^
cascade.yaml:10:5: note: the Einsum
help: keep all of `n` inside the tile: take `n1` out of the loops and put `n` into `time`
)"},
  });
}

TEST_CASE("too few slots") {
  check_all({
      {"of an input that stays",
       {in_plan("loops: [m1, n1]", "loops: [n1, m1]"),
        in_plan("A: {in: buffer, slots: 2}", "A: {in: buffer, across: [n1], slots: 1}")},
       R"(plan.yaml:12:40: error[slots-too-few]: `A` has 1 slot in `buffer`; 2 tiles are live at once, because they stay across `n1`
 12 |   A: {in: buffer, across: [n1], slots: 1}
    |                                        ^
help: give it at least 2 slots, or reorder the loops
)"},
      {"of a result that stays",
       {in_cascade("B: {ranks: [K, N]", "B: {ranks: [M, N]"), in_cascade("Z: {ranks: [M, N]}", "Z: {ranks: [M]}"),
        in_cascade("Z[m,n] = sum(k) A[m,k] * B[k,n]", "Z[m] = sum(k) A[m,k]"),
        in_cascade("exp(Z[m,n])", "Z[m] + B[m,n]"), in_plan("loops: [m1, n1]", "loops: [n1, m1]"),
        in_plan("array: grid, rows: m0, columns: n0", "array: row, columns: m0"), in_plan("in_flight: 2\n", ""),
        in_plan("  - {grid: [Z]}\n  - {row: [Y]}", "  - {row: [Z, Y]}")},
       R"(plan.yaml:7:12: error[slots-too-few]: 2 tiles of `Z` are live at once, because they stay across `n1`, but it is kept in no memory and 1 iteration may be in flight
 7 |     body: [Z, Y]
   |            ^
help: add `Z: {in: …, slots: 2}` to `keep`
)"},
  });
}

TEST_CASE("results that do not arrive") {
  check_all({
      {"no link between the arrays",
       {in_machine("  - {from: grid, to: row, latency: 1 cycles}\n", "")},
       R"(plan.yaml:10:14: error[no-link]: `Y` on `row` reads `Z` from `grid`, but machine `tiny` has no link between them
 10 |   Y: {array: row, columns: n0, time: [m0]}
    |              ^^^
cascade.yaml:10:18: note: read here
help: add the link {from: grid, to: row, latency: …}, or keep `Z` in a memory both reach
)"},
      {"a sum is read before it is complete",
       {in_cascade("exp(Z[m,n])", "sum(k) Z[m,n] * B[k,n]"), in_plan("M0: 4, ", "K0: 4, M0: 4, "),
        in_plan("loops: [m1, n1]", "loops: [m1, n1, k1]"),
        in_plan("columns: n0, time: [m0]", "columns: n0, time: [m0, k0]")},
       R"(plan.yaml:7:15: error[reads-partial-sum]: `Y` reads `Z` in every iteration of `k1`, but `Z` sums over that loop
 7 |     body: [Z, Y]
   |               ^
help: put `Y` in a nest of its own behind the loop
)"},
  });
}

TEST_CASE("a tile extent given twice by a program") {
  Loaded documents = loaded({});
  documents.plan.tiles.push_back(documents.plan.tiles.front());
  CHECK(told([&] { static_cast<void>(lowered(documents)); }) ==
        R"(plan.yaml:4:9: error[tile-repeated]: `M0` is given twice
 4 | tiles: {M0: 4, N0: 4}
   |         ^^
)");
}

TEST_CASE("a workload without an extent") {
  CHECK(told([] {
          static_cast<void>(lowered(loaded({}), {"K", "M"}));
        }) ==
        R"(plan.yaml:1:1: error[shape-missing-rank]: the shape gives no extent for `N`; cascade `dot` needs every rank
 1 | plan: tiny_plan
   | ^
)");
}

TEST_CASE("the waterfall of a plan without phases") {
  const Loaded documents = loaded(edited({in_plan("phases:\n  - {grid: [Z]}\n  - {row: [Y]}\n", "")}));
  SimulationOptions options;
  options.fidelity = Fidelity::waterfall;
  CHECK(
      told([&] { static_cast<void>(simulate(lowered(documents), documents.machine, options)); }) ==
      R"(plan.yaml:12:3: error[waterfall-no-phases]: plan `tiny_plan` declares no phases; fidelity waterfall adds up phases
 12 |   A: {in: buffer, slots: 2}
    |   ^
help: add `phases` to the plan, or use fidelity cycle
)");
}

TEST_CASE("fidelity pe of what is too large for it") {
  const Loaded documents = loaded(edited({}));
  SimulationOptions options;
  options.fidelity = Fidelity::pe;
  options.cascade = &documents.cascade;
  options.pe_cycle_budget = 100;
  CHECK(
      told([&] { static_cast<void>(simulate(lowered(documents), documents.machine, options)); }) ==
      R"(plan.yaml:12:3: error[pe-too-large]: fidelity pe would step at least 1.4e+03 PE-cycles (20 PEs for 72 cycles or more); it steps at most 1e+02
 12 |   A: {in: buffer, slots: 2}
    |   ^
help: make it 15 times smaller: smaller arrays (--set machine.parameters.dim=16), fewer b and h, shorter sequences; or use fidelity cycle, whose times are the same
)");
}

}  // namespace
}  // namespace einloom::test
