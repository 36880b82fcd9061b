// SPDX-License-Identifier: Apache-2.0
// Specs and models that say something impossible, run by the program.
#include "errors/command.hpp"

namespace einloom::test {
namespace {

struct BadSpec {
  std::string name;
  std::string from, to;  // in the spec
  std::string expected;
};

void check_all(const std::vector<BadSpec>& cases) {
  const TemporaryFolder folder;
  write_documents(folder);
  for (const BadSpec& each : cases) {
    DYNAMIC_SECTION(each.name) {
      folder.write("spec.yaml", replaced(kSpec, each.from, each.to));
      const Outcome outcome = einloom_in(folder, "run spec.yaml");
      CHECK(outcome.err == each.expected);
      CHECK(outcome.exit_code == 1);
    }
  }
}

TEST_CASE("the spec all these cases start from is right") {
  const TemporaryFolder folder;
  write_documents(folder);
  const Outcome outcome = einloom_in(folder, "run spec.yaml --format csv");
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out.rfind("spec,configuration,", 0) == 0);
}

TEST_CASE("specs") {
  const std::string settings = "set: {M: 8, K: 8, N: 8}\n";
  check_all({
      {"misspelt key", "set:", "sett:", R"(spec.yaml:4:1: error[unknown-key]: spec has no key `sett`
 4 | sett: {M: 8, K: 8, N: 8}
   | ^^^^
help: did you mean `set`?
)"},
      {"nothing to run", kSpec.substr(kSpec.find("configurations")), "description: none\n",
       R"(spec.yaml:1:1: error[spec-empty]: the spec runs nothing; it needs `configurations` or `include`
 1 | spec: tiny
   | ^
)"},
      {"a rank without extent", ", N: 8", "",
       R"(spec.yaml:3:3: error[shape-missing-rank]: the shape gives no extent for `N`; cascade `dot` needs every rank
 3 |   only: {cascade: ./cascade.yaml, machine: ./machine.yaml, plan: ./plan.yaml}
   |   ^^^^
)"},
      {"a rank nobody has", "N: 8", "N: 8, R: 8",
       R"(spec.yaml:4:25: error[setting-unknown-key]: no cascade or model of this run has a rank or parameter `R`
 4 | set: {M: 8, K: 8, N: 8, R: 8}
   |                         ^
help: did you mean `K`?
)"},
      {"fidelity", settings, settings + "fidelities: [cycles]\n",
       R"(spec.yaml:5:14: error[fidelity-unknown]: there is no fidelity `cycles`
 5 | fidelities: [cycles]
   |              ^^^^^^
help: did you mean `cycle`?
)"},
      {"dtype", settings, settings + "dtype: fp8\n", R"(spec.yaml:5:8: error[dtype-unknown]: there is no dtype `fp8`
 5 | dtype: fp8
   |        ^^^
help: known: fp64, fp32, bf16, fp16, int8, int4, int32
)"},
      {"swept and set", "M: 8, ", "model: tiny, M: 8, ",
       R"(spec.yaml:4:7: error[spec-misplaced-key]: `model` is swept by the spec itself; it is not set here
 4 | set: {model: tiny, M: 8, K: 8, N: 8}
   |       ^^^^^
help: list it under `models`
)"},
      {"range without step", settings, settings + "sweep: {K: {from: 8, to: 64}}\n",
       R"(spec.yaml:5:12: error[spec-range]: a range needs either `factor` or `step`; it has both or neither
 5 | sweep: {K: {from: 8, to: 64}}
   |            ^
)"},
      {"range with endless steps", settings, settings + "sweep: {K: {from: 1, to: 90000000, step: 1}}\n",
       R"(spec.yaml:5:12: error[spec-too-many-points]: the range has more than 100000 values
 5 | sweep: {K: {from: 1, to: 90000000, step: 1}}
   |            ^
)"},
      {"no values", settings, settings + "sweep: {K: []}\n",
       R"(spec.yaml:5:12: error[spec-empty-axis]: `K` has no values; a swept key needs at least one
 5 | sweep: {K: []}
   |            ^
)"},
      {"zipped lists of different lengths", settings, settings + "sweep: {zip: {K: [4, 8], M: [4, 8, 16]}}\n",
       R"(spec.yaml:5:29: error[spec-zip-length]: `M` has 3 values and `K` has 2; zipped keys need equally many
 5 | sweep: {zip: {K: [4, 8], M: [4, 8, 16]}}
   |                             ^
)"},
      {"swept twice", settings, settings + "sweep: {K: [4, 8], zip: {K: [4, 8]}}\n",
       R"(spec.yaml:5:26: error[spec-swept-twice]: `K` is swept by an axis above; a key belongs to one axis
 5 | sweep: {K: [4, 8], zip: {K: [4, 8]}}
   |                          ^
)"},
      {"including itself", settings, settings + "include: [./spec.yaml]\n",
       R"(spec.yaml:5:11: error[spec-include-cycle]: `./spec.yaml` is being included already; specs cannot include each other
 5 | include: [./spec.yaml]
   |           ^^^^^^^^^^^
)"},
      {"seq_len without a model", settings, settings + "sweep: {seq_len: [8]}\n",
       R"(spec.yaml:5:9: error[setting-needs-model]: the spec names no model; `seq_len` sets the ranks that a model lists
 5 | sweep: {seq_len: [8]}
   |         ^^^^^^^
)"},
      {"filters with a comparison", settings, settings + "sweep: {filter: 'M > 8'}\n",
       R"(spec.yaml:5:20: error[expression-syntax]: found `>`; an operator or the end must stand here
 5 | sweep: {filter: 'M > 8'}
   |                    ^
)"},
      {"filters that leave nothing", settings, settings + "sweep: {filter: M - 8}\n",
       R"(spec.yaml:1:1: error[run-no-points]: nothing is left to run: filters and settings dropped every point
 1 | spec: tiny
   | ^
)"},
      {"plan for another cascade", "./cascade.yaml", "attention_1pass",
       R"(spec.yaml:3:3: error[shape-missing-rank]: the shape gives no extent for `B`, `H`, `P`, `E`, `F`; cascade `attention_1pass` needs every rank
 3 |   only: {cascade: attention_1pass, machine: ./machine.yaml, plan: ./plan.yaml}
   |   ^^^^
)"},
  });
}

TEST_CASE("models") {
  const TemporaryFolder folder;
  write_documents(folder);
  folder.write("spec.yaml", kSpec + "models: [./model.yaml]\n");
  const auto check_model = [&](const std::string& from, const std::string& to, const std::string& expected) {
    folder.write("model.yaml", replaced(kModel, from, to));
    const Outcome outcome = einloom_in(folder, "run spec.yaml");
    CHECK(outcome.err == expected);
    CHECK(outcome.exit_code == 1);
  };
  check_model("M: 8", "m: 8",
              R"(model.yaml:3:11: error[model-rank-name]: `m` is not a rank; ranks start with an upper-case letter
 3 | extents: {m: 8, N: 8}
   |           ^
)");
  check_model("[K]", "[K, M]",
              R"(model.yaml:4:19: error[model-extent-twice]: rank M is in `extents` too; an extent has one origin
 4 | from_seq_len: [K, M]
   |                   ^
)");
  check_model("M: 8", "M: 8 KiB", R"(model.yaml:3:14: error[yaml-type]: extent of M must be an integer; found `8 KiB`
 3 | extents: {M: 8 KiB, N: 8}
   |              ^^^^^
)");
  check_model("M: 8", "M: -8",
              R"(model.yaml:3:14: error[value-range]: extent of M must be between 1 and 1099511627776; found `-8`
 3 | extents: {M: -8, N: 8}
   |              ^^
)");
}

}  // namespace
}  // namespace einloom::test
