// SPDX-License-Identifier: Apache-2.0
// Cases: where they hold, what they win over, and that one which never holds is noticed.
#include "experiments/cases.hpp"

#include <catch2/catch.hpp>

#include "base/yaml_reader.hpp"
#include "experiments/space.hpp"
#include "user_errors.hpp"

namespace einloom {

namespace {

Spec spec_from(const std::string& text) { return load_spec(parse_yaml(source_from_text("spec.yaml", text))); }

std::shared_ptr<const Model> model(const std::string& name) {
  const std::string text = "model: " + name + "\nsource: s\nextents: {B: 64}\nfrom_seq_len: [P, M]\n";
  return std::make_shared<const Model>(load_model(parse_yaml(source_from_text("model.yaml", text))));
}

const std::string kSpec =
    "spec: s\nmodels: [X, Y]\nset: {E: 1}\nconfigurations:\n  a: {plan: p, set: {E: 2}}\n  b: {plan: q}\n"
    "sweep:\n  seq_len: [8, 16]\n  F: [1, 2]\nfidelities: [cycle, waterfall]\n";

// The extent E of every point, in order.
std::string extents(const std::string& text, const std::vector<std::string>& settings = {}) {
  std::vector<Spec> specs{spec_from(text)};
  std::vector<std::vector<Setting>> all;
  for (const std::string& setting : settings) all.push_back(parse_command_line_setting(setting));
  override_specs(specs, all);
  std::string joined;
  for (const Coordinates& at : expand(specs[0], {model("X"), model("Y")})) {
    joined += std::to_string(at.extents.at("E"));
  }
  return joined;
}

}  // namespace

TEST_CASE("a case holds where all its conditions do, each for one of its values") {
  CHECK(extents(kSpec + "cases:\n  - {when: {seq_len: [16]}, set: {E: 7}}\n") == "22227777222277771111777711117777");
  CHECK(extents(kSpec +
                "cases:\n  - {when: {model: Y, configuration: [a, b], fidelity: waterfall, F: 2}, set: {E: 7}}\n") ==
        "22222222222722271111111111171117");
}

TEST_CASE("cases come after configurations and in order, axes after them") {
  CHECK(
      extents(kSpec + "cases:\n  - {when: {configuration: a}, set: {E: 7}}\n  - {when: {seq_len: 8}, set: {E: 8}}\n") ==
      "88887777888877778888111188881111");
  const std::string swept = "spec: s\nconfigurations: {a: {plan: p}}\nsweep: {E: [1, 2]}\ncases:\n";
  CHECK(extents(swept + "  - {when: {E: 1}, set: {E: 7}}\n") == "1212");
}

TEST_CASE("values are compared as numbers where both are") {
  CHECK(extents(kSpec + "cases:\n  - {when: {F: 1.0}, set: {E: 7}}\n") == "77227722772277227711771177117711");
}

TEST_CASE("a case may choose documents and set lists") {
  const Spec spec = spec_from(
      "spec: s\nconfigurations: {a: {plan: p}}\ncases:\n"
      "  - {when: {configuration: a}, set: {plan: other, plan.keep.Q.refetch: []}}\n");
  const std::vector<Coordinates> points = expand(spec, {});
  CHECK(points.at(0).settings.at(0).names_document());
  CHECK(points.at(0).settings.at(0).value == "other");
  CHECK(points.at(0).settings.at(1).value == "[]");
}

TEST_CASE("a case that never holds is an error, but not when the command line chose what runs") {
  const std::string never = kSpec + "cases:\n  - {when: {model: Z}, set: {E: 7}}\n";
  CHECK(codes_of([&] { (void)extents(never); }) == "case-matches-nothing");
  CHECK(codes_of([&] { (void)extents(never, {"E=3"}); }) == "case-matches-nothing");
  CHECK(codes_of([&] { (void)extents(never, {"fidelity=cycle"}); }) == "");
  CHECK(codes_of([&] { (void)extents(never, {"seq_len=8"}); }) == "");
  const std::string apart = "spec: s\nconfigurations: {a: {plan: p}}\nsweep: {zip: {P: [1, 2], M: [3, 4]}}\ncases:\n";
  CHECK(codes_of([&] { (void)expand(spec_from(apart + "  - {when: {P: 1, M: 4}, set: {E: 7}}\n"), {}); }) ==
        "case-matches-nothing");
}

TEST_CASE("conditions are about what tells points apart") {
  CHECK(codes_of([] { (void)spec_from(kSpec + "cases:\n  - {when: {seqlen: 8}, set: {E: 7}}\n"); }) ==
        "case-unknown-key");
  CHECK(codes_of([] { (void)spec_from(kSpec + "cases: {when: {}}\n"); }) == "yaml-type");
}

}  // namespace einloom
