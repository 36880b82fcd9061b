// SPDX-License-Identifier: Apache-2.0
// Does the pass rule give the published number of passes, and say what forces each?
#include "einsum/passes.hpp"

#include <catch2/catch.hpp>

#include "unit/einsum/cascades.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

// Inputs Q, K, V; `tensors` and `einsums` are added.
Cascade attention(const std::string& tensors, const std::string& einsums, const std::string& more = "") {
  return cascade_from("cascade: c\nranks: [P, M, E, F]\n" + more +
                      "tensors:\n"
                      "  Q: {ranks: [P, E], role: input}\n"
                      "  K: {ranks: [M, E], role: input}\n"
                      "  V: {ranks: [M, F], role: input}\n" +
                      tensors + "einsums:\n" + einsums);
}

const std::string kTiled = "partitions: {M: [M1, M0]}\nparameters: {M0: 4}\n";

const std::string kDeferredTensors = R"(  QK: {ranks: [M, P]}
  GM: {ranks: [P]}
  SN: {ranks: [M, P]}
  SD: {ranks: [P]}
  SNV: {ranks: [P, F]}
  AV: {ranks: [P, F], role: output}
)";

Cascade deferred_division() {
  return attention(kDeferredTensors, R"(  - QK[m,p] = sum(e) Q[p,e] * K[m,e]
  - GM[p] = max(m) QK[m,p]
  - SN[m,p] = exp(QK[m,p] - GM[p])
  - SD[p] = sum(m) SN[m,p]
  - SNV[p,f] = sum(m) SN[m,p] * V[m,f]
  - AV[p,f] = SNV[p,f] / SD[p]
)");
}

Cascade split_k() {
  return attention(R"(  QK: {ranks: [M1, M0, P]}
  LM: {ranks: [M1, P]}
  SLN: {ranks: [M1, M0, P]}
  SLD: {ranks: [M1, P]}
  SLNV: {ranks: [M1, P, F]}
  GM: {ranks: [P]}
  CF: {ranks: [M1, P]}
  SD: {ranks: [P]}
  NV: {ranks: [P, F]}
  AV: {ranks: [P, F], role: output}
)",
                   R"(  - QK[m1,m0,p] = sum(e) Q[p,e] * K[m1*M0+m0,e]
  - LM[m1,p] = max(m0) QK[m1,m0,p]
  - SLN[m1,m0,p] = exp(QK[m1,m0,p] - LM[m1,p])
  - SLD[m1,p] = sum(m0) SLN[m1,m0,p]
  - SLNV[m1,p,f] = sum(m0) SLN[m1,m0,p] * V[m1*M0+m0,f]
  - GM[p] = max(m1) LM[m1,p]
  - CF[m1,p] = exp(LM[m1,p] - GM[p])
  - SD[p] = sum(m1) SLD[m1,p] * CF[m1,p]
  - NV[p,f] = sum(m1) SLNV[m1,p,f] * CF[m1,p]
  - AV[p,f] = NV[p,f] / SD[p]
)",
                   kTiled);
}

RankPasses over(const Cascade& cascade, const std::string& name) {
  for (const RankGroup& group : rank_groups(cascade)) {
    if (group.name == name) return count_passes(cascade, group);
  }
  FAIL("no rank " << name);
  return {};
}

// `QK 1, GM 1+, …`: the pass each Einsum runs in; + after a traversal.
std::string runs(const Cascade& cascade, const RankPasses& passes) {
  std::string text;
  for (std::size_t i = 0; i < passes.einsums.size(); ++i) {
    const EinsumPass& each = passes.einsums[i];
    text += (i > 0 ? ", " : "") + cascade.einsums()[i].name() + " " + std::to_string(each.runs.pass) +
            (each.runs.after ? "+" : "");
  }
  return text;
}

std::string barriers(const Cascade& cascade, const RankPasses& passes) {
  std::string text;
  for (const PassBarrier& each : passes.barriers) {
    text += std::to_string(each.pass) + ": " + barrier_text(cascade, passes, each) + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("passes over the keys of the shipped cascades") {
  CHECK(passes_over(shipped_cascade("attention_3pass"), "M") == 3);
  CHECK(passes_over(shipped_cascade("attention_2pass"), "M") == 2);
  CHECK(passes_over(shipped_cascade("attention_1pass"), "M") == 1);
  CHECK(passes_over(shipped_cascade("fsa"), "M") == 1);
  CHECK(passes_over(shipped_cascade("fsa", {{"mask", "causal"}}), "M") == 1);
  for (const char* name : {"attention_3pass", "attention_2pass", "attention_1pass", "fsa"}) {
    for (const char* rank : {"B", "H", "P", "E", "F"}) {
      INFO(name << " over " << rank);
      CHECK(passes_over(shipped_cascade(name), rank) == 1);
    }
  }
  for (const char* rank : {"T", "N", "K"}) CHECK(passes_over(shipped_cascade("matmul"), rank) == 1);
}

TEST_CASE("what forces the passes of three-pass attention") {
  const Cascade cascade = shipped_cascade("attention_3pass");
  const RankPasses passes = over(cascade, "M");
  CHECK(runs(cascade, passes) == "QK 1, GM 1, SN 2, SD 2, A 3, AV 3");
  CHECK(barriers(cascade, passes) ==
        "2: GM = max(m) …, before SN reads QK again\n3: SD = sum(m) …, before A reads SN again\n");
  CHECK(passes.tensors == std::map<std::string, int>{{"K", 3}, {"V", 1}, {"QK", 3}, {"SN", 2}, {"A", 1}});
}

TEST_CASE("summaries cost no pass of their own") {
  const Cascade cascade = shipped_cascade("attention_2pass");
  const RankPasses passes = over(cascade, "M");
  CHECK(runs(cascade, passes) == "QK 1, LM 1, SLN 1, SLD 1, GM 1, CF 1+, SD 1+, A 2, AV 2");
  CHECK(barriers(cascade, passes) == "2: GM = max(m1) …, then CF, before A reads SLN again\n");
  CHECK(passes.tensors == std::map<std::string, int>{{"K", 2}, {"V", 1}, {"QK", 2}, {"SLN", 2}, {"A", 1}});
}

TEST_CASE("a running state is read as the fibre goes by; inside a tile its maximum comes first") {
  const Cascade cascade = shipped_cascade("attention_1pass");
  const RankPasses passes = over(cascade, "M");
  CHECK(runs(cascade, passes) == "QK 1, LM 1, RM 1, SLN 1, SLD 1, SLNV 1, PRM 1, SPD 1, RD 1, SPNV 1, RNV 1, AV 1+");
  CHECK(passes.barriers.empty());
  const RankPasses tile = over(cascade, "M0");
  CHECK(tile.passes == 2);
  CHECK(barriers(cascade, tile) == "2: LM = max(m0) …, then RM, before SLN reads QK again\n");
}

TEST_CASE("a deferred division saves the third pass") {
  const Cascade cascade = deferred_division();
  CHECK(passes_over(cascade, "M") == 2);
  CHECK(over(cascade, "M").tensors == std::map<std::string, int>{{"K", 2}, {"V", 1}, {"QK", 2}, {"SN", 1}});
}

TEST_CASE("split-K merges summaries: one pass") { CHECK(passes_over(split_k(), "M") == 1); }

TEST_CASE("the pedagogical example, factored and as an iteration") {
  const std::string inputs = R"(cascade: c
ranks: [K]
iterative: [K]
tensors:
  A: {ranks: [K], role: input}
  B: {ranks: [K], role: input}
)";
  const Cascade plain = cascade_from(R"(cascade: c
ranks: [K]
tensors:
  A: {ranks: [K], role: input}
  B: {ranks: [K], role: input}
  Y: {ranks: []}
  Z: {ranks: [], role: output}
einsums:
  - Y[] = sum(k) A[k] * B[k]
  - Z[] = sum(k) Y[] * A[k]
)");
  CHECK(passes_over(plain, "K") == 2);
  CHECK(over(plain, "K").tensors == std::map<std::string, int>{{"A", 2}, {"B", 1}});
  const Cascade factored = cascade_from(R"(cascade: c
ranks: [K]
tensors:
  A: {ranks: [K], role: input}
  B: {ranks: [K], role: input}
  Y: {ranks: []}
  X: {ranks: []}
  Z: {ranks: [], role: output}
einsums:
  - Y[] = sum(k) A[k] * B[k]
  - X[] = sum(k) A[k]
  - Z[] = Y[] * X[]
)");
  CHECK(passes_over(factored, "K") == 1);
  const Cascade iterative = cascade_from(inputs + R"(  RY: {ranks: [K], initial: 0}
  RZ: {ranks: [K], initial: 0}
  Z: {ranks: [], role: output}
einsums:
  - RY[k+1] = RY[k] + A[k] * B[k]
  - RZ[k+1] = RZ[k] * RY[k+1] / RY[k] + RY[k+1] * A[k]
  - Z[] = RZ[K]
)");
  CHECK(passes_over(iterative, "K") == 1);
  // A map of the whole fibre that needs the last state is another pass.
  const Cascade last = cascade_from(inputs + R"(  RY: {ranks: [K], initial: 0}
  X: {ranks: [K], role: output}
einsums:
  - RY[k+1] = RY[k] + A[k] * B[k]
  - X[k] = A[k] / RY[K]
)");
  CHECK(passes_over(last, "K") == 2);
  CHECK(barriers(last, over(last, "K")) == "2: RY's last state, before X reads A again\n");
}

// Without the stored maximum and sum: max, sum, output, gradient.
TEST_CASE("gradients: four passes, or one with what the forward pass can store") {
  const std::string gradient = R"(  - D[p] = sum(f) G[p,f] * O[p,f]
  - DP[m,p] = sum(f) G[p,f] * V[m,f]
  - DS[m,p] = A[m,p] * (DP[m,p] - D[p])
  - DQ[p,e] = sum(m) DS[m,p] * K[m,e]
  - DK[m,e] = sum(p) DS[m,p] * Q[p,e]
)";
  const std::string tensors = R"(  G: {ranks: [P, F], role: input}
  S: {ranks: [M, P]}
  A: {ranks: [M, P]}
  D: {ranks: [P]}
  DP: {ranks: [M, P]}
  DS: {ranks: [M, P]}
  DQ: {ranks: [P, E], role: output}
  DK: {ranks: [M, E], role: output}
)";
  const Cascade all = attention(tensors + R"(  GM: {ranks: [P]}
  SN: {ranks: [M, P]}
  SD: {ranks: [P]}
  O: {ranks: [P, F]}
)",
                                R"(  - S[m,p] = sum(e) Q[p,e] * K[m,e]
  - GM[p] = max(m) S[m,p]
  - SN[m,p] = exp(S[m,p] - GM[p])
  - SD[p] = sum(m) SN[m,p]
  - A[m,p] = SN[m,p] / SD[p]
  - O[p,f] = sum(m) A[m,p] * V[m,f]
)" + gradient);
  CHECK(passes_over(all, "M") == 4);
  CHECK(barriers(all, over(all, "M")) ==
        "2: GM = max(m) …, before SN reads S again\n"
        "3: SD = sum(m) …, before A reads SN again\n"
        "4: O = sum(m) …, then D, before DS reads A again\n");
  CHECK(passes_over(all, "P") == 1);
  const Cascade stored = attention(tensors + R"(  L: {ranks: [P], role: input}
  O: {ranks: [P, F], role: input}
)",
                                   R"(  - S[m,p] = sum(e) Q[p,e] * K[m,e]
  - A[m,p] = exp(S[m,p] - L[p])
)" + gradient);
  CHECK(passes_over(stored, "M") == 1);
  CHECK(passes_over(stored, "P") == 1);
}

TEST_CASE("layer normalisation: mean, variance, result") {
  const Cascade cascade = cascade_from(R"(cascade: c
ranks: [T, D]
tensors:
  X: {ranks: [T, D], role: input}
  MU: {ranks: [T]}
  C: {ranks: [T, D]}
  VA: {ranks: [T]}
  Y: {ranks: [T, D], role: output}
einsums:
  - MU[t] = sum(d) X[t,d] / D
  - C[t,d] = X[t,d] - MU[t]
  - VA[t] = sum(d) C[t,d] * C[t,d] / D
  - Y[t,d] = C[t,d] * rsqrt(VA[t] + 1e-6)
)");
  CHECK(passes_over(cascade, "D") == 3);
  CHECK(passes_over(cascade, "T") == 1);
}

TEST_CASE("linear attention: a state over time, read as it goes") {
  const Cascade cascade = cascade_from(R"(cascade: c
ranks: [T, D, F]
iterative: [T]
tensors:
  Q: {ranks: [T, D], role: input}
  K: {ranks: [T, D], role: input}
  V: {ranks: [T, F], role: input}
  S: {ranks: [T, D, F], initial: 0}
  O: {ranks: [T, F], role: output}
einsums:
  - S[t+1,d,f] = S[t,d,f] + K[t,d] * V[t,f]
  - O[t,f] = sum(d) Q[t,d] * S[t+1,d,f]
)");
  CHECK(passes_over(cascade, "T") == 1);
  CHECK(passes_over(cascade, "D") == 1);
}

// Layers iterate; within one of them softmax over the tokens takes its passes.
TEST_CASE("an iteration over another rank is counted once") {
  const Cascade cascade = cascade_from(R"(cascade: c
ranks: [L, P]
iterative: [L]
tensors:
  X0: {ranks: [P], role: input}
  X: {ranks: [L, P], initial: 0}
  GM: {ranks: [L]}
  SN: {ranks: [L, P]}
  SD: {ranks: [L]}
  Y: {ranks: [P], role: output}
einsums:
  - GM[l] = max(p) X[l,p] + X0[p]
  - SN[l,p] = exp(X[l,p] - GM[l])
  - SD[l] = sum(p) SN[l,p]
  - X[l+1,p] = SN[l,p] / SD[l]
  - Y[p] = X[L,p]
)");
  CHECK(passes_over(cascade, "P") == 3);
  CHECK(passes_over(cascade, "L") == 1);
}

namespace {

// Keys and values in pages that a block table names; `value` is the page that values are taken from.
Cascade paged(const std::string& value) {
  return cascade_from(R"(cascade: c
ranks: [N, M]
iterative: [M]
tensors:
  KC: {ranks: [N], role: input}
  VC: {ranks: [N], role: input}
  BT: {ranks: [M], role: input, dtype: int32}
  LM: {ranks: [M]}
  RM: {ranks: [M], initial: -inf}
  W: {ranks: [M]}
  RO: {ranks: [M], initial: 0}
  O: {ranks: [], role: output}
einsums:
  - LM[m] = KC[BT[m]]
  - RM[m+1] = max(RM[m], LM[m])
  - W[m] = exp(LM[m] - RM[m+1])
  - RO[m+1] = RO[m] + W[m] * )" +
                      value + "\n  - O[] = RO[M]\n");
}

}  // namespace

TEST_CASE("what is made of looked-up positions is there as the look-ups advance") {
  const Cascade cascade = paged("VC[BT[m]]");
  CHECK(passes_over(cascade, "N") == 1);
  CHECK(passes_over(cascade, "M") == 1);
  // Another look-up meets the weights at other positions of N.
  const Cascade other = paged("first(VC[BT[m-1]], 0)");
  CHECK(passes_over(other, "N") == 2);
  CHECK(barriers(other, over(other, "N")) == "2: W, before RO goes over N again, in VC\n");
}

TEST_CASE("a reduction over look-ups must finish") {
  const std::string tensors = R"(  QK: {ranks: [P, W]}
  GM: {ranks: [P]}
  SN: {ranks: [P, W]}
  AV: {ranks: [P, F], role: output}
)";
  const Cascade window = cascade_from(
      "cascade: c\nranks: [P, M, W, F]\ntensors:\n  K: {ranks: [M], role: input}\n"
      "  V: {ranks: [M, F], role: input}\n" +
      tensors + R"(einsums:
  - QK[p,w] = K[p+w]
  - GM[p] = max(w) QK[p,w]
  - SN[p,w] = exp(QK[p,w] - GM[p])
  - AV[p,f] = sum(w) SN[p,w] * V[p+w,f]
)");
  CHECK(passes_over(window, "M") == 2);
  CHECK(passes_over(window, "W") == 2);
}

TEST_CASE("results that another name of the rank reads are followed") {
  const auto cascade = [](const std::string& denominator) {
    return cascade_from(R"(cascade: c
ranks: [T, P]
derived: {P: T}
tensors:
  Q: {ranks: [P], role: input}
  D: {ranks: [P], role: input}
  X: {ranks: [T]}
  Y: {ranks: [T]}
  O: {ranks: [P], role: output}
einsums:
  - X[t] = Q[t] + 1
  - Y[t] = exp(X[t])
  - O[p] = Y[p] / )" + denominator +
                        "\n");
  };
  CHECK(passes_over(cascade("D[p]"), "P") == 1);
  CHECK(passes_over(cascade("first(D[p-1], 1)"), "P") == 2);
}

TEST_CASE("positions that were taken apart are put together again") {
  const auto cascade = [](const std::string& rest) {
    return cascade_from(R"(cascade: c
ranks: [T, C, L]
parameters: {N: 4}
derived: {C: ceil(T / N), L: N}
tensors:
  X: {ranks: [T], role: input}
  D: {ranks: [T], role: input}
  CX: {ranks: [T], dtype: int32}
  LX: {ranks: [T], dtype: int32}
  A: {ranks: [C, L]}
  B: {ranks: [C, L]}
  O: {ranks: [T], role: output}
einsums:
  - CX[t] = floor(t / N)
  - LX[t] = )" + rest + R"(
  - A[c,l] = X[c*N+l] + 1
  - B[c,l] = exp(A[c,l])
  - O[t] = B[CX[t],LX[t]] / D[t]
)");
  };
  CHECK(passes_over(cascade("mod(t, N)"), "T") == 1);
  // Each position has that of another one.
  CHECK(passes_over(cascade("N - 1 - mod(t, N)"), "T") == 2);
}

TEST_CASE("parts that nothing reduces over are fibres of their own") {
  const std::string head =
      "cascade: c\nranks: [M]\npartitions: {M: [H, N]}\nparameters: {N: 4}\ntensors:\n"
      "  X: {ranks: [M], role: input}\n  MX: {ranks: [H]}\n";
  const Cascade heads = cascade_from(head + R"(  Y: {ranks: [H, N], role: output}
einsums:
  - MX[h] = max(n) X[h*N+n]
  - Y[h,n] = X[h*N+n] - MX[h]
)");
  CHECK(is_fibre_of_its_own(heads, over(heads, "N").group));
  CHECK(!is_fibre_of_its_own(heads, over(heads, "M").group));
  CHECK(passes_text(heads) == "N 2");
  const Cascade tiles = cascade_from(head + R"(  GM: {ranks: []}
  Y: {ranks: [H, N], role: output}
einsums:
  - MX[h] = max(n) X[h*N+n]
  - GM[] = max(h) MX[h]
  - Y[h,n] = X[h*N+n] - MX[h] - GM[]
)");
  CHECK(!is_fibre_of_its_own(tiles, over(tiles, "N").group));
  CHECK(passes_text(tiles) == "M 2");
}
