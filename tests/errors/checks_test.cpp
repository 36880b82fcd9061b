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

TEST_CASE("a kernel for other tensors") {
  const TemporaryFolder folder;
  folder.write("scores.yaml", replaced(replaced(kScores, "B: {", "W: {"), "B[k,n]", "W[k,n]"));
  const Outcome inputs = einloom_in(folder, "check scores.yaml");
  CHECK(
      inputs.err ==
      R"(scores.yaml:1:10: error[reference-mismatch]: kernel `matmul` does not fit the tensors of cascade `scores`: a reference kernel misses the input tensor X
 1 | cascade: scores
   |          ^^^^^^
help: it is X[T,K], W[K,N] → Z[T,N]; rename the cascade's tensors and ranks, or name another kernel by `reference:`
)");
  CHECK(inputs.exit_code == 1);
  folder.write("scores.yaml",
               replaced(replaced(replaced(kScores, "A: {", "X: {"), "B: {ranks: [K, N]", "W: {ranks: [N, K]"),
                        "A[m,k] * B[k,n]", "X[m,k] * W[n,k]"));
  const Outcome ranks = einloom_in(folder, "check scores.yaml");
  CHECK(
      ranks.err ==
      R"(scores.yaml:1:10: error[reference-mismatch]: kernel `matmul` does not fit the tensors of cascade `scores`: matmul: X[T,K] and W[K,N] share K
 1 | cascade: scores
   |          ^^^^^^
help: it is X[T,K], W[K,N] → Z[T,N]; rename the cascade's tensors and ranks, or name another kernel by `reference:`
)");
  CHECK(ranks.exit_code == 1);
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

// A section whose wrong places stand between « and », and of each what is said before and after the line that shows it.
struct Told {
  std::string message, help;
};
BadCheck marked(std::string section, const std::vector<Told>& told) {
  std::vector<std::pair<std::size_t, std::size_t>> places;  // begin, length
  const std::string open = "«", close = "»";
  for (std::size_t begin = section.find(open); begin != std::string::npos; begin = section.find(open)) {
    section.erase(begin, open.size());
    const std::size_t end = section.find(close);
    section.erase(end, close.size());
    places.emplace_back(begin, end - begin);
  }
  REQUIRE(places.size() == told.size());
  const std::string line = "check: " + section;
  std::string expected;
  for (std::size_t i = 0; i < told.size(); ++i) {
    const auto [begin, length] = places[i];
    const std::size_t column = begin + line.size() - section.size();
    expected += "scores.yaml:10:" + std::to_string(column + 1) + ": " + told[i].message + "\n 10 | " + line +
                "\n    | " + std::string(column, ' ') + std::string(length, '^') + "\n";
    if (!told[i].help.empty()) expected += "help: " + told[i].help + "\n";
  }
  return {"check scores.yaml", expected, section};
}

TEST_CASE("names in checks") {
  const std::string cases = ", cases: [{shape: {M: 2, K: 3, N: 4}}]}";
  check_all({
      marked("{operations: {mac: M*K*«NN»}" + cases,
             {{"error[einsum-unknown-symbol]: `NN` is no rank, parameter or constant", "did you mean `N`?"}}),
      marked(
          "{operations: {mac: '«A[m]»'}" + cases,
          {{"error[einsum-unknown-symbol]: a formula of a check is made of ranks, parameters and constants; it reads "
            "no tensor and no index",
            "known: M, K, N"}}),
      marked("{operations: {mac: '«foo(M)»'}" + cases,
             {{"error[einsum-unknown-op]: there is no operator `foo`",
               "known: abs, add, ceil, cos, div, equal, erf, exp, floor, greater, greater_equal, less, …"}}),
      marked("{operations: {«mca»: M*K*N}" + cases,
             {{"error[check-unknown-name]: there is no operation `mca`; a multiplication that is summed up is `mac`",
               "did you mean `mac`?"}}),
      marked("{inputs: {A: {integers: «KK»}}" + cases,
             {{"error[einsum-unknown-symbol]: `KK` is no rank, parameter or constant", "did you mean `K`?"}}),
      marked(
          "{inputs: {«AA»: normal}, stress: {«Z»: 2}" + cases,
          {{"error[check-unknown-name]: `inputs` names `AA`, which is no input of the cascade", "did you mean `A`?"},
           {"error[check-unknown-name]: `stress` names `Z`, which is no input of the cascade", "did you mean `A`?"}}),
  });
}

TEST_CASE("limits in checks") {
  const std::string cases = ", cases: [{shape: {M: 2, K: 3, N: 4}}]}";
  check_all({
      marked("{tolerance: «0.5»" + cases,
             {{"error[check-tolerance]: a tolerance of 0.5 checks nothing; it is above 0 and at most 0.1", ""}}),
      marked("{inputs: {A: {mask: «1.5»}, B: {uniform: «[»1, 0]}}" + cases,
             {{"error[check-drawing]: `mask` has ones with probability 1.5; it is from 0 to 1", ""},
              {"error[check-drawing]: `uniform` is from 1 to 0; the first is below the second", ""}}),
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
