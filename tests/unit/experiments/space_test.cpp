// SPDX-License-Identifier: Apache-2.0
// Expansion: order, filters, what wins over what, and what the command line changes.
#include "experiments/space.hpp"

#include <catch2/catch.hpp>

#include "base/yaml_reader.hpp"
#include "user_errors.hpp"

namespace einloom {

namespace {

Spec spec_from(const std::string& text) { return load_spec(parse_yaml(source_from_text("spec.yaml", text))); }

std::shared_ptr<const Model> model(const std::string& name) {
  const std::string text = "model: " + name + "\nsource: s\nextents: {B: 64, E: 32}\nfrom_seq_len: [P, M]\n";
  return std::make_shared<const Model>(load_model(parse_yaml(source_from_text("model.yaml", text))));
}

std::string listed(const std::vector<Coordinates>& points) {
  std::string text;
  for (const Coordinates& at : points) {
    text += (text.empty() ? "" : " ") + at.configuration->name.text;
    if (at.model) text += ":" + at.model->name;
    for (const Setting& setting : at.swept) text += ":" + setting.value;
    text += at.fidelity == Fidelity::cycle ? ":c" : ":w";
  }
  return text;
}

void set(Spec& spec, const std::vector<std::string>& texts) {
  std::vector<std::vector<Setting>> settings;
  for (const std::string& text : texts) settings.push_back(parse_command_line_setting(text));
  std::vector<Spec> specs{spec};
  override_specs(specs, settings);
  spec = specs.front();
}

const std::string kHead = "spec: s\nmodels: [X]\nconfigurations:\n  a: {plan: p}\n";
const std::string kSweep = kHead + "sweep:\n  seq_len: [8, 16]\n";

}  // namespace

TEST_CASE("the last axis varies fastest, fidelities inside it") {
  const Spec spec = spec_from(
      "spec: s\nconfigurations:\n  a: {plan: p}\n  b: {plan: q}\nsweep:\n  P: [1, 2]\n  M: [3, 4]\n"
      "fidelities: [cycle, waterfall]\n");
  CHECK(listed(expand(spec, {})) ==
        "a:1:3:c a:1:3:w a:1:4:c a:1:4:w a:2:3:c a:2:3:w a:2:4:c a:2:4:w "
        "b:1:3:c b:1:3:w b:1:4:c b:1:4:w b:2:3:c b:2:3:w b:2:4:c b:2:4:w");
}

TEST_CASE("models come between configurations and axes") {
  CHECK(listed(expand(spec_from(kSweep), {model("X"), model("Y")})) == "a:X:8:c a:X:16:c a:Y:8:c a:Y:16:c");
}

TEST_CASE("filters keep what is above zero") {
  const Spec spec = spec_from(
      "spec: s\nmodels: [X]\nconfigurations:\n  a: {plan: p}\nsweep:\n  P: [1, 2, 3]\n  M: [1, 2, 3]\n  filter: [P - M "
      "+ 1, B * E]\n");
  CHECK(listed(expand(spec, {model("X")})) == "a:X:1:1:c a:X:2:1:c a:X:2:2:c a:X:3:1:c a:X:3:2:c a:X:3:3:c");
}

TEST_CASE("a filter must use known names") {
  const Spec spec = spec_from(kSweep + "  filter: seq_length - 1\n");
  CHECK(codes_of([&] { (void)expand(spec, {model("X")}); }) == "expression-unknown-name");
}

TEST_CASE("the sequence length sets the model's ranks, an explicit extent wins") {
  const std::vector<Coordinates> points = expand(spec_from(kSweep + "set: {P: 1}\n"), {model("X")});
  CHECK(points.at(1).extents == std::map<std::string, std::int64_t>{{"B", 64}, {"E", 32}, {"M", 16}, {"P", 1}});
  CHECK(points.at(1).seq_len == 16);
}

TEST_CASE("spec, configuration, axis, command line: the later one wins") {
  Spec spec = spec_from(
      "spec: s\nset: {B: 1, E: 1, F: 1, G: 1}\nconfigurations:\n  a: {plan: p, set: {E: 2, F: 2, G: 2}}\n"
      "sweep:\n  F: [3]\n  G: [3]\n");
  set(spec, {"G=4"});
  const std::map<std::string, std::int64_t> expected{{"B", 1}, {"E", 2}, {"F", 3}, {"G", 4}};
  CHECK(expand(spec, {}).at(0).extents == expected);
}

TEST_CASE("--set replaces a swept key's steps and adds axes") {
  Spec spec = spec_from(kSweep);
  set(spec, {"seq_len=32,64,128", "plan.in_flight=1,2"});
  CHECK(listed(expand(spec, {model("X")})) == "a:X:32:1:c a:X:32:2:c a:X:64:1:c a:X:64:2:c a:X:128:1:c a:X:128:2:c");
}

TEST_CASE("--set inside a zip needs one value or as many as there are") {
  Spec spec = spec_from(kHead + "sweep:\n  zip: {B: [64, 16], seq_len: [8, 16]}\n");
  set(spec, {"B=2"});
  CHECK(listed(expand(spec, {model("X")})) == "a:X:2:8:c a:X:2:16:c");
  CHECK(codes_of([&] { set(spec, {"B=1,2,3"}); }) == "setting-zip-length");
}

TEST_CASE("--set chooses configurations, models and fidelities") {
  Spec spec = spec_from("spec: s\nmodels: [X]\nconfigurations:\n  a: {plan: p}\n  b: {plan: q}\n");
  set(spec, {"configuration=b", "fidelity=waterfall,cycle", "model=Y,Z"});
  CHECK(spec.models.at(1).text == "Z");
  CHECK(listed(expand(spec, {model("Y")})) == "b:Y:w b:Y:c");
  CHECK(codes_of([&] { set(spec, {"configuration=bb"}); }) == "unknown-configuration");
  CHECK(codes_of([&] { set(spec, {"fidelity=rtl"}); }) == "fidelity-unknown");
}

TEST_CASE("model.X changes what the model states, and only that") {
  Spec spec = spec_from(kSweep);
  set(spec, {"model.B=2"});
  CHECK(expand(spec, {model("X")}).at(0).extents.at("B") == 2);
  set(spec, {"model.Z=2"});
  CHECK(codes_of([&] { (void)expand(spec, {model("X")}); }) == "setting-unknown-key");
}

TEST_CASE("a parameter set in the cascade takes the place of the model's") {
  Spec spec = spec_from(kSweep);
  set(spec, {"cascade.parameters.B=2"});
  const std::vector<Coordinates> points = expand(spec, {model("X")});
  CHECK_FALSE(points.empty());
  for (const Coordinates& at : points) CHECK(at.extents.at("B") == 2);
  // Where the model leaves it to the sequence length too.
  Spec by_length = spec_from(kHead + "set: {seq_len: 8}\n");
  set(by_length, {"cascade.parameters.P=3"});
  const Coordinates at = expand(by_length, {model("X")}).at(0);
  CHECK(at.extents.at("P") == 3);
  CHECK(at.extents.at("M") == 8);
}

TEST_CASE("--set model= replaces the spec's models; a configuration's own only where the configuration is named") {
  const std::string text =
      "spec: s\nmodels: [X]\nconfigurations:\n  a: {plan: p}\n  b: {plan: q, model: Z}\n  c: {plan: q, model: Z}\n";
  Spec spec = spec_from(text);
  CHECK(codes_of([&] { set(spec, {"model=Y"}); }) == "setting-own-model");
  CHECK(codes_of([&] { set(spec, {"configuration=a", "model=Y"}); }) == "");
  CHECK(listed(expand(spec, {model("Y")})) == "a:Y:c");
  spec = spec_from(text);
  set(spec, {"model=Y", "configuration=b"});
  CHECK_FALSE(spec.configurations.at(0).model);
  CHECK(listed(expand(spec, {model("Y")})) == "b:Y:c");
}

TEST_CASE("seq_len needs a model") {
  CHECK(codes_of([] {
          (void)expand(spec_from("spec: s\nconfigurations:\n  a: {plan: p}\nset: {seq_len: 8}\n"), {});
        }) == "setting-needs-model");
}

TEST_CASE("an error that every point shares is said once") {
  Spec spec = spec_from(kSweep);
  set(spec, {"B=x"});
  CHECK(codes_of([&] { (void)expand(spec, {model("X")}); }) == "expression-unknown-name");
}

TEST_CASE("a run has at most a million points") {
  const Spec spec = spec_from(kHead + "sweep:\n  P: {from: 1, to: 2000, step: 1}\n  M: {from: 1, to: 2000, step: 1}\n");
  CHECK(codes_of([&] { (void)expand(spec, {}); }) == "spec-too-many-points");
}

TEST_CASE("stages vary fastest, and a filter drops all of a group") {
  const Spec spec = spec_from(
      "spec: s\nconfigurations:\n  a: {set: {K: 1, N: 1}, cascade: c, stages: {x: {plan: p, set: {K: 2}}, y: {plan: q, "
      "repeat: 3}}}\nsweep:\n  M: [1, 2]\n  filter: 3 - M * K\nfidelities: [cycle, waterfall]\n");
  const std::vector<Coordinates> points = expand(spec, {});
  REQUIRE(points.size() == 4);
  CHECK(points[0].stage->name.text == "x");
  CHECK(points[0].stage->cascade->text == "c");
  CHECK(points[0].extents.at("K") == 2);
  CHECK(points[1].stage->plan.text == "q");
  CHECK(points[1].stage->repeat == 3);
  CHECK(points[1].extents.at("K") == 1);
  CHECK(points[1].group == points[0].group);
  CHECK(points[2].fidelity == Fidelity::waterfall);
  CHECK(points[2].group != points[0].group);
}

TEST_CASE("extents may be formulas over other extents, in any order") {
  Spec spec = spec_from(
      "spec: s\nmodels: [X]\nset: {T: K * P, K: 2 * B, N: 'max(E, 3)'}\nconfigurations: {a: {plan: p}}\n"
      "sweep: {seq_len: [8, 16]}\n");
  CHECK(expand(spec, {model("X")}).at(1).extents.at("T") == 2048);
  CHECK(expand(spec, {model("X")}).at(1).extents.at("N") == 32);
  set(spec, {"B=3", "N=max(E, 40)", "G=seq_len + 1"});
  const auto extents = expand(spec, {model("X")}).at(0).extents;
  CHECK(extents.at("T") == 48);
  CHECK(extents.at("N") == 40);
  CHECK(extents.at("G") == 9);
}

TEST_CASE("swept extents may be formulas") {
  const Spec spec =
      spec_from("spec: s\nmodels: [X]\nconfigurations: {a: {plan: p}}\nsweep: {T: [B, 2 * B, B / E + 1]}\n");
  const auto points = expand(spec, {model("X")});
  CHECK(points.at(0).extents.at("T") == 64);
  CHECK(points.at(1).extents.at("T") == 128);
  CHECK(points.at(2).extents.at("T") == 3);
}

TEST_CASE("formulas of extents that say nothing") {
  const auto code = [](const std::string& sets) {
    return codes_of([&] { (void)expand(spec_from(kHead + "set: {" + sets + "}\n"), {model("X")}); });
  };
  CHECK(code("T: B / 3") == "setting-not-integer");
  CHECK(code("T: B - 64") == "setting-not-integer");
  CHECK(code("T: 2 * T") == "setting-cycle");
  CHECK(code("T: K, K: 2 * T") == "setting-cycle");
  CHECK(code("T: b") == "expression-unknown-name");
  CHECK(code("T: B *") == "expression-syntax");
}

}  // namespace einloom
