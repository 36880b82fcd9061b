// SPDX-License-Identifier: Apache-2.0
// Sections of specs that say something impossible, run by the program.
#include "errors/command.hpp"

namespace einloom::test {
namespace {

struct BadSpec {
  std::string name;
  std::string section;  // added to the spec
  std::string expected;
};

void check_all(const std::vector<BadSpec>& cases) {
  const TemporaryFolder folder;
  write_documents(folder);
  for (const BadSpec& each : cases) {
    DYNAMIC_SECTION(each.name) {
      folder.write("spec.yaml", kSpec + each.section);
      const Outcome outcome = einloom_in(folder, "run spec.yaml");
      CHECK(outcome.err == each.expected);
      CHECK(outcome.exit_code == 1);
    }
  }
}

TEST_CASE("cases") {
  check_all({
      {"misspelt value", "cases:\n  - {when: {configuration: onli}, set: {M: 4}}\n",
       R"(spec.yaml:6:28: error[case-matches-nothing]: no point of the spec has configuration `onli`; a case must fit one at least
 6 |   - {when: {configuration: onli}, set: {M: 4}}
   |                            ^^^^
help: did you mean `only`?
)"},
      {"conditions that exclude each other",
       "sweep: {zip: {M: [4, 8], N: [4, 8]}}\ncases:\n  - {when: {M: 4, N: 8}, set: {K: 4}}\n",
       R"(spec.yaml:7:12: error[case-matches-nothing]: every condition holds somewhere, but at no point all of them; a case must fit one at least
 7 |   - {when: {M: 4, N: 8}, set: {K: 4}}
   |            ^
)"},
      {"misspelt key", "cases:\n  - {when: {configurations: only}, set: {M: 4}}\n",
       R"(spec.yaml:6:13: error[case-unknown-key]: `configurations` is not swept here; a case depends on what tells points apart
 6 |   - {when: {configurations: only}, set: {M: 4}}
   |             ^^^^^^^^^^^^^^
help: did you mean `configuration`?
)"},
  });
}

TEST_CASE("stages") {
  const TemporaryFolder folder;
  write_documents(folder);
  const auto check_stages = [&](const std::string& stages, const std::string& expected) {
    folder.write("spec.yaml", "spec: s\nconfigurations:\n  a: {" + stages + "}\nset: {M: 8, K: 8, N: 8}\n");
    const Outcome outcome = einloom_in(folder, "run spec.yaml");
    CHECK(outcome.err == expected);
    CHECK(outcome.exit_code == 1);
  };
  check_stages(
      "stages: {total: {plan: ./plan.yaml}}",
      R"(spec.yaml:3:16: error[stage-name]: a stage cannot be called `total`; `total` is the row that adds the stages up
 3 |   a: {stages: {total: {plan: ./plan.yaml}}}
   |                ^^^^^
)");
  check_stages("stages: {}", R"(spec.yaml:3:15: error[stage-missing]: `stages` of `a` is empty; name a stage at least
 3 |   a: {stages: {}}
   |               ^
)");
  check_stages("plan: p, stages: {one: {plan: ./plan.yaml}}",
               R"(spec.yaml:3:13: error[stage-and-plan]: configuration `a` has `stages`, and each has its plan; drop one
 3 |   a: {plan: p, stages: {one: {plan: ./plan.yaml}}}
   |             ^
)");
}

TEST_CASE("comparisons and fronts") {
  check_all({
      {"misspelt baseline", "compare: {baseline: onyl}\n",
       R"(spec.yaml:5:21: error[unknown-configuration]: there is no configuration `onyl`
 5 | compare: {baseline: onyl}
   |                     ^^^^
help: did you mean `only`?
)"},
      {"a front of nothing", "pareto: {per: [model]}\n",
       R"(spec.yaml:5:9: error[pareto-no-objective]: nothing is minimized or maximized; a front needs a column at least
 5 | pareto: {per: [model]}
   |         ^
)"},
      {"misspelt column", "pareto: {minimize: [latency, area_row_mm2], per: [fidelity]}\n",
       R"(spec.yaml:5:21: error[pareto-unknown-column]: the rows of this spec have no column `latency`; a front is found among columns
 5 | pareto: {minimize: [latency, area_row_mm2], per: [fidelity]}
   |                     ^^^^^^^
help: did you mean `latency_s`?
)"},
  });
}

TEST_CASE("several specs") {
  const TemporaryFolder folder;
  write_documents(folder);
  folder.write("again.yaml", kSpec);
  const Outcome outcome = einloom_in(folder, "run spec.yaml ./spec.yaml again.yaml");
  CHECK(
      outcome.err ==
      R"(again.yaml:1:7: error[spec-name-twice]: a spec of this run is called `tiny` already; rows are told apart by it
 1 | spec: tiny
   |       ^^^^
spec.yaml:1:7: note: the other one
)");
  CHECK(outcome.exit_code == 1);
}

}  // namespace
}  // namespace einloom::test
