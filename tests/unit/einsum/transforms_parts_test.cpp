// SPDX-License-Identifier: Apache-2.0
// Parts of a rank: what is gathered from it, one value for each of its tiles, and the inside of its tiles.
#include <catch2/catch.hpp>

#include "einsum/passes.hpp"
#include "einsum/transforms/minimize_passes.hpp"
#include "unit/einsum/transformed.hpp"

using namespace einloom;
using namespace einloom::test;
using namespace einloom::transforms;

// The first queries see fewer keys than are chosen: the places that are left over are absent from the copies too, where
// a maximum would see them.
TEST_CASE("what is gathered late is copied when its indices are known") {
  const Cascade origin = cascade_from(R"(cascade: chosen
ranks: [P, M, K, E]
tensors:
  Q: {ranks: [P, E], role: input}
  X: {ranks: [M, E], role: input}
  B: {ranks: [P, M], role: input}
  IX: {ranks: [P, K], dtype: int32}
  S: {ranks: [P, K]}
  GM: {ranks: [P]}
  N: {ranks: [P, K]}
  D: {ranks: [P]}
  A: {ranks: [P, K]}
  O: {ranks: [P, E], role: output}
  Z: {ranks: [P], role: output}
  Y: {ranks: [P, E], role: output}
einsums:
  - IX[p,k] = topk(m) B[p,m] | m <= p
  - S[p,k] = sum(e) Q[p,e] * X[IX[p,k],e]
  - GM[p] = max(k) S[p,k]
  - N[p,k] = exp(S[p,k] - GM[p])
  - D[p] = sum(k) N[p,k]
  - A[p,k] = N[p,k] / D[p]
  - O[p,e] = sum(k) A[p,k] * X[IX[p,k],e]
  - Z[p] = max(k,e) GM[p] - exp(X[IX[p,k],e] * X[IX[p,k],e]) | k < 2
  - Y[p,e] = sum(k) D[p] * first(X[IX[p,k],e], 0)
)");
  CHECK(passes_over(origin, "M") == 3);
  const Cascade result = transformed(origin, {"gather:M"});
  check_values(origin, result);
  // `first` looks at the rank itself.
  CHECK(passes_over(result, "M") == 3);
  const std::string text = print_cascade(result);
  CHECK(text.find("  - GX[p,k,e] = X[IX[p,k],e]\n") != std::string::npos);
  CHECK(text.find("  - GX_2[p,k,e] = X[IX[p,k],e] | k < 2\n") != std::string::npos);
  CHECK(text.find("  - S[p,k] = sum(e) Q[p,e] * X[IX[p,k],e]\n") != std::string::npos);
  CHECK(text.find("  - O[p,e] = sum(k) A[p,k] * GX[p,k,e]\n") != std::string::npos);
  CHECK(text.find("  - Z[p] = max(k,e) GM[p] - exp(GX_2[p,k,e] * GX_2[p,k,e])") != std::string::npos);
  CHECK(text.find("first(X[IX[p,k],e], 0)") != std::string::npos);
}

TEST_CASE("gathered values: over the rank's passes first, then over the indices'") {
  const Cascade origin = shipped_cascade("dynamic_mask", {{"keys", "gathered"}});
  const FewerPasses fewer = minimize_passes(origin, "M", 4);
  CHECK(fewer.before == 3);
  CHECK(fewer.after == 2);
  REQUIRE(fewer.steps.size() == 1);
  CHECK(fewer.steps[0].transform == "gather:M");
  CHECK(fewer.forbidden == std::vector<std::string>{"pass 2 because of IX = topk(m) …, before QW reads K again"});
  const FewerPasses both = minimize_passes(fewer.cascade, "W", 2);
  CHECK(both.after == 1);
  CHECK(passes_over(both.cascade, "M") == 2);
}

// Means of blocks of keys, their sums over queries and the largest of them: made of what each tile gave with the
// maximum known there, corrected when all tiles are known. The first queries see no key, or none of some tiles.
TEST_CASE("one value for each tile needs no second pass over the tiles") {
  const Cascade origin = cascade_from(R"(cascade: block_means
ranks: [P, M, E]
partitions: {M: [M1, M0]}
parameters: {M0: 4}
tensors:
  Q: {ranks: [P, E], role: input}
  K: {ranks: [M, E], role: input}
  S: {ranks: [P, M1, M0]}
  GM: {ranks: [P]}
  X: {ranks: [P, M1, M0]}
  D: {ranks: [P]}
  A: {ranks: [P, M1, M0]}
  B: {ranks: [P, M1], role: output}
  T: {ranks: [M1], role: output}
  Z: {ranks: [P], role: output}
einsums:
  - S[p,m1,m0] = sum(e) Q[p,e] * K[m1*M0+m0,e] | m1*M0+m0+1 <= p
  - GM[p] = max(m1,m0) S[p,m1,m0]
  - X[p,m1,m0] = exp(S[p,m1,m0] - GM[p])
  - D[p] = sum(m1,m0) X[p,m1,m0]
  - A[p,m1,m0] = X[p,m1,m0] / D[p]
  - B[p,m1] = sum(m0) A[p,m1,m0] / M0
  - T[m1] = sum(p) B[p,m1]
  - Z[p] = max(m1) B[p,m1]
)");
  CHECK(passes_over(origin, "M") == 3);
  for (const std::string style : {"running:M", "split:M"}) {
    for (const std::vector<std::string>& calls : {std::vector<std::string>{style}, {"defer:M", style}}) {
      const Cascade result = transformed(origin, calls);
      INFO(print_cascade(result));
      CHECK(passes_over(result, "M") == 1);
      check_values(origin, result);
    }
  }
  CHECK(minimize_passes(origin, "M", 4).after == 1);
}
