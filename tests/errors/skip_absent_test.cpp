// SPDX-License-Identifier: Apache-2.0
// Loops that are told to end early and cannot.
#include "errors/documents.hpp"

namespace einloom::test {
namespace {

TEST_CASE("a loop that ends early") {
  const Program program = lowered(
      loaded(edited({in_plan("nests:", "skip_absent: [n1]\nnests:"), in_cascade("B[k,n]\n", "B[k,n] | n <= m\n")})));
  CHECK(program.grows);
  CHECK(program.iterations == 3);  // of 2 × 2 tiles, the one above the diagonal is left out
}

TEST_CASE("tiles without points are left out once") {
  check_all({
      {"by the loop and by the tile",
       {in_plan("nests:", "skip_absent: [n1]\nempty_tiles: skip\nnests:"), in_cascade("B[k,n]\n", "B[k,n] | n <= m\n")},
       R"(plan.yaml:6:14: error[empty-tiles-twice]: `empty_tiles: skip` and `skip_absent` both leave out tiles without points; a plan has one of them
 6 | empty_tiles: skip
   |              ^^^^
help: take out `skip_absent`: what it cuts off is among the empty tiles
)"},
      {"in a way nobody knows",
       {in_plan("nests:", "empty_tiles: drop\nnests:")},
       R"(plan.yaml:5:14: error[value-unknown]: `empty_tiles` is `drop`; it must be one of issue, skip
 5 | empty_tiles: drop
   |              ^^^^
)"},
  });
}

TEST_CASE("nothing left to issue") {
  check_all({
      {"because predicates leave no point",
       {in_plan("nests:", "empty_tiles: skip\nnests:"), in_cascade("B[k,n]\n", "B[k,n] | n >= m + 100\n")},
       R"(plan.yaml:5:14: error[no-points]: with `empty_tiles: skip` nothing is issued: predicates leave no point of any Einsum: `n >= m+100` of `Z`
 5 | empty_tiles: skip
   |              ^^^^
help: change the extents or the predicates, or set `empty_tiles: issue`
)"},
  });
}

TEST_CASE("loops that cannot end early") {
  check_all({
      {"because there is no such loop",
       {in_plan("nests:", "skip_absent: [k1]\nnests:")},
       R"(plan.yaml:5:15: error[loop-unknown]: no nest has a loop over `k1`
 5 | skip_absent: [k1]
   |               ^^
help: did you mean `m1`?
)"},
      {"because every iteration has points",
       {in_plan("nests:", "skip_absent: [n1]\nnests:")},
       R"(plan.yaml:5:15: error[skip-has-points]: `n1` cannot end early: `Z` has points in every iteration of it
 5 | skip_absent: [n1]
   |               ^^
cascade.yaml:9:5: note: the Einsum
help: only a predicate on both this index and that of the loop directly around it leaves some out
)"},
      {"because they sum",
       {in_plan("nests:", "skip_absent: [k1]\nnests:"), in_plan("{M0: 4, N0: 4}", "{M0: 4, N0: 4, K0: 4}"),
        in_plan("loops: [m1, n1]", "loops: [m1, n1, k1]"), in_plan("time: [k]", "time: [k0]")},
       R"(plan.yaml:5:15: error[skip-acts-last]: `k1` cannot end early: `Z` sums over it, works on its last tile, or does not act in every iteration of the loop around it
 5 | skip_absent: [k1]
   |               ^^
help: put `Z` in a nest of its own behind the loop
)"},
  });
}

}  // namespace
}  // namespace einloom::test
