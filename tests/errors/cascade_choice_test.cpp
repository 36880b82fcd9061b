// SPDX-License-Identifier: Apache-2.0
// What is chosen of a cascade that it does not have: options, constants and parameters, families, models' choices.
#include "errors/command.hpp"

namespace einloom::test {
namespace {

const std::string kForms = R"(cascade: scaled
ranks: [M]
parameters: {SPAN: 2}
constants: {EPS: 0.5}
options: {form: [plain, divided], side: [left, right]}
tensors:
  A: {ranks: [M], role: input}
  Z: {ranks: [M], role: output}
einsums:
  - {when: {form: plain}, einsums: ["Z[m] = A[m] * SPAN"]}
  - {when: {form: divided}, einsums: ["Z[m] = A[m] / EPS"]}
)";

void check(const std::string& arguments, const std::string& expected) {
  const TemporaryFolder folder;
  write_documents(folder);
  folder.write("forms.yaml", kForms);
  folder.write("preset.yaml", "model: preset\nsource: test\nextents: {M: 4}\noptions: {form: divided}\n");
  folder.write("wrong.yaml", "model: wrong\nsource: test\nextents: {M: 4}\noptions: {from: divided}\n");
  folder.write("longer.yaml", "model: longer\nsource: test\nextents: {M: 4}\nseq_len: 64\n");
  folder.write("family.yaml", replaced(kForms, "parameters:", "family: softmaxx\nparameters:"));
  folder.write("presets.yaml", replaced(kForms, "parameters:", "presets: [BERT, T5, BERT]\nparameters:"));
  INFO("einloom " << arguments);
  const Outcome outcome = einloom_in(folder, arguments);
  CHECK(outcome.err == expected);
  CHECK(outcome.exit_code == (expected.empty() ? 0 : 1));
}

TEST_CASE("a choice that the cascade does not have") {
  check("analyze ./forms.yaml --set cascade.options.form=divded",
        R"(--set:1:22: error[cascade-unknown-choice]: option `form` of cascade `scaled` has no value `divded`
 1 | cascade.options.form=divded
   |                      ^^^^^^
forms.yaml:5:17: note: its values stand here
help: did you mean `divided`?
)");
  check("analyze ./forms.yaml --set cascade.options.from=divided",
        R"(--set:1:1: error[cascade-unknown-choice]: cascade `scaled` has no option `from`
 1 | cascade.options.from=divided
   | ^^^^^^^^^^^^^^^^^^^^
forms.yaml:5:10: note: declared here
help: did you mean `form`?
)");
  check("transform ./forms.yaml --minimize-passes --set cascade.constants.EPZ=1",
        R"(--set:1:1: error[cascade-unknown-choice]: cascade `scaled` has no constant `EPZ`
 1 | cascade.constants.EPZ=1
   | ^^^^^^^^^^^^^^^^^^^^^
forms.yaml:4:12: note: declared here
help: did you mean `EPS`?
)");
  check("analyze ./forms.yaml --set cascade.parameters.SPAM=1",
        R"(--set:1:1: error[cascade-unknown-choice]: cascade `scaled` has no parameter `SPAM`
 1 | cascade.parameters.SPAM=1
   | ^^^^^^^^^^^^^^^^^^^^^^^
forms.yaml:3:13: note: declared here
help: did you mean `SPAN`?
)");
  check("analyze ./cascade.yaml --set cascade.options.form=plain",
        R"(--set:1:1: error[cascade-unknown-choice]: cascade `dot` has no option `form`
 1 | cascade.options.form=plain
   | ^^^^^^^^^^^^^^^^^^^^
help: it has no options at all
)");
  check("run spec.yaml --out results --set cascade.options.form=plain",
        R"(--set:1:1: error[cascade-unknown-choice]: cascade `dot` has no option `form`
 1 | cascade.options.form=plain
   | ^^^^^^^^^^^^^^^^^^^^
help: it has no options at all
)");
  check("analyze ./forms.yaml --model ./wrong.yaml",
        R"(wrong.yaml:4:11: error[cascade-unknown-choice]: cascade `scaled` has no option `from`
 4 | options: {from: divided}
   |           ^^^^
forms.yaml:5:10: note: declared here
help: did you mean `form`?
)");
}

TEST_CASE("choices that the cascade has") {
  check("analyze ./forms.yaml --set cascade.options.form=divided --set cascade.constants.EPS=2", "");
  check("analyze ./forms.yaml --model ./preset.yaml", "");
}

TEST_CASE("families, presets and lengths") {
  check("describe family.yaml", R"(family.yaml:3:9: error[cascade-unknown-family]: there is no family `softmaxx`
 3 | family: softmaxx
   |         ^^^^^^^^
help: did you mean `softmax`?
)");
  check("describe presets.yaml",
        R"(presets.yaml:3:21: error[cascade-duplicate-name]: preset `BERT`: the name is already taken
 3 | presets: [BERT, T5, BERT]
   |                     ^^^^
presets.yaml:3:11: note: first declared here
)");
  check(
      "describe longer.yaml",
      R"(longer.yaml:4:10: error[model-no-seq-len]: no rank follows the sequence length; `seq_len` gives the extent of the ranks in `from_seq_len`
 4 | seq_len: 64
   |          ^^
help: from_seq_len: [P, M]
)");
}

}  // namespace
}  // namespace einloom::test
