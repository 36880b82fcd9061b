// SPDX-License-Identifier: Apache-2.0
// What a `check:` section and the comparison of values cannot mean: complete texts, exit code 1.
#include "errors/command.hpp"

namespace einloom::test {
namespace {

const std::string kScores = R"(cascade: scores
reference: matmul
ranks: [M, K, N]
tensors:
  A: {ranks: [M, K], role: input}
  B: {ranks: [K, N], role: input}
  Z: {ranks: [M, N], role: output}
einsums:
  - Z[m,n] = sum(k) A[m,k] * B[k,n]
)";

struct BadCheck {
  std::string arguments;  // of einloom
  std::string expected;
  std::string section;  // after `check:`
};

void check_all(const std::vector<BadCheck>& cases) {
  const TemporaryFolder folder;
  for (const BadCheck& each : cases) {
    DYNAMIC_SECTION("einloom " << each.arguments << each.section) {
      folder.write("scores.yaml", kScores + (each.section.empty() ? "" : "check: " + each.section + "\n"));
      const Outcome outcome = einloom_in(folder, each.arguments);
      CHECK(outcome.err == each.expected);
      CHECK(outcome.exit_code == 1);
    }
  }
}

TEST_CASE("values that do not fit in memory") {
  check_all({
      {"check scores.yaml --set M=1099511627776 --set K=1099511627776 --set N=1099511627776",
       R"(--set:1:1: error[workload-too-large]: the values of `scores` take 2.7e+16 GiB, `A` alone 9.01e+15; at most 16 GiB are evaluated
 1 | M=1099511627776
   | ^
help: make an extent of `A` smaller (M, K); `analyze` counts without values
)",
       ""},
      {"check scores.yaml --set M=1000000 --set N=1000000",
       R"(--set:1:1: error[workload-too-large]: the values of `scores` take 7.45e+03 GiB, `Z` alone 7.45e+03; at most 16 GiB are evaluated
 1 | M=1000000
   | ^
help: make an extent of `Z` smaller (M, N); `analyze` counts without values
)",
       ""},
      {"check scores.yaml",
       R"(scores.yaml:10:17: error[workload-too-large]: the values of `scores` take 9.01e+15 GiB, `A` alone 9.01e+15; at most 16 GiB are evaluated
 10 | check: {cases: [{shape: {M: 1099511627776, K: 1099511627776, N: 2}}]}
    |                 ^
help: make an extent of `A` smaller (M, K); `analyze` counts without values
)",
       "{cases: [{shape: {M: 1099511627776, K: 1099511627776, N: 2}}]}"},
      {"transform attention_3pass --minimize-passes --set B=8589934592 --set H=8589934592",
       R"(--set:1:1: error[workload-too-large]: the values of `attention_3pass` take 7.26e+14 GiB, `V` alone 2.24e+14; at most 16 GiB are evaluated
 1 | B=8589934592
   | ^
help: make an extent of `V` smaller (B, H, M, F); `analyze` counts without values
)",
       ""},
      {"transform attention_3pass --minimize-passes --set P=1000000 --set M=1000000",
       R"(--set:1:1: error[workload-too-large]: the values of `attention_3pass` take 1.34e+05 GiB, `QK` alone 4.47e+04; at most 16 GiB are evaluated
 1 | P=1000000
   | ^
help: make an extent of `QK` smaller (B, H, M, P); `analyze` counts without values
)",
       ""},
  });
}

TEST_CASE("a scale that is no number") {
  check_all({
      {"transform attention_3pass --minimize-passes --scale inf",
       R"(command line:1:53: error[command-line]: --scale: inf is no finite number
 1 | einloom transform attention_3pass --minimize-passes --scale inf
   |                                                     ^^^^^^^
help: `einloom transform --help` shows what there is
)",
       ""},
      {"check scores.yaml --scale nan", R"(command line:1:27: error[command-line]: --scale: nan is no finite number
 1 | einloom check scores.yaml --scale nan
   |                           ^^^^^^^
help: `einloom check --help` shows what there is
)",
       ""},
  });
}

TEST_CASE("names in checks") {
  const std::string cases = ", cases: [{shape: {M: 2, K: 3, N: 4}}]}";
  check_all({
      {"check scores.yaml", R"(scores.yaml:10:31: error[einsum-unknown-symbol]: `NN` is no rank, parameter or constant
 10 | check: {operations: {mac: M*K*NN}, cases: [{shape: {M: 2, K: 3, N: 4}}]}
    |                               ^^
help: did you mean `N`?
)",
       "{operations: {mac: M*K*NN}" + cases},
      {"check scores.yaml",
       R"(scores.yaml:10:28: error[einsum-unknown-symbol]: a formula of a check is made of ranks, parameters and constants; it reads no tensor and no index
 10 | check: {operations: {mac: 'A[m]'}, cases: [{shape: {M: 2, K: 3, N: 4}}]}
    |                            ^^^^
help: known: M, K, N
)",
       "{operations: {mac: 'A[m]'}" + cases},
      {"check scores.yaml", R"(scores.yaml:10:28: error[einsum-unknown-op]: there is no operator `foo`
 10 | check: {operations: {mac: 'foo(M)'}, cases: [{shape: {M: 2, K: 3, N: 4}}]}
    |                            ^^^^^^
help: known: abs, add, ceil, cos, div, equal, erf, exp, floor, greater, greater_equal, less, …
)",
       "{operations: {mac: 'foo(M)'}" + cases},
      {"check scores.yaml",
       R"(scores.yaml:10:22: error[check-unknown-name]: there is no operation `mca`; a multiplication that is summed up is `mac`
 10 | check: {operations: {mca: M*K*N}, cases: [{shape: {M: 2, K: 3, N: 4}}]}
    |                      ^^^
help: did you mean `mac`?
)",
       "{operations: {mca: M*K*N}" + cases},
      {"check scores.yaml", R"(scores.yaml:10:32: error[einsum-unknown-symbol]: `KK` is no rank, parameter or constant
 10 | check: {inputs: {A: {integers: KK}}, cases: [{shape: {M: 2, K: 3, N: 4}}]}
    |                                ^^
help: did you mean `K`?
)",
       "{inputs: {A: {integers: KK}}" + cases},
      {"check scores.yaml",
       R"(scores.yaml:10:18: error[check-unknown-name]: `inputs` names `AA`, which is no input of the cascade
 10 | check: {inputs: {AA: normal}, stress: {Z: 2}, cases: [{shape: {M: 2, K: 3, N: 4}}]}
    |                  ^^
help: did you mean `A`?
scores.yaml:10:40: error[check-unknown-name]: `stress` names `Z`, which is no input of the cascade
 10 | check: {inputs: {AA: normal}, stress: {Z: 2}, cases: [{shape: {M: 2, K: 3, N: 4}}]}
    |                                        ^
help: did you mean `A`?
)",
       "{inputs: {AA: normal}, stress: {Z: 2}" + cases},
  });
}

TEST_CASE("limits in checks") {
  const std::string cases = ", cases: [{shape: {M: 2, K: 3, N: 4}}]}";
  check_all({
      {"check scores.yaml",
       R"(scores.yaml:10:20: error[check-tolerance]: a tolerance of 0.5 checks nothing; it is above 0 and at most 0.1
 10 | check: {tolerance: 0.5, cases: [{shape: {M: 2, K: 3, N: 4}}]}
    |                    ^^^
)",
       "{tolerance: 0.5" + cases},
      {"check scores.yaml",
       R"(scores.yaml:10:28: error[check-drawing]: `mask` has ones with probability 1.5; it is from 0 to 1
 10 | check: {inputs: {A: {mask: 1.5}, B: {uniform: [1, 0]}}, cases: [{shape: {M: 2, K: 3, N: 4}}]}
    |                            ^^^
scores.yaml:10:47: error[check-drawing]: `uniform` is from 1 to 0; the first is below the second
 10 | check: {inputs: {A: {mask: 1.5}, B: {uniform: [1, 0]}}, cases: [{shape: {M: 2, K: 3, N: 4}}]}
    |                                               ^
)",
       "{inputs: {A: {mask: 1.5}, B: {uniform: [1, 0]}}" + cases},
  });
}

TEST_CASE("settings that no cascade of several has, or that set nothing") {
  check_all({
      {"analyze mha gqa --set ZZ=3",
       R"(--set:1:1: error[setting-unknown-key]: none of these cascades has the rank or parameter `ZZ`
 1 | ZZ=3
   | ^^
help: known: B, E, F, G, H, M, P, R
)",
       ""},
      {"analyze mha fsa --set cascade.options.maks=causal",
       R"(--set:1:1: error[cascade-unknown-choice]: none of these cascades has the option `maks`
 1 | cascade.options.maks=causal
   | ^^^^^^^^^^^^^^^^^^^^
help: did you mean `mask`?
)",
       ""},
      {"check mha fsa --set cascade.options.mask=causl",
       R"(--set:1:22: error[cascade-unknown-choice]: none of these cascades has the value `causl` of option `mask`
 1 | cascade.options.mask=causl
   |                      ^^^^^
)",
       ""},
      {"analyze gqa --model mistral_7b --set seq_len=4",
       R"(--set:1:1: error[setting-needs-model]: model `mistral_7b` has no ranks `from_seq_len`; `seq_len` sets nothing
 1 | seq_len=4
   | ^^^^^^^
)",
       ""},
      {"analyze --all --set NX=-5",
       R"(--set:1:4: error[setting-not-integer]: `NX` is -5; it must be an integer from 1 to 1099511627776
 1 | NX=-5
   |    ^^
)",
       ""},
  });
}

}  // namespace
}  // namespace einloom::test
