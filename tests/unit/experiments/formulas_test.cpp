// SPDX-License-Identifier: Apache-2.0
// `let`, `derive` and `grow`: which names mean what, what wins, and how far a place grows.
#include "experiments/formulas.hpp"

#include <catch2/catch.hpp>

#include "base/yaml_reader.hpp"
#include "experiments/derivation.hpp"
#include "experiments/growth.hpp"
#include "user_errors.hpp"

namespace einloom {

namespace {

// The only point of a spec with these sections, everything derived.
Coordinates derived(const std::string& sections, const std::vector<std::string>& overrides = {}) {
  static std::vector<std::vector<Spec>> kept;  // points refer to their specs
  const std::string text =
      "spec: s\nset: {B: 4, E: 8, machine.parameters.dim: 64, plan.in_flight: 3}\nconfigurations:\n  a: {plan: p}\n" +
      sections;
  std::vector<Spec>& specs = kept.emplace_back();
  specs.push_back(load_spec(parse_yaml(source_from_text("spec.yaml", text))));
  std::vector<std::vector<Setting>> settings;
  for (const std::string& one : overrides) settings.push_back(parse_command_line_setting(one));
  override_specs(specs, settings);
  Coordinates at = expand(specs.front(), {}).at(0);
  const auto text_at = [](const std::string& key) -> std::optional<std::string> {
    if (key == "machine.components.buffer.capacity") return "16 MiB";
    if (key == "machine.components.buffer.ports") return "4";
    return std::nullopt;
  };
  Formulas formulas = at.spec->formulas;
  add_formulas(at.configuration->formulas, formulas);
  derive(formulas, text_at, at);
  return at;
}

std::string value_of(const Coordinates& at, const std::string& key) {
  std::string value;
  for (const Setting& setting : at.settings) {
    if (setting.key == key) value = setting.value;
  }
  return value;
}

Growth growth_to(const std::string& at_most) {
  const std::string text = "grow: {key: machine.components.buffer.capacity, until: x" +
                           (at_most.empty() ? "" : ", at_most: " + at_most) + "}\n";
  Diagnostics diagnostics;
  YamlMap map(parse_yaml(source_from_text("spec.yaml", text)), "spec", diagnostics);
  Formulas formulas = read_formulas(map, diagnostics);
  diagnostics.throw_if_any();
  return *formulas.growth;
}

}  // namespace

TEST_CASE("formulas use extents, set keys, their last parts, lets and documents") {
  const Coordinates at = derived(
      "let: {t: '2 * max(1, machine.parameters.dim / E)', u: t + 1}\n"
      "derive: {plan.slots: dim * t + in_flight, plan.u: u, plan.p: machine.components.buffer.ports * 2}\n");
  CHECK(value_of(at, "plan.slots") == "1027");
  CHECK(value_of(at, "plan.u") == "17");
  CHECK(value_of(at, "plan.p") == "8");
  CHECK(at.derived.at(0) == std::pair<std::string, std::string>{"plan.slots", "1027"});
}

TEST_CASE("a place with a unit counts base units") {
  const Coordinates at =
      derived("derive: {machine.components.buffer.capacity: 1024 * E, machine.components.buffer.ports: E}\n");
  CHECK(value_of(at, "machine.components.buffer.capacity") == "8192 B");
  CHECK(value_of(at, "machine.components.buffer.ports") == "8");
  CHECK(at.derived.at(0).second == "8192");
}

TEST_CASE("later derivations see earlier ones; extents can be derived") {
  const Coordinates at = derived("derive: {K: B * E, plan.slots: K + 1, plan.more: slots * 2}\n");
  CHECK(at.extents.at("K") == 32);
  CHECK(value_of(at, "plan.more") == "66");
  CHECK(codes_of([] { (void)derived("derive: {K: B / 3}\n"); }) == "setting-not-integer");
}

TEST_CASE("what is derived wins over what is set, the command line over both") {
  const std::string sections = "derive: {plan.in_flight: B}\n";
  CHECK(value_of(derived(sections), "plan.in_flight") == "4");
  CHECK(value_of(derived(sections, {"plan.in_flight=7"}), "plan.in_flight") == "7");
  CHECK(derived(sections, {"plan.in_flight=7"}).derived.empty());
  CHECK(value_of(derived(sections, {"plan.in_flight=7,8"}), "plan.in_flight") == "7");
}

TEST_CASE("a last part that two keys share means nothing") {
  const std::string two = "cases: [{when: {configuration: a}, set: {plan.x.slots: 1, plan.y.slots: 2}}]\n";
  CHECK(codes_of([&] { (void)derived(two + "derive: {plan.z: slots}\n"); }) == "expression-unknown-name");
  CHECK(value_of(derived(two + "derive: {plan.z: plan.y.slots}\n"), "plan.z") == "2");
}

TEST_CASE("a let that nothing uses is not evaluated, a circle is found") {
  CHECK(codes_of([] { (void)derived("let: {t: nothing}\nderive: {plan.z: 1}\n"); }) == "");
  CHECK(codes_of([] { (void)derived("let: {t: u, u: t}\nderive: {plan.z: t}\n"); }) == "setting-cycle");
}

TEST_CASE("a place grows until the formula is not negative") {
  std::string tried;
  const auto enough_at = [&](const std::string& large) {
    return [&tried, large](const std::string& value) {
      tried += value + ";";
      return GrowthTrial{value == large ? 0.0 : -1.0, {}};
    };
  };
  CHECK(grown_value(growth_to(""), "16 MiB", enough_at("64 MiB")) == "64 MiB");
  CHECK(tried == "16 MiB;32 MiB;64 MiB;");
  CHECK(grown_value(growth_to(""), "16 MiB", enough_at("16 MiB")) == "16 MiB");
  CHECK(grown_value(growth_to("48 MiB"), "16 MiB", enough_at("never")) == "48 MiB");
  CHECK(codes_of([&] { (void)grown_value(growth_to(""), "16 MiB", enough_at("never")); }) == "grow-gives-up");
  CHECK(codes_of([&] { (void)grown_value(growth_to(""), "dim", enough_at("never")); }) == "grow-value");
}

TEST_CASE("what starts whole stays whole") {
  Growth growth = growth_to("");
  growth.factor = 1.3;
  std::vector<std::string> tried;
  const auto count = [&](const std::string& value) {
    tried.push_back(value);
    return GrowthTrial{static_cast<double>(tried.size()) - 4, {}};
  };
  (void)grown_value(growth, "1 KiB", count);
  CHECK(tried == std::vector<std::string>{"1 KiB", "1332 B", "1732 B", "2252 B"});
}

TEST_CASE("a plan that does not fit lets a place grow too") {
  const auto attempt = [](const std::string& value) {
    return value == "4 KiB" ? GrowthTrial{1.0, {}} : GrowthTrial{std::nullopt, {Diagnostic{"c", "too small", {}}}};
  };
  CHECK(grown_value(growth_to(""), "1 KiB", attempt) == "4 KiB");
  CHECK(codes_of([&] { (void)grown_value(growth_to("2 KiB"), "1 KiB", attempt); }) == "grow-gives-up");
}

}  // namespace einloom
