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
family: softmax
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
                         "#   no fewer: `X` must wait for `GM`: an output needs it whole along `m`\n") !=
        std::string::npos);
  CHECK(outcome.out.find("\ncascade: fewer\n") != std::string::npos);
}

TEST_CASE("the pass after a selection stays, and the command says so") {
  const TemporaryFolder folder;
  const Outcome outcome = einloom_in(
      folder,
      "transform dynamic_mask --set cascade.options.keys=gathered --minimize-passes --rank M --output fewer.yaml");
  CHECK(outcome.err == "");
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out == R"(passes over M: 3 -> 2 by gather:M 2
  no fewer: pass 2 because of IX = topk(m) …, before QW goes over M again, in K
values at C=2 E=4 F=3 G=2 M=8 P=5 R=2 W=3: 156 compared in fp64, seed 1, largest error 0.0e+00 of 1 + |value|
written to fewer.yaml
)");
}

TEST_CASE("the inside of tiles is transformed when its rank is named") {
  const TemporaryFolder folder;
  const Outcome outcome = einloom_in(folder, "transform gaam --minimize-passes --rank N --output fewer.yaml");
  CHECK(outcome.err == "");
  CHECK(outcome.exit_code == 0);
  const std::string said = R"(passes over N: 5 -> 3 by detach:N 5, defer:N 4, partition:N 4, running:N 3
  no fewer: `GM` must wait for `LG`: no factor leaves a max
  no fewer: `O` must wait for `AT`: it writes where an index tensor says
  left: pass 2 because of MU = sum(n1,n0) …, before DV reads TX again
  left: pass 3 because of RGM's last state, before SN reads LG again
values at B=2 H=5 K=7 M=37 N=8 N0=3 N1=3 R=5: 370 compared in fp64, seed 1, largest error )";
  CHECK(outcome.out.substr(0, said.size()) == said);
}

TEST_CASE("ranks that are traversed more often for the others are named") {
  const TemporaryFolder folder;
  const Outcome outcome =
      einloom_in(folder, "transform attention_diversification --minimize-passes --output fewer.yaml");
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out.find("\npasses over M: 1 -> 2, by what was done for other ranks\n") != std::string::npos);
}

TEST_CASE("where no pass can be saved the command says why, and the cascade is the origin's") {
  struct Row {
    std::string cascade, rank, said;
  };
  const TemporaryFolder folder;
  for (const Row& row : std::vector<Row>{
           // Channels attend by scores that are sums over all tokens.
           {"channel_group_attention", "P", R"(# passes over P: 2 -> 2
#   no fewer: `AV` must wait for `A`: an output needs it whole along `p`
#   left: pass 2 because of QK = sum(p) …, then SN, A, before AV reads Q again
# values at C=4 C2=4 D=8 G=2 P=11: 88 compared in fp64, seed 1, largest error 0.0e+00 of 1 + |value|
)"},
           // A matrix made of all queries stands in every score.
           {"plga", "P", R"(# passes over P: 2 -> 2
#   no fewer: `QG` must wait for `GLM`: an output needs it whole along `p`
#   left: pass 2 because of A0 = sum(p) …, then DV0, AN, AC, 14 more, GW, GLM, before QG reads Q again
# values at B=1 D=4 E=4 F=3 G=4 H=2 J=2 M=6 P=6 R=2 RP=3 U=5: 100 compared in fp64, seed 1, largest error 0.0e+00 of 1 + |value|
)"},
       }) {
    INFO(row.cascade);
    const Outcome outcome = einloom_in(folder, "transform " + row.cascade + " --minimize-passes --rank " + row.rank);
    CHECK(outcome.err == "");
    CHECK(outcome.exit_code == 0);
    const std::string name = row.cascade.substr(0, row.cascade.find(' '));
    CHECK(outcome.out.substr(0, outcome.out.find("cascade: ")) == "# SPDX-License-Identifier: Apache-2.0\n" + row.said);
    CHECK(outcome.out.find("\ncascade: " + name + "\n") != std::string::npos);
  }
}

TEST_CASE("what needs no transformation is said, and what is traversed inside its tiles") {
  const TemporaryFolder folder;
  for (const auto& [cascade, said] : std::vector<std::pair<std::string, std::string>>{
           {"matmul", "# 1 pass over every rank\n"},
           {"attention_1pass", "# 1 pass over every rank, 2 over M0 inside a tile of M\n"},
           {"gaam", "# 1 pass over every rank, 5 over N inside a tile of M\n"}}) {
    const Outcome outcome = einloom_in(folder, "transform " + cascade + " --minimize-passes");
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.out.starts_with("# SPDX-License-Identifier: Apache-2.0\n" + said + "# values at "));
  }
}

TEST_CASE("what a pass is left for, of those that were saved") {
  const TemporaryFolder folder;
  const Outcome outcome = einloom_in(folder, "transform reversed_attention --minimize-passes --rank P");
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out.starts_with(R"(# SPDX-License-Identifier: Apache-2.0
# passes over P: 3 -> 2 by partition:P 3, running:P 2
#   no fewer: `SN` must wait for `GM`: an output needs it whole along `p`
#   left: pass 2 because of RGM's last state, before SN reads SC again
# values at D=5 E=4 F=2 H=3 J=2 M=12 P=12 P0=3 P1=4: 84 compared in fp64, seed 1, largest error )"));
  CHECK(outcome.out.find("\ncascade: reversed_attention_transformed\n") != std::string::npos);
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
