// SPDX-License-Identifier: Apache-2.0
// What `transform` finds and writes, to the last character; that the result is a document like any other.
#include "errors/command.hpp"

namespace einloom::test {
namespace {

TEST_CASE("three-pass attention becomes FlashAttention-2") {
  const TemporaryFolder folder;
  const Outcome outcome =
      einloom_in(folder, "transform attention_3pass --minimize-passes --tile 128 --output one.yaml");
  CHECK(outcome.err == "");
  CHECK(outcome.exit_code == 0);
  CHECK(
      outcome.out.starts_with("passes over M: 3 -> 1 by defer:M 2, partition:M 2, running:M 1\n"
                              "values at B=2 E=7 F=11 H=3 M=37 M0=8 M1=5 P=5: 330 compared in fp64, seed 1, largest "
                              "error "));
  CHECK(outcome.out.ends_with(" of 1 + |value|\nwritten to one.yaml\n"));
  const std::string text = folder.read("one.yaml");
  const auto begin = text.find("cascade: ");
  REQUIRE(begin != std::string::npos);
  CHECK(text.substr(0, text.find('\n')) == "# SPDX-License-Identifier: Apache-2.0");
  CHECK(text.substr(begin) == R"(cascade: attention_3pass_transformed
description: "attention_3pass after defer:M, partition:M, running:M"
paper: FuseMax (MICRO 2024), 3-pass class
reference: softmax_attention
ranks: [B, H, P, M, E, F]
partitions:
  M: [M1, M0]
parameters: {M0: 128}
iterative: [M1]
tensors:
  Q: {ranks: [B, H, P, E], role: input}
  K: {ranks: [B, H, M, E], role: input}
  V: {ranks: [B, H, M, F], role: input}
  QK: {ranks: [B, H, M1, M0, P]}
  LGM: {ranks: [B, H, M1, P]}
  RGM: {ranks: [B, H, M1, P], initial: -inf}
  SN: {ranks: [B, H, M1, M0, P]}
  LSD: {ranks: [B, H, M1, P]}
  CGM: {ranks: [B, H, M1, P]}
  RSD: {ranks: [B, H, M1, P], initial: 0}
  LNAV: {ranks: [B, H, M1, P, F]}
  RNAV: {ranks: [B, H, M1, P, F], initial: 0}
  AV: {ranks: [B, H, P, F], role: output}
einsums:
  - QK[b,h,m1,m0,p] = sum(e) Q[b,h,p,e] * K[b,h,m1*M0+m0,e] * rsqrt(E)
  - LGM[b,h,m1,p] = max(m0) QK[b,h,m1,m0,p]
  - RGM[b,h,m1+1,p] = max(RGM[b,h,m1,p], LGM[b,h,m1,p])
  - SN[b,h,m1,m0,p] = exp(QK[b,h,m1,m0,p] - RGM[b,h,m1+1,p])
  - LSD[b,h,m1,p] = sum(m0) SN[b,h,m1,m0,p]
  - CGM[b,h,m1,p] = exp(RGM[b,h,m1,p] - RGM[b,h,m1+1,p])
  - RSD[b,h,m1+1,p] = RSD[b,h,m1,p] * CGM[b,h,m1,p] + LSD[b,h,m1,p]
  - LNAV[b,h,m1,p,f] = sum(m0) SN[b,h,m1,m0,p] * V[b,h,m1*M0+m0,f]
  - RNAV[b,h,m1+1,p,f] = RNAV[b,h,m1,p,f] * CGM[b,h,m1,p] + LNAV[b,h,m1,p,f]
  - AV[b,h,p,f] = RNAV[b,h,M1,p,f] / RSD[b,h,M1,p]
)");
  // The hand-written kernel agrees, and so do the counts with those of the shipped one-pass cascade.
  CHECK(einloom_in(folder, "check ./one.yaml").exit_code == 0);
  const Outcome analysis = einloom_in(folder, "analyze ./one.yaml attention_1pass --csv both.csv");
  CHECK(analysis.exit_code == 0);
  const std::string csv = folder.read("both.csv");
  const auto numbers = [&](const std::string& name) {
    const auto at = csv.find("\n" + name + ",");
    REQUIRE(at != std::string::npos);
    const std::string line = csv.substr(at + 1, csv.find('\n', at + 1) - at - 1);
    return line.substr(line.find(",bf16,"));
  };
  CHECK(numbers("attention_3pass_transformed") == numbers("attention_1pass"));
}

TEST_CASE("what forbids fewer passes is said") {
  const TemporaryFolder folder;
  folder.write("weights.yaml", R"(cascade: weights
ranks: [P, M]
tensors:
  S: {ranks: [P, M], role: input}
  GM: {ranks: [P]}
  X: {ranks: [P, M]}
  D: {ranks: [P]}
  A: {ranks: [P, M], role: output}
einsums:
  - GM[p] = max(m) S[p,m]
  - X[p,m] = exp(S[p,m] - GM[p])
  - D[p] = sum(m) X[p,m]
  - A[p,m] = X[p,m] / D[p]
)");
  const Outcome outcome = einloom_in(folder, "transform weights.yaml --minimize-passes --name fewer");
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out.find("# passes over M: 3 -> 2 by partition:M 3, running:M 2\n"
                         "#   no fewer: `X` must wait for `GM`: for an output it stays whole along `m`\n") !=
        std::string::npos);
  CHECK(outcome.out.find("\ncascade: fewer\n") != std::string::npos);
}

TEST_CASE("transformations one after another") {
  const TemporaryFolder folder;
  const Outcome outcome =
      einloom_in(folder, "transform attention_3pass --apply partition:M=64 --apply split:M --seed 5 --set P=3");
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out.find(
            "# passes over M: 3 -> 1\n# values at B=2 E=7 F=11 H=3 M=37 M0=8 M1=5 P=3: 198 compared in fp64, "
            "seed 5, ") != std::string::npos);
  CHECK(outcome.out.find("\ndescription: \"attention_3pass after partition:M=64, split:M\"\n") != std::string::npos);
  CHECK(outcome.out.find("\n  - GM[b,h,p] = max(m1) LGM[b,h,m1,p]\n") != std::string::npos);
}

}  // namespace
}  // namespace einloom::test
