// SPDX-License-Identifier: Apache-2.0
// The wording shared by the value readers: "`rows` must be an integer; found `x`".
// Inside base/ only.
#pragma once

#include <string>
#include <string_view>

#include "base/yaml_reader.hpp"

namespace einloom::wording {

// `text`, "nothing", "a list", "a map"; long texts are cut.
[[nodiscard]] std::string found(const YamlNode& node);

// A single word is put in backticks; anything longer ("rows of `array2d`") stays as it is.
[[nodiscard]] std::string named(const std::string& what);

// yaml-type: "`what` must be <expected>; found …".
Diagnostic& report_type(const YamlNode& node, const std::string& what, std::string_view expected,
                        Diagnostics& diagnostics);

// value-range: "`what` must <rule>; found …".
Diagnostic& report_range(const YamlNode& node, const std::string& what, std::string_view rule,
                         Diagnostics& diagnostics);

// yaml-type: a number with a leading zero.
void report_leading_zero(const YamlNode& node, const std::string& what, Diagnostics& diagnostics);

}  // namespace einloom::wording
