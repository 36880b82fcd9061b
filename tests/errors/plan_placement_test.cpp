// SPDX-License-Identifier: Apache-2.0
// Placements that share tiles, spill or go through DRAM where they cannot.
#include "errors/documents.hpp"

namespace einloom::test {
namespace {

TEST_CASE("tensors in the place of others, spilled, and through DRAM") {
  check_all({
      {"in place of a tensor that is kept nowhere",
       {in_plan("keep:\n", "keep:\n  Z: {in_place_of: X}\n")},
       R"(plan.yaml:12:20: error[in-place-unknown]: `X` is kept in no memory; nothing can be in its place
 12 |   Z: {in_place_of: X}
    |                    ^
help: keep `X` in a memory, or `Z` in one of its own
)"},
      {"in place of itself",
       {in_plan("keep:\n", "keep:\n  Z: {in_place_of: Z}\n")},
       R"(plan.yaml:12:20: error[in-place-unknown]: `Z` would be in place of itself
 12 |   Z: {in_place_of: Z}
    |                    ^
)"},
      {"in place of an input",
       {in_plan("keep:\n", "keep:\n  Z: {in_place_of: A}\n")},
       R"(plan.yaml:12:20: error[in-place-other-shape]: `Z` cannot be written over `A`: it must be an intermediate with the same ranks and dtype
 12 |   Z: {in_place_of: A}
    |                    ^
cascade.yaml:4:3: note: `A` declared here
)"},
      {"an output in place of another tensor",
       {in_plan("  Y: {in: buffer, slots: 2}\n", "  Z: {in: buffer}\n  Y: {in_place_of: Z}\n")},
       R"(plan.yaml:15:20: error[keep-not-intermediate]: `Y` is an output of the cascade; `in_place_of` is for intermediates
 15 |   Y: {in_place_of: Z}
    |                    ^
cascade.yaml:7:3: note: declared here
)"},
      {"a share below nothing",
       {in_plan("keep:\n", "keep:\n  Z: {in: buffer, spilled: -0.5}\n")},
       R"(plan.yaml:12:28: error[spilled-range]: `spilled` of `Z` is -0.5; it is the share of a tile in DRAM, at least 0 and below 1
 12 |   Z: {in: buffer, spilled: -0.5}
    |                            ^^^^
)"},
      {"all of it",
       {in_plan("keep:\n", "keep:\n  Z: {in: buffer, spilled: K / K}\n")},
       R"(plan.yaml:12:28: error[spilled-range]: `spilled` of `Z` is 1; it is the share of a tile in DRAM, at least 0 and below 1
 12 |   Z: {in: buffer, spilled: K / K}
    |                            ^^^^^
)"},
      {"an input through DRAM",
       {in_plan("A: {in: buffer, slots: 2}", "A: {in: buffer, reload: {in: buffer}}")},
       R"(plan.yaml:12:27: error[keep-not-intermediate]: `A` is an input of the cascade; `reload` is for intermediates
 12 |   A: {in: buffer, reload: {in: buffer}}
    |                           ^
cascade.yaml:4:3: note: declared here
)"},
      {"a state that nothing reads back, through DRAM",
       {in_cascade("ranks: [M, K, N]\n", "ranks: [M, K, N]\niterative: [K]\n"),
        in_cascade("  Z: {ranks: [M, N]}\n", "  Z: {ranks: [M, N]}\n  H: {ranks: [K, M], initial: 0}\n"),
        in_cascade("einsums:\n", "einsums:\n  - H[k+1,m] = A[m,k] | m == k\n"),
        in_cascade("exp(Z[m,n])", "exp(Z[m,n]) + H[K,m]"), in_plan("nests:\n", "nests:\n  - {loops: [k], body: [H]}\n"),
        in_plan("bind:\n", "bind:\n  H: {array: row, time: [m]}\n"),
        in_plan("keep:\n", "keep:\n  H: {in: buffer, reload: {in: buffer}}\n")},
       R"(plan.yaml:14:27: error[state-not-carried]: `H` cannot leave the chip between its steps: where its update is absent it stays as it was, and nothing reads it back for that
 14 |   H: {in: buffer, reload: {in: buffer}}
    |                           ^
cascade.yaml:11:5: note: its update
help: keep it in the memory as a whole, or let the update read the state: `select(…, new, S[t])`
)"},
      {"to a memory that is not there",
       {in_plan("keep:\n", "keep:\n  Z: {in: buffer, reload: {in: bufer}}\n")},
       R"(plan.yaml:12:32: error[memory-unknown]: machine `tiny` has no on-chip memory `bufer`
 12 |   Z: {in: buffer, reload: {in: bufer}}
    |                                ^^^^^
help: did you mean `buffer`?
)"},
      {"again for a loop that is not there",
       {in_plan("A: {in: buffer, slots: 2}", "A: {in: buffer, refetch: [k1]}")},
       R"(plan.yaml:12:29: error[loop-unknown]: no nest has a loop over `k1`
 12 |   A: {in: buffer, refetch: [k1]}
    |                             ^^
help: did you mean `m1`?
)"},
      {"fetched in a way nobody knows",
       {in_plan("A: {in: buffer, slots: 2}", "A: {in: buffer, fetch: often}")},
       R"(plan.yaml:12:26: error[value-unknown]: `fetch` is `often`; it must be one of each_body, first_body
 12 |   A: {in: buffer, fetch: often}
    |                          ^^^^^
)"},
      {"a parameter of the plan by a name nobody knows",
       {in_plan("tiles:", "parameters: {half: M / two}\ntiles:")},
       R"(plan.yaml:4:24: error[expression-unknown-name]: there is no value named `two`
 4 | parameters: {half: M / two}
   |                        ^^^
help: known: clock, dram.access_width, dram.bandwidth, dram.latency, buffer.access_width, buffer.banks, buffer.capacity, buffer.latency, buffer.ports, grid.columns, grid.pes, grid.registers, …
)"},
      {"a phase that is half with DRAM",
       {in_plan("- {grid: [Z]}", "- {grid: [Z], dram: half}")},
       R"(plan.yaml:17:23: error[value-unknown]: `dram` is `half`; it must be one of true, false
 17 |   - {grid: [Z], dram: half}
    |                       ^^^^
)"},
  });
}

}  // namespace
}  // namespace einloom::test
