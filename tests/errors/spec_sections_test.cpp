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

TEST_CASE("formulas of extents") {
  check_all({
      {"a misspelt name", "sweep: {M: [2 * KK]}\n",
       R"(spec.yaml:5:17: error[expression-unknown-name]: there is no value named `KK`
 5 | sweep: {M: [2 * KK]}
   |                 ^^
help: did you mean `K`?
)"},
      {"a value that depends on itself", "sweep: {M: [K + N], K: [2 * M]}\n",
       R"(spec.yaml:5:25: error[setting-cycle]: `K` needs `M` needs `K`; a value cannot depend on itself
 5 | sweep: {M: [K + N], K: [2 * M]}
   |                         ^^^^^
)"},
      {"a fraction", "sweep: {M: [K / 3]}\n",
       R"(spec.yaml:5:13: error[setting-not-integer]: `M` is K / 3 = 2.6666666666666665; it must be an integer from 1 to 1099511627776
 5 | sweep: {M: [K / 3]}
   |             ^^^^^
)"},
  });
}

TEST_CASE("values that follow from others") {
  check_all({
      {"a name like a rank", "let: {Tiles: K / 4}\n",
       R"(spec.yaml:5:7: error[let-name]: `Tiles` cannot be a name here; names start with a lower-case letter, go on with letters, digits and `_`, and are not `seq_len`
 5 | let: {Tiles: K / 4}
   |       ^^^^^
)"},
      {"what cannot be derived", "derive: {seq_len: K / 4}\n",
       R"(spec.yaml:5:10: error[formula-target]: `seq_len` cannot be derived; a rank, a parameter or a place in a document can
 5 | derive: {seq_len: K / 4}
   |          ^^^^^^^
)"},
      {"what cannot grow", "grow: {key: M, until: K}\n",
       R"(spec.yaml:5:13: error[formula-target]: `M` cannot grow; a place in a document can
 5 | grow: {key: M, until: K}
   |             ^
)"},
      {"a name nobody has", "let: {tiles: K / 4}\nderive: {plan.in_flight: tile}\n",
       R"(spec.yaml:6:26: error[expression-unknown-name]: there is no value named `tile`
 6 | derive: {plan.in_flight: tile}
   |                          ^^^^
help: did you mean `tiles`?
)"},
      {"a limit without number", "grow: {key: plan.in_flight, until: K, at_most: much}\n",
       R"(spec.yaml:5:48: error[yaml-type]: at_most must be a number or a quantity such as `64 GiB`
 5 | grow: {key: plan.in_flight, until: K, at_most: much}
   |                                                ^^^^
)"},
      {"a factor that does not grow", "grow: {key: plan.in_flight, until: K, factor: 1}\n",
       R"(spec.yaml:5:47: error[value-range]: factor must be above 1; found `1`
 5 | grow: {key: plan.in_flight, until: K, factor: 1}
   |                                               ^
)"},
  });
}

TEST_CASE("places that grow") {
  check_all({
      {"no number", "grow: {key: machine.components.grid.pe, until: K}\n",
       R"(spec.yaml:5:13: error[grow-value]: `machine.components.grid.pe` is `pe`; only a positive number, with or without a unit, can grow
 5 | grow: {key: machine.components.grid.pe, until: K}
   |             ^^^^^^^^^^^^^^^^^^^^^^^^^^
)"},
      {"still negative after all steps", "grow: {key: machine.components.buffer.capacity, until: -K}\n",
       R"(spec.yaml:5:56: error[grow-gives-up]: `machine.components.buffer.capacity` has grown from 1 KiB for 40 steps, and `until` is still -8; a value in reach must do
 5 | grow: {key: machine.components.buffer.capacity, until: -K}
   |                                                        ^^
)"},
      {"does not fit within the limit",
       "grow: {key: machine.components.buffer.capacity, until: K, at_most: 32 B}\nsweep: "
       "{machine.components.buffer.capacity: 16 B}\n",
       R"(spec.yaml:5:56: error[grow-gives-up]: `machine.components.buffer.capacity` is 32 B and may not be larger, and the plan still does not fit; a value in reach must do
 5 | grow: {key: machine.components.buffer.capacity, until: K, at_most: 32 B}
   |                                                        ^
plan.yaml:12:26: note: the plan needs 320 B in `buffer`, which holds 32 B; 288 B are missing (A 2 × 64 B, B 2 × 64 B, Y 2 × 32 B)
)"},
  });
}

TEST_CASE("places that are not there") {
  check_all({
      {"a misspelt component", "sweep: {machine.components.bufer.capacity: 2 KiB}\n",
       R"(spec.yaml:5:28: error[setting-unknown-place]: `bufer` is not there; only the last key of a path may be new
 5 | sweep: {machine.components.bufer.capacity: 2 KiB}
   |                            ^^^^^
help: did you mean `buffer`?
)"},
  });
  const TemporaryFolder folder;
  write_documents(folder);
  const Outcome outcome = einloom_in(folder, "run spec.yaml --set machine.component.buffer.capacity='2 KiB'");
  CHECK(outcome.err ==
        R"(--set:1:9: error[setting-unknown-place]: `component` is not there; only the last key of a path may be new
 1 | machine.component.buffer.capacity=2 KiB
   |         ^^^^^^^^^
help: did you mean `components`?
)");
  CHECK(outcome.exit_code == 1);
  CHECK(einloom_in(folder, "run spec.yaml --set plan.description=new").exit_code == 0);
}

}  // namespace
}  // namespace einloom::test
