// SPDX-License-Identifier: Apache-2.0
// `key=value`: what keys mean, how values split, and what is refused.
#include "experiments/setting.hpp"

#include <catch2/catch.hpp>

#include "base/yaml_reader.hpp"
#include "user_errors.hpp"

namespace einloom {

TEST_CASE("keys say what they set") {
  Diagnostics diagnostics;
  const auto target = [&](const std::string& key) { return setting_for(key, Span{}, diagnostics)->target; };
  CHECK(target("seq_len") == SettingTarget::seq_len);
  CHECK(target("dtype") == SettingTarget::dtype);
  CHECK(target("M0") == SettingTarget::extent);
  CHECK(target("model") == SettingTarget::model);
  CHECK(target("model.B") == SettingTarget::model_extent);
  CHECK(target("machine.parameters.dim") == SettingTarget::machine);
  CHECK(setting_for("machine.parameters.dim", Span{}, diagnostics)->path == "parameters.dim");
  CHECK(setting_for("machine", Span{}, diagnostics)->names_document());
  CHECK(diagnostics.empty());
}

TEST_CASE("several values are several settings; brackets and quotes keep commas") {
  const auto values = [](const std::string& text) {
    std::string joined;
    for (const Setting& setting : parse_command_line_setting(text)) joined += "<" + setting.value + ">";
    return joined;
  };
  CHECK(values("seq_len=1000,2000") == "<1000><2000>");
  CHECK(values("plan.tiles={M0: 4, P1: 2},{M0: 8}") == "<{M0: 4, P1: 2}><{M0: 8}>");
  CHECK(values("plan.in_flight=min(2, 3)") == "<min(2, 3)>");
  CHECK(values("plan.description=\"a, b\"") == "<\"a, b\">");
}

TEST_CASE("what is no setting") {
  const auto code = [](const std::string& text) { return codes_of([&] { (void)parse_command_line_setting(text); }); };
  CHECK(code("B") == "setting-syntax");
  CHECK(code("=1") == "setting-syntax");
  CHECK(code("B=") == "setting-syntax");
  CHECK(code("B=1,,2") == "setting-syntax");
  CHECK(code("seqlen=1") == "setting-unknown-key");
  CHECK(code("model.extents=1") == "setting-unknown-key");
  CHECK(code("dtype.x=1") == "setting-unknown-key");
}

TEST_CASE("an unknown key names the nearest one") {
  CHECK(rendered([] { (void)parse_command_line_setting("seqlen=1"); }) ==
        "--set:1:1: error[setting-unknown-key]: `seqlen` is nothing that can be set; known are ranks and parameters "
        "(upper case), `seq_len`, `dtype`, `fidelity`, `configuration`, `model`, and `cascade`, `machine`, `plan` with "
        "a path\n"
        " 1 | seqlen=1\n"
        "   | ^^^^^^\n"
        "help: did you mean `seq_len`?\n");
}

TEST_CASE("extents are integers from 1") {
  const auto code = [](const std::string& text) {
    return codes_of([&] {
      Diagnostics diagnostics;
      (void)setting_extent(parse_command_line_setting(text).front(), diagnostics);
      diagnostics.throw_if_any();
    });
  };
  CHECK(code("P=1") == "");
  CHECK(code("P=1099511627776") == "");
  CHECK(code("P=0") == "setting-not-integer");
  CHECK(code("P=-3") == "setting-not-integer");
  CHECK(code("P=1e3") == "setting-not-integer");
  CHECK(code("P=99999999999999999999") == "setting-not-integer");
}

TEST_CASE("values of nodes stay valid YAML") {
  const auto value = [](const std::string& yaml) {
    return setting_value(parse_yaml(source_from_text("t.yaml", "v: " + yaml)).find("v"));
  };
  CHECK(value("64") == "64");
  CHECK(value("16 MiB") == "16 MiB");
  CHECK(value("'a: b'") == "\"a: b\"");
  CHECK(value("[1, 2]") == "[\"1\", \"2\"]");
}

}  // namespace einloom
