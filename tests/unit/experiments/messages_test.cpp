// SPDX-License-Identifier: Apache-2.0
// The complete text of every error that experiments/ reports; those of the command line are in smoke/.
#include <catch2/catch.hpp>

#include "base/yaml_reader.hpp"
#include "experiments/documents.hpp"
#include "experiments/model.hpp"
#include "experiments/output_file.hpp"
#include "experiments/reference_lookup.hpp"
#include "experiments/space.hpp"
#include "experiments/spec.hpp"
#include "experiments/store.hpp"
#include "temporary_folder.hpp"
#include "user_errors.hpp"

namespace einloom {

namespace {

const std::string kHead = "spec: s\nconfigurations:\n  a: {plan: p}\n";

std::string of_spec(const std::string& text) {
  return rendered([&] { (void)load_spec(parse_yaml(source_from_text("s.yaml", text))); });
}

std::string of_model(const std::string& text) {
  return rendered([&] { (void)load_model(parse_yaml(source_from_text("m.yaml", "model: X\nsource: s\n" + text))); });
}

std::string of_setting(const std::string& text) {
  return rendered([&] { (void)parse_command_line_setting(text); });
}

// A spec with `settings` from the command line, expanded over one model without ranks `from_seq_len`.
std::string of_points(const std::string& text, const std::vector<std::string>& settings) {
  return rendered([&] {
    std::vector<Spec> specs{load_spec(parse_yaml(source_from_text("s.yaml", text)))};
    std::vector<std::vector<Setting>> all;
    for (const std::string& setting : settings) all.push_back(parse_command_line_setting(setting));
    override_specs(specs, all);
    const std::string model = "model: X\nsource: s\nextents: {B: 1}\n";
    (void)expand(specs[0], {std::make_shared<const Model>(load_model(parse_yaml(source_from_text("m.yaml", model))))});
  });
}

// Paths of the test's own folder as `FOLDER`.
std::string without_folder(std::string text, const TemporaryFolder& folder) {
  const std::string path = folder.path().string();
  for (std::size_t at = 0; (at = text.find(path)) != std::string::npos;) text.replace(at, path.size(), "FOLDER");
  return text;
}

}  // namespace

TEST_CASE("messages about specs") {
  CHECK(of_spec("spec: s\n") ==
        R"(s.yaml:1:1: error[spec-empty]: the spec runs nothing; it needs `configurations` or `include`
 1 | spec: s
   | ^
)");
  CHECK(of_spec(kHead + "set: {model: BERT}\n") ==
        R"(s.yaml:4:7: error[spec-misplaced-key]: `model` is swept by the spec itself; it is not set here
 4 | set: {model: BERT}
   |       ^^^^^
help: list it under `models`
)");
  CHECK(of_spec(kHead + "sweep:\n  P: []\n") ==
        R"(s.yaml:5:6: error[spec-empty-axis]: `P` has no values; a swept key needs at least one
 5 |   P: []
   |      ^
)");
  CHECK(of_spec(kHead + "sweep:\n  P: {from: 1, to: 4}\n") ==
        R"(s.yaml:5:6: error[spec-range]: a range needs either `factor` or `step`; it has both or neither
 5 |   P: {from: 1, to: 4}
   |      ^
)");
  CHECK(of_spec(kHead + "sweep:\n  P: {from: 4, to: 1, step: 1}\n") ==
        R"(s.yaml:5:6: error[spec-range]: the range from 4 to 1 never gets there; it must grow
 5 |   P: {from: 4, to: 1, step: 1}
   |      ^
)");
  CHECK(of_spec(kHead + "sweep:\n  P: {from: 1, to: 1e9, step: 1}\n") ==
        R"(s.yaml:5:6: error[spec-too-many-points]: the range has more than 100000 values
 5 |   P: {from: 1, to: 1e9, step: 1}
   |      ^
)");
  CHECK(of_spec(kHead + "sweep:\n  zip: {B: [1, 2], P: [1, 2, 3]}\n") ==
        R"(s.yaml:5:23: error[spec-zip-length]: `P` has 3 values and `B` has 2; zipped keys need equally many
 5 |   zip: {B: [1, 2], P: [1, 2, 3]}
   |                       ^
)");
  CHECK(of_spec(kHead + "sweep:\n  P: [1]\n  zip: {P: [1], B: [2]}\n") ==
        R"(s.yaml:6:9: error[spec-swept-twice]: `P` is swept by an axis above; a key belongs to one axis
 6 |   zip: {P: [1], B: [2]}
   |         ^
)");
  CHECK(of_spec(kHead + "fidelities: [cycles]\n") ==
        R"(s.yaml:4:14: error[fidelity-unknown]: there is no fidelity `cycles`
 4 | fidelities: [cycles]
   |              ^^^^^^
help: did you mean `cycle`?
)");
  CHECK(of_spec(kHead + "dtype: fp15\n") == R"(s.yaml:4:8: error[dtype-unknown]: there is no dtype `fp15`
 4 | dtype: fp15
   |        ^^^^
help: did you mean `fp16`?
)");
}

TEST_CASE("messages about models") {
  CHECK(of_model("extents: {b: 1}\n") ==
        R"(m.yaml:3:11: error[model-rank-name]: `b` is not a rank; ranks start with an upper-case letter
 3 | extents: {b: 1}
   |           ^
)");
  CHECK(of_model("extents: {P: 1}\nfrom_seq_len: [P]\n") ==
        R"(m.yaml:4:16: error[model-extent-twice]: rank P is in `extents` too; an extent has one origin
 4 | from_seq_len: [P]
   |                ^
)");
}

TEST_CASE("messages about settings") {
  CHECK(of_setting("B") == R"(--set:1:1: error[setting-syntax]: `B` is not of the form key=value
 1 | B
   | ^
help: for example `--set B=1` or `--set seq_len=1024,4096`
)");
  CHECK(of_setting("B=1,,2") ==
        R"(--set:1:5: error[setting-syntax]: nothing stands between two commas; every value must be written
 1 | B=1,,2
   |     ^
)");
  CHECK(
      of_setting("seqlen=1") ==
      R"(--set:1:1: error[setting-unknown-key]: `seqlen` is nothing that can be set; known are ranks and parameters (upper case), `seq_len`, `dtype`, `fidelity`, `configuration`, `model`, and `cascade`, `machine`, `plan` with a path
 1 | seqlen=1
   | ^^^^^^
help: did you mean `seq_len`?
)");
  CHECK(of_setting("model.extents=1") ==
        R"(--set:1:1: error[setting-unknown-key]: `extents` is no extent; of a model only extents can be set
 1 | model.extents=1
   | ^^^^^^^^^^^^^
help: for example `model.B`
)");
  CHECK(of_setting("dtype.x=1") == R"(--set:1:1: error[setting-unknown-key]: `dtype` has no parts to set
 1 | dtype.x=1
   | ^^^^^^^
help: write `dtype`
)");
}

TEST_CASE("messages about points") {
  CHECK(of_points(kHead, {"B=1e3"}) ==
        R"(--set:1:3: error[setting-not-integer]: `B` is 1e3; it must be an integer from 1 to 1099511627776
 1 | B=1e3
   |   ^^^
)");
  CHECK(of_points(kHead, {"model.E=2"}) == R"(--set:1:1: error[setting-unknown-key]: model `X` states no extent `E`
 1 | model.E=2
   | ^^^^^^^
help: did you mean `B`?
)");
  CHECK(of_points(kHead, {"seq_len=8"}) ==
        R"(--set:1:1: error[setting-needs-model]: model `X` has no ranks `from_seq_len`; `seq_len` sets nothing
 1 | seq_len=8
   | ^^^^^^^
)");
  CHECK(of_points(kHead, {"configuration=b"}) ==
        R"(--set:1:15: error[unknown-configuration]: there is no configuration `b`
 1 | configuration=b
   |               ^
help: did you mean `a`?
)");
  CHECK(of_points(kHead + "sweep:\n  zip: {B: [1, 2], P: [3, 4]}\n", {"B=1,2,3"}) ==
        R"(--set:1:3: error[setting-zip-length]: `B` is zipped with keys of 2 values; 3 values do not fit
 1 | B=1,2,3
   |   ^
)");
  CHECK(of_points(kHead + "sweep:\n  P: {from: 1, to: 2000, step: 1}\n  M: {from: 1, to: 2000, step: 1}\n", {}) ==
        R"(s.yaml:1:1: error[spec-too-many-points]: the spec has more than 1000000 points; a run takes at most that many
 1 | spec: s
   | ^
)");
}

TEST_CASE("messages about files") {
  const TemporaryFolder folder;
  const Span asked_at{source_from_text("command line", "einloom run x --out y"), 1, 15, 5};
  folder.write("y", "not a folder");
  folder.write("results.sqlite", std::string(5000, 'x'));
  folder.write("arch/machines/fusemax.yaml", "machine: fusemax\n");
  folder.write("a.yaml", "spec: a\ninclude: [b.yaml]\n");
  folder.write("b.yaml", "spec: b\ninclude: [a.yaml]\n");
  const Library library(folder.path());
  const auto text = [&](const auto& call) { return without_folder(rendered(call), folder); };
  CHECK(text([&] { make_output_folder(folder.path() / "y", asked_at); }) ==
        R"(command line:1:15: error[output-unwritable]: cannot write FOLDER/y: Not a directory
 1 | einloom run x --out y
   |               ^^^^^
help: name a folder that can be written with `--out`
)");
  CHECK(text([&] { write_atomically(folder.path() / "y" / "results.csv", "", asked_at); }) ==
        R"(command line:1:15: error[output-unwritable]: cannot write FOLDER/y/results.csv: Not a directory
 1 | einloom run x --out y
   |               ^^^^^
help: name a folder that can be written with `--out`
)");
  CHECK(
      text([&] { const Store store(folder.path() / "results.sqlite", asked_at); }) ==
      R"(command line:1:15: error[store-unusable]: cannot use the results kept in FOLDER/results.sqlite: file is not a database
 1 | einloom run x --out y
   |               ^^^^^
help: name another folder, or remove the file to compute everything again
)");
  CHECK(
      text([&] { (void)library.load(DocumentKind::machine, "fusmax", asked_at); }) ==
      R"(command line:1:15: error[unknown-document]: there is no machine named `fusmax`; names are files of FOLDER/arch/machines and paths end in .yaml
 1 | einloom run x --out y
   |               ^^^^^
help: did you mean `fusemax`?
)");
  CHECK(
      text([&] { (void)library.load(DocumentKind::plan, "p", asked_at); }) ==
      R"(command line:1:15: error[unknown-document]: there is no plan named `p`; names are files of FOLDER/mappings/plans and paths end in .yaml
 1 | einloom run x --out y
   |               ^^^^^
help: the folder has no documents; is EINLOOM_HOME right?
)");
  CHECK(
      text([&] { (void)load_spec_tree(library, (folder.path() / "a.yaml").string(), asked_at); }) ==
      R"(FOLDER/b.yaml:2:11: error[spec-include-cycle]: `a.yaml` is being included already; specs cannot include each other
 2 | include: [a.yaml]
   |           ^^^^^^
)");
}

TEST_CASE("a cascade without a kernel has nothing to be checked against") {
  const std::string document =
      "cascade: double\nranks: [M]\ntensors:\n  A: {ranks: [M], role: input}\n  Z: {ranks: [M], role: output}\n"
      "einsums:\n  - Z[m] = A[m] + A[m]\n";
  const Cascade cascade = load_cascade(parse_yaml(source_from_text("c.yaml", document)));
  CHECK(
      rendered([&] { (void)reference_for(cascade); }) ==
      R"(c.yaml:1:10: error[reference-missing]: cascade `double` names no kernel to check against; values need an independent answer
 1 | cascade: double
   |          ^^^^^^
help: add `reference:` with the name of a kernel; known: activator_glu, agent_attention, alibi, alternating_subregion, attention_distance, attention_diversification, attention_redistribution, attention_strength, causal, channel_group_attention, consist_edit, cope_fusion, …
)");
}

}  // namespace einloom
