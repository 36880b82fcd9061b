// SPDX-License-Identifier: Apache-2.0
// Commands that look at one point: which one, and what a trace may show.
#include "errors/command.hpp"

namespace einloom::test {
namespace {

struct BadArguments {
  std::string arguments, expected;
};

void check_all(const std::vector<BadArguments>& cases) {
  const TemporaryFolder folder;
  write_documents(folder);
  for (const BadArguments& each : cases) {
    DYNAMIC_SECTION("einloom " << each.arguments) {
      const Outcome outcome = einloom_in(folder, each.arguments);
      CHECK(outcome.err == each.expected);
      CHECK(outcome.out == "");
      CHECK(outcome.exit_code == 1);
    }
  }
}

TEST_CASE("one point out of several") {
  check_all({
      {"explain spec.yaml --set K=4,8 --set N=8,16",
       R"(command line:1:17: error[point-several]: 4 points fit, and only one can be looked at
 1 | einloom explain spec.yaml --set K=4,8 --set N=8,16
   |                 ^^^^^^^^^
note: `K` is 4, 8
note: `N` is 8, 16
help: choose one, as in `--point K=4,N=8`
)"},
      {"explain spec.yaml --set K=4,8 --set N=8,16 --point N=16",
       R"(command line:1:52: error[point-several]: 2 points fit, and only one can be looked at
 1 | einloom explain spec.yaml --set K=4,8 --set N=8,16 --point N=16
   |                                                    ^^^^^^^
note: `K` is 4, 8
help: choose one, as in `--point N=16,K=4`
)"},
      {"run spec.yaml --fidelity cycle --set K=4,8 --trace t.json",
       R"(command line:1:52: error[point-several]: 2 points fit, and only one can be looked at
 1 | einloom run spec.yaml --fidelity cycle --set K=4,8 --trace t.json
   |                                                    ^^^^^^^
note: `K` is 4, 8
help: choose one, as in `--set K=4`
)"},
      {"explain spec.yaml --set K=4,8 --point K=5", R"(command line:1:39: error[point-none]: no point has K = 5
 1 | einloom explain spec.yaml --set K=4,8 --point K=5
   |                                       ^^^^^^^
help: `K` is 4, 8
)"},
      {"explain spec.yaml --point k=8", R"(command line:1:27: error[point-unknown-key]: no point has a `k`
 1 | einloom explain spec.yaml --point k=8
   |                           ^^^^^^^
help: did you mean `K`?
)"},
      {"explain spec.yaml --point K", R"(command line:1:27: error[setting-syntax]: `K` is not of the form key=value
 1 | einloom explain spec.yaml --point K
   |                           ^^^^^^^
help: write `--point configuration=NAME,seq_len=1024`
)"},
  });
}

TEST_CASE("a model for configurations that state their own") {
  const TemporaryFolder folder;
  write_documents(folder);
  folder.write("own.yaml", R"(spec: own
configurations:
  a: {cascade: ./cascade.yaml, machine: ./machine.yaml, plan: ./plan.yaml, model: ./model.yaml}
)");
  const Outcome outcome = einloom_in(folder, "run own.yaml --set model=BERT --set K=8");
  CHECK(
      outcome.err ==
      R"(--set:1:7: error[setting-own-model]: configuration `a` states a model of its own; only the spec's models are replaced
 1 | model=BERT
   |       ^^^^
own.yaml:3:83: note: stated here
help: name what shall run with `BERT`: `--set configuration=a`
)");
  CHECK(outcome.exit_code == 1);
  CHECK(einloom_in(folder, "run own.yaml --set configuration=a --set model=./model.yaml --set K=8").exit_code == 0);
}

TEST_CASE("traces that cannot be made") {
  check_all({
      {"run spec.yaml --fidelity waterfall --vcd t.vcd",
       R"(command line:1:44: error[trace-needs-cycle]: the point is of fidelity waterfall, which adds up phases: there is nothing to trace
 1 | einloom run spec.yaml --fidelity waterfall --vcd t.vcd
   |                                            ^^^^^
help: choose `--fidelity cycle`
)"},
      {"run spec.yaml --trace t.json --trace-cycles 5:2",
       R"(command line:1:38: error[trace-window]: `5:2` is no range of cycles
 1 | einloom run spec.yaml --trace t.json --trace-cycles 5:2
   |                                      ^^^^^^^^^^^^^^
help: write FROM:TO with FROM below TO, as in `--trace-cycles 0:5000`
)"},
      {"run spec.yaml --trace-cycles 0:5",
       R"(command line:1:23: error[command-line]: `--trace-cycles` limits a trace, and none is asked for
 1 | einloom run spec.yaml --trace-cycles 0:5
   |                       ^^^^^^^^^^^^^^
help: add `--trace FILE.json` or `--vcd FILE.vcd`
)"},
      {"explain spec.yaml --trace nowhere/t.json",
       R"(command line:1:27: error[output-unwritable]: cannot write nowhere/t.json: No such file or directory
 1 | einloom explain spec.yaml --trace nowhere/t.json
   |                           ^^^^^^^
help: name a file in a folder that can be written
)"},
      {"explain spec.yaml --vcd .", R"(command line:1:27: error[output-unwritable]: cannot write .: Is a directory
 1 | einloom explain spec.yaml --vcd .
   |                           ^^^^^
help: name a file in a folder that can be written
)"},
  });
}

TEST_CASE("a run that fails leaves no trace") {
  const TemporaryFolder folder;
  write_documents(folder, edited({in_machine("to: row, latency: 1 cycles", "to: row, latency: 1000 cycles")}));
  const Outcome outcome = einloom_in(folder, "run spec.yaml --trace t.json --vcd t.vcd --max-idle 200");
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.err.find("error[no-progress]: ") != std::string::npos);
  std::size_t traces = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    traces += entry.path().filename().string().starts_with("t.") ? 1 : 0;
  }
  CHECK(traces == 0);
}

}  // namespace
}  // namespace einloom::test
