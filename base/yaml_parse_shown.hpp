// SPDX-License-Identifier: Apache-2.0
// Parsing a text whose Spans belong to another one: with_override parses a value but shows `path=value`.
// Inside base/ only.
#pragma once

#include <string>

#include "base/yaml_reader.hpp"

namespace einloom {

// parse_yaml of `text`, with Spans in `shown`; both have the same lines and bytes per line. Same errors.
[[nodiscard]] YamlNode parse_yaml_shown(const std::string& text, const SourcePtr& shown);

}  // namespace einloom
