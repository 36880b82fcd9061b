// SPDX-License-Identifier: Apache-2.0
// `key: value` that changes something of a point: an extent, a run option, or a place in a document.
// Contract: keys are checked here as far as they can be without the documents; values are YAML flow text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.hpp"
#include "base/dtype.hpp"
#include "base/yaml_reader.hpp"
#include "sim/report.hpp"

namespace einloom {

enum class SettingTarget {
  configuration,  // which of the spec's configurations run
  model,          // which models run
  fidelity,
  dtype,
  seq_len,
  extent,        // `B`, `P`, `M0`: a rank's extent or a parameter of the cascade
  model_extent,  // `model.B`: the extent the model states
  cascade,       // `cascade`: another document; `cascade.parameters.M0`: a place in it
  machine,
  plan
};

struct Setting {
  SettingTarget target = SettingTarget::extent;
  std::string key;
  std::string path;   // `parameters.M0` of `cascade.parameters.M0`, `B` of `model.B`; "" otherwise
  std::string value;  // YAML flow text; a scalar without characters YAML cares about stands as it is
  Span key_span, value_span;
  bool from_command_line = false;  // such a setting wins over everything a spec says

  [[nodiscard]] bool names_document() const {
    return path.empty() &&
           (target == SettingTarget::cascade || target == SettingTarget::machine || target == SettingTarget::plan);
  }
};

// What a key means; nullopt after reporting setting-unknown-key. Values are not looked at.
[[nodiscard]] std::optional<Setting> setting_for(const std::string& key, const Span& key_span,
                                                 Diagnostics& diagnostics);
// The value of a node as a setting carries it.
[[nodiscard]] std::string setting_value(const YamlNode& node);

// One `--set key=v1,v2,…` (`option` names the source): the same key with each value (commas inside brackets, braces and
// quotes do not separate). UserError setting-syntax, setting-unknown-key.
[[nodiscard]] std::vector<Setting> parse_command_line_setting(const std::string& text,
                                                              const std::string& option = "--set");

// The value as an extent, 1 … kLargestExtent; 1 after reporting setting-not-integer.
[[nodiscard]] std::int64_t setting_extent(const Setting& setting, Diagnostics& diagnostics);

// The number that all of a text is; nullopt when it is none.
[[nodiscard]] std::optional<double> number_in(const std::string& text);
// As documents write it: whole numbers without a point.
[[nodiscard]] std::string number_text(double value);

[[nodiscard]] std::string_view name_of(Fidelity fidelity);
[[nodiscard]] const std::vector<std::string>& fidelity_names();
// nullopt after reporting fidelity-unknown.
[[nodiscard]] std::optional<Fidelity> read_fidelity(const std::string& name, const Span& span,
                                                    Diagnostics& diagnostics);
// nullopt after reporting dtype-unknown.
[[nodiscard]] std::optional<Dtype> read_dtype(const std::string& name, const Span& span, Diagnostics& diagnostics);

}  // namespace einloom
