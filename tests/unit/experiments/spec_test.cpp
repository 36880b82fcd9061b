// SPDX-License-Identifier: Apache-2.0
// Spec documents: what is read, what is refused, includes.
#include "experiments/spec.hpp"

#include <catch2/catch.hpp>

#include "base/yaml_reader.hpp"
#include "temporary_folder.hpp"
#include "user_errors.hpp"

namespace einloom {

namespace {

Spec spec_from(const std::string& text) { return load_spec(parse_yaml(source_from_text("spec.yaml", text))); }
std::string code(const std::string& text) {
  return codes_of([&] { (void)spec_from(text); });
}
std::string steps(const Axis& axis) {
  std::string text;
  for (const std::vector<Setting>& step : axis.steps) {
    text += text.empty() ? "" : " ";
    for (std::size_t i = 0; i < step.size(); ++i) text += (i > 0 ? "/" : "") + step[i].value;
  }
  return text;
}

const std::string kHead = "spec: s\nconfigurations:\n  a: {plan: p}\n";

}  // namespace

TEST_CASE("a whole spec") {
  const Spec spec = spec_from(
      "spec: quick\ndescription: d\nmodels: [BERT, T5]\nset: {B: 1, machine.parameters.dim: 64}\n"
      "configurations:\n  x: {plan: p, machine: flat, set: {plan.in_flight: 3}}\n  y: {plan: q, cascade: c.yaml}\n"
      "sweep:\n  seq_len: [1024, 4096]\nfidelities: [waterfall, cycle]\ndtype: fp16\n");
  CHECK(spec.name == "quick");
  CHECK(spec.models.size() == 2);
  CHECK(spec.settings.at(1).key == "machine.parameters.dim");
  CHECK(spec.configurations.at(0).stages.at(0).machine->text == "flat");
  CHECK(spec.configurations.at(0).settings.at(0).value == "3");
  CHECK(spec.configurations.at(1).stages.at(0).cascade->text == "c.yaml");
  CHECK(steps(spec.sweep.axes.at(0)) == "1024 4096");
  CHECK(spec.fidelities == std::vector{Fidelity::waterfall, Fidelity::cycle});
  CHECK(spec.dtype == Dtype::fp16);
}

TEST_CASE("fidelity and dtype have defaults") {
  const Spec spec = spec_from(kHead);
  CHECK(spec.fidelities == std::vector{Fidelity::cycle});
  CHECK(spec.dtype == Dtype::bf16);
}

TEST_CASE("ranges include both ends") {
  CHECK(steps(spec_from(kHead + "sweep:\n  seq_len: {from: 1024, to: 1048576, factor: 4}\n").sweep.axes[0]) ==
        "1024 4096 16384 65536 262144 1048576");
  CHECK(steps(spec_from(kHead + "sweep:\n  P: {from: 1, to: 8, step: 3}\n").sweep.axes[0]) == "1 4 7");
  CHECK(steps(spec_from(kHead + "sweep:\n  P: {from: 5, to: 5, step: 3}\n").sweep.axes[0]) == "5");
}

TEST_CASE("zipped keys advance together") {
  const Spec spec = spec_from(kHead + "sweep:\n  zip: {B: [64, 16], seq_len: [1024, 4096]}\n  E: 32\n");
  CHECK(spec.sweep.axes.at(0).keys == std::vector<std::string>{"B", "seq_len"});
  CHECK(steps(spec.sweep.axes.at(0)) == "64/1024 16/4096");
  CHECK(steps(spec.sweep.axes.at(1)) == "32");
}

TEST_CASE("what a spec must not say") {
  CHECK(code("spec: s\n") == "spec-empty");
  CHECK(code("spec: s\nconfigurations:\n  a: {}\n") == "missing-key");
  CHECK(code(kHead + "modls: [BERT]\n") == "unknown-key");
  CHECK(code(kHead + "fidelities: [rtl]\n") == "fidelity-unknown");
  CHECK(code(kHead + "dtype: fp15\n") == "dtype-unknown");
  CHECK(code(kHead + "set: {model: BERT}\n") == "spec-misplaced-key");
  CHECK(code(kHead + "set: {sequence: 3}\n") == "setting-unknown-key");
  CHECK(code(kHead + "sweep:\n  fidelity: [cycle]\n") == "spec-misplaced-key");
  CHECK(code(kHead + "sweep:\n  P: []\n") == "spec-empty-axis");
  CHECK(code(kHead + "sweep:\n  P: {from: 1, to: 4}\n") == "spec-range");
  CHECK(code(kHead + "sweep:\n  P: {from: 1, to: 4, step: 1, factor: 2}\n") == "spec-range");
  CHECK(code(kHead + "sweep:\n  P: {from: 4, to: 1, step: 1}\n") == "spec-range");
  CHECK(code(kHead + "sweep:\n  P: {from: 1, to: 4, factor: 1}\n") == "spec-range");
  CHECK(code(kHead + "sweep:\n  P: {from: 1, to: 1e9, step: 1}\n") == "spec-too-many-points");
  CHECK(code(kHead + "sweep:\n  zip: {B: [1, 2], P: [1, 2, 3]}\n") == "spec-zip-length");
  CHECK(code(kHead + "sweep:\n  P: [1]\n  zip: {P: [1], B: [2]}\n") == "spec-swept-twice");
  CHECK(code(kHead + "sweep:\n  P: [1]\n  filter: 1 +\n") == "expression-syntax");
}

TEST_CASE("all errors of a spec come together, in order") {
  CHECK(code("spec: s\nconfigurations:\n  a: {plan: p}\nsweep:\n  P: []\ndtype: fp15\nextra: 1\n") ==
        "spec-empty-axis dtype-unknown unknown-key");
}

TEST_CASE("included specs come first and once") {
  const TemporaryFolder folder;
  folder.write("all.yaml", "spec: all\ninclude: [part/one.yaml, part/two.yaml]\n");
  folder.write("part/one.yaml", "spec: one\nconfigurations: {a: {plan: p}}\n");
  folder.write("part/two.yaml", "spec: two\nconfigurations: {a: {plan: p}}\ninclude: [./one.yaml]\n");
  const Library library(folder.path());
  const std::vector<Spec> specs = load_spec_tree(library, (folder.path() / "all.yaml").string(), Span{});
  REQUIRE(specs.size() == 3);
  CHECK(specs[0].name == "one");
  CHECK(specs[1].name == "two");
  CHECK(specs[2].name == "all");
}

TEST_CASE("specs cannot include each other") {
  const TemporaryFolder folder;
  folder.write("a.yaml", "spec: a\ninclude: [b.yaml]\n");
  folder.write("b.yaml", "spec: b\ninclude: [a.yaml]\n");
  const Library library(folder.path());
  CHECK(codes_of([&] { (void)load_spec_tree(library, (folder.path() / "a.yaml").string(), Span{}); }) ==
        "spec-include-cycle");
}

}  // namespace einloom
