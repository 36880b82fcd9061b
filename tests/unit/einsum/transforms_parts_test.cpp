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
  CHECK(fewer.forbidden ==
        std::vector<std::string>{"pass 2 because of IX = topk(m) …, before QW goes over M again, in K"});
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

TEST_CASE("parts get names that nothing else has") {
  const Cascade origin = cascade_from(R"(cascade: taken
ranks: [M, M1]
constants: {M_0: 2.5}
tensors:
  X: {ranks: [M, M1], role: input}
  M__1: {ranks: [], role: output}
einsums:
  - M__1[] = sum(m,m1) M_0 * X[m,m1]
)");
  try {
    static_cast<void>(transformed(origin, {"partition:M=4"}));
    FAIL("M__1 is a tensor");
  } catch (const UserError& error) {
    CHECK(error.diagnostics().front().message == "rank `M` cannot be partitioned: no names are left for its parts");
  }
  const Cascade other = shipped_cascade("attention_redistribution");  // S0 is a constant
  CHECK(transformed(other, {"partition:S"}).partition_of("S")->inner == "S_0");
}

// The correction of a row is made for rows, not for the places in blocks of rows that it is read at.
TEST_CASE("corrections are made over the ranks of what is corrected") {
  const Cascade origin = shipped_cascade("sparse_d_mask");
  const FewerPasses fewer = minimize_passes(origin, "M", 4);
  CHECK(fewer.after == 1);
  CHECK(passes_over(origin, "P") == 1);
  CHECK(passes_over(fewer.cascade, "P") == 1);
  const std::string text = print_cascade(fewer.cascade);
  CHECK(text.find("  - CGM[g,r,m1,p] = exp(RGM[g,r,m1+1,p] - RGM[g,r,M1,p])\n") != std::string::npos);
  CHECK(text.find("  - NMAP[g,r,p1,m1,p0] = RNMAP[g,r,p1,m1,p0] * CGM[g,r,m1,p1*M0+p0]\n") != std::string::npos);
}

// Without `separate` in front the sums are scattered as they are, in the pass after the row's sum.
TEST_CASE("a scattered sum over the tiles keeps its place") {
  const Cascade origin = cascade_from(R"(cascade: scattered
ranks: [P, M, E, R]
partitions: {M: [M1, M0]}
parameters: {M0: 4}
derived: {R: P}
tensors:
  Q: {ranks: [P, E], role: input}
  K: {ranks: [M, E], role: input}
  B: {ranks: [P], role: input}
  IX: {ranks: [R], dtype: int32}
  S: {ranks: [P, M1, M0]}
  GM: {ranks: [P]}
  X: {ranks: [P, M1, M0]}
  D: {ranks: [P]}
  O: {ranks: [P, E], role: output}
einsums:
  - IX[r] = argsort(p) B[p]
  - S[p,m1,m0] = sum(e) Q[p,e] * K[m1*M0+m0,e]
  - GM[p] = max(m1,m0) S[p,m1,m0]
  - X[p,m1,m0] = exp(S[p,m1,m0] - GM[p])
  - D[p] = sum(m1,m0) X[p,m1,m0]
  - O[IX[p],e] = sum(m1,m0) X[p,m1,m0] * K[m1*M0+m0,e] / D[p]
)");
  for (const std::string style : {"running:M", "split:M"}) {
    const Cascade result = transformed(origin, {style});
    INFO(print_cascade(result));
    CHECK(passes_over(result, "M") == 2);
    check_values(origin, result);
  }
  const FewerPasses fewer = minimize_passes(origin, "M", 4);
  CHECK(fewer.after == 1);
  check_values(origin, fewer.cascade);
}

// Sums of squares around a mean in one pass with the mean, where some points of a row are absent: how many there are
// is counted. The first rows have none; a logarithm of nothing must not come into their sums.
TEST_CASE("a sum over what does not vary counts the points that bounds leave") {
  for (const std::string bounds : {"m+3 <= p", "m >= p-2", "m <= p and m+4 > p", "2 < p-m and m+1 >= 3"}) {
    const Cascade origin = cascade_from(R"(cascade: bounded
ranks: [P, M]
tensors:
  X: {ranks: [P, M], role: input}
  W: {ranks: [P, M]}
  MU: {ranks: [P]}
  C: {ranks: [P, M]}
  VA: {ranks: [P], role: output}
  D: {ranks: [P]}
  T: {ranks: [P], role: output}
einsums:
  - W[p,m] = X[p,m] | )" + bounds + R"(
  - MU[p] = sum(m) W[p,m] / M
  - C[p,m] = W[p,m] - MU[p]
  - VA[p] = sum(m) C[p,m] * C[p,m]
  - D[p] = sum(m) W[p,m] * W[p,m]
  - T[p] = sum(m) W[p,m] - log(D[p])
)");
    INFO(bounds);
    CHECK(passes_over(origin, "M") == 2);
    const Cascade result = transformed(origin, {"defer:M"});
    INFO(print_cascade(result));
    CHECK(passes_over(result, "M") == 1);
    check_values(origin, result);
  }
}

TEST_CASE("points that no bound on one variable describes are not counted") {
  for (const std::string where : {"m != p", "2*m <= p", "IX[m] < p", "p < 4"}) {
    const Cascade origin = cascade_from(R"(cascade: uncounted
ranks: [P, M]
tensors:
  X: {ranks: [P, M], role: input}
  IX: {ranks: [M], role: input, dtype: int32}
  W: {ranks: [P, M]}
  MU: {ranks: [P]}
  T: {ranks: [P], role: output}
einsums:
  - W[p,m] = X[p,m] * X[IX[m],m] | )" + where +
                                        R"(
  - MU[p] = max(m) W[p,m]
  - T[p] = sum(m) W[p,m] - MU[p]
)");
    INFO(where);
    CHECK(passes_over(transformed(origin, {"defer:M"}), "M") == 2);
  }
}

TEST_CASE("the inside of tiles is transformed as a rank of its own") {
  struct Form {
    std::map<std::string, std::string> options;
    int before = 0;
    std::vector<std::string> steps;
    std::string reason;
  };
  for (const Form& form :
       std::vector<Form>{{{},
                          5,
                          {"detach:N", "defer:N", "partition:N", "running:N"},
                          "`GM` must wait for `LG`: no factor leaves a max"},
                         {{{"form", "direct"}},
                          4,
                          {"detach:N", "defer:N"},
                          "`MIX` must wait for `Y`: nothing comes out of a product over m"},
                         {{{"form", "direct"}, {"mix", "sum"}, {"pad", "given"}},
                          4,
                          {"detach:N", "defer:N"},
                          "`MIX` must wait for `Y`: inside `exp` it is multiplied with what varies"}}) {
    const Cascade origin = shipped_cascade("gaam", form.options);
    const FewerPasses fewer = minimize_passes(origin, "N", 3);
    CHECK(fewer.before == form.before);
    CHECK(fewer.after == 3);
    CHECK(passes_over(fewer.cascade, "N") == 3);
    std::vector<std::string> steps;
    for (const PassStep& step : fewer.steps) steps.push_back(step.transform);
    CHECK(steps == form.steps);
    REQUIRE_FALSE(fewer.forbidden.empty());
    CHECK(fewer.forbidden.front() == form.reason);
    // Whole tiles, a short last one, one tile that is short.
    for (const auto& [positions, tile] : std::vector<std::pair<std::int64_t, std::int64_t>>{{12, 4}, {13, 5}, {3, 7}}) {
      for (const double scale : {1.0, 4.0}) {
        Shape shape;
        for (const auto& [name, extent] :
             std::map<std::string, std::int64_t>{{"B", 2}, {"M", positions}, {"R", 3}, {"K", 2}, {"N", tile}}) {
          shape.set(name, extent);
        }
        const Equivalence equivalence = compare_values(origin, fewer.cascade, shape, 5, scale);
        INFO("M=" << positions << " N=" << tile << " scale " << scale << " in " << equivalence.where);
        CHECK(equivalence.values == 2 * positions * 3);
        CHECK(equivalence.largest_error <= 1e-12);
      }
    }
    CHECK(same(cascade_from(print_cascade(fewer.cascade)), fewer.cascade));
  }
}

TEST_CASE("tiles that depend on each other stay parts of their rank, and the reason is given") {
  const auto refused = [](const Cascade& cascade, const std::string& inner) {
    try {
      static_cast<void>(transformed(cascade, {"detach:" + inner}));
      return std::string();
    } catch (const UserError& error) {
      return error.diagnostics().front().message;
    }
  };
  const std::string of_m = "the inside of the tiles of `M` cannot become a rank of its own: ";
  CHECK(refused(shipped_cascade("attention_2pass"), "M0") == of_m + "`GM` reduces over `M1`");
  CHECK(refused(shipped_cascade("attention_1pass"), "M0") == of_m + "the cascade iterates over `M1`");
  CHECK(refused(shipped_cascade("attention_3pass"), "M0") == "no rank of cascade `attention_3pass` has tiles of `M0`");
  const auto sums = [](const std::string& value) {
    return cascade_from(R"(cascade: sums
ranks: [M]
partitions: {M: [H, N]}
parameters: {N: 4}
tensors:
  X: {ranks: [M], role: input}
  S: {ranks: [H]}
  Z: {ranks: [H], role: output}
einsums:
  - S[h] = sum(n) X[h*N+n]
  - Z[h] = sum(n) )" + value +
                        "\n");
  };
  CHECK(refused(sums("X[h*N+n] - S[h]"), "N") == "");
  CHECK(refused(sums("X[h*N+n+1] - S[h]"), "N") == of_m + "`X[h*N+n+1]` is read across tiles");
  CHECK(refused(sums("first(X[h*N+n], 1) - S[h]"), "N") == of_m + "`X[h*N+n]` may be missing");
  // No pass is saved by the detachment alone; the reason is that of the rank.
  const FewerPasses fewer = minimize_passes(sums("tanh(X[h*N+n] - S[h])"), "N", 2);
  CHECK(fewer.after == 2);
  CHECK(fewer.steps.empty());
  CHECK(fewer.forbidden == std::vector<std::string>{"`Z` must wait for `S`: nothing comes out of `tanh`"});
}

// The gain of the norm is an input: its mean, which deferring needs, is no step of the memory's iteration over T.
TEST_CASE("what is made of inputs alone leaves an iteration over another rank") {
  const Cascade origin = shipped_cascade("memora", {{"memory", "mlp"}, {"affine", "given"}});
  const FewerPasses fewer = minimize_passes(origin, "F", 4);
  CHECK(fewer.before == 7);
  CHECK(fewer.after == 3);
  check_values(origin, fewer.cascade);
}
