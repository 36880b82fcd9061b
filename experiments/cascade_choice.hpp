// SPDX-License-Identifier: Apache-2.0
// What is chosen of a cascade: the form of an option, the value of a constant or a parameter; by a model, a plan or a
// setting. Contract: a choice is an edit of the document, so equal documents still mean equal cascades.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/yaml_reader.hpp"
#include "experiments/setting.hpp"

namespace einloom {

enum class ChoiceKind { option, constant, parameter };

struct CascadeChoice {
  ChoiceKind kind = ChoiceKind::option;
  std::string name, value;
  Span name_span, value_span;
};

// The choice a setting makes (`cascade.options.NAME`, `cascade.constants.NAME`, `cascade.parameters.NAME`); nullopt for
// other places, which are overridden as they stand.
[[nodiscard]] std::optional<CascadeChoice> choice_in(const Setting& setting);

// What the document declares of a kind, by name; undefined where it declares none.
[[nodiscard]] YamlNode declared_choices(const YamlNode& cascade, ChoiceKind kind);
[[nodiscard]] const char* noun_of(ChoiceKind kind);  // in errors

// Does the document have an option with that value, a constant or a parameter of the name?
[[nodiscard]] bool has_choice(const YamlNode& cascade, const CascadeChoice& choice);

// The document with the choice made: the chosen form of an option stands first, where the default is.
// UserError cascade-unknown-choice with the nearest name.
[[nodiscard]] YamlNode with_choice(const YamlNode& cascade, const CascadeChoice& choice);
[[nodiscard]] YamlNode with_choices(YamlNode cascade, const std::vector<CascadeChoice>& choices);

}  // namespace einloom
