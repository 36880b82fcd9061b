// SPDX-License-Identifier: Apache-2.0
#include "experiments/cascade_choice.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/suggest.hpp"

namespace einloom {

namespace {

struct Section {
  ChoiceKind kind;
  const char* key;   // in the document
  const char* noun;  // in errors
};
constexpr Section kSections[] = {
    {ChoiceKind::option, "options", "option"},
    {ChoiceKind::constant, "constants", "constant"},
    {ChoiceKind::parameter, "parameters", "parameter"},
};

// A copy of a map with another value of a key it has.
YamlNode replaced(const YamlNode& map, const std::string& key, const YamlNode& value) {
  std::vector<YamlEntry> entries = map.entries();
  for (YamlEntry& entry : entries) {
    if (entry.key == key) entry.value = value;
  }
  return YamlNode::make_map(std::move(entries), map.span());
}

// The forms of an option with the chosen one first.
YamlNode with_first(const YamlNode& cascade, const YamlNode& option, const CascadeChoice& choice) {
  std::vector<YamlNode> items = option.is_sequence() ? option.items() : std::vector<YamlNode>{option};
  const auto found =
      std::find_if(items.begin(), items.end(), [&](const YamlNode& item) { return item.text() == choice.value; });
  if (found == items.end()) {
    std::vector<std::string> known;
    for (const YamlNode& item : items) known.push_back(item.text());
    Diagnostic error{"cascade-unknown-choice",
                     fmt::format("option `{}` of cascade `{}` has no value `{}`", choice.name,
                                 cascade.find("cascade").text(), choice.value),
                     choice.value_span};
    throw UserError(error.note("its values stand here", option.span()).with_help(suggestion(choice.value, known)));
  }
  std::rotate(items.begin(), found, found + 1);
  return YamlNode::make_sequence(std::move(items), option.span());
}

}  // namespace

std::optional<CascadeChoice> choice_in(const Setting& setting) {
  const std::size_t dot = setting.path.find('.');
  if (setting.target != SettingTarget::cascade || dot == std::string::npos) return std::nullopt;
  const std::string name = setting.path.substr(dot + 1);
  if (name.empty() || name.find('.') != std::string::npos) return std::nullopt;
  for (const Section& section : kSections) {
    if (setting.path.compare(0, dot, section.key) == 0) {
      return CascadeChoice{section.kind, name, setting.value, setting.key_span, setting.value_span};
    }
  }
  return std::nullopt;
}

YamlNode declared_choices(const YamlNode& cascade, ChoiceKind kind) {
  return cascade.find(kSections[static_cast<std::size_t>(kind)].key);
}

const char* noun_of(ChoiceKind kind) { return kSections[static_cast<std::size_t>(kind)].noun; }

bool has_choice(const YamlNode& cascade, const CascadeChoice& choice) {
  const YamlNode declared = declared_choices(cascade, choice.kind).find(choice.name);
  if (choice.kind != ChoiceKind::option || !declared.is_sequence()) return declared.defined();
  return std::any_of(declared.items().begin(), declared.items().end(),
                     [&](const YamlNode& item) { return item.text() == choice.value; });
}

YamlNode with_choice(const YamlNode& cascade, const CascadeChoice& choice) {
  const Section& section = kSections[static_cast<std::size_t>(choice.kind)];
  const YamlNode declared = cascade.find(section.key);
  const YamlNode before = declared.find(choice.name);
  if (!before.defined()) {
    std::vector<std::string> known;
    for (const YamlEntry& entry : declared.entries()) known.push_back(entry.key);
    Diagnostic error{
        "cascade-unknown-choice",
        fmt::format("cascade `{}` has no {} `{}`", cascade.find("cascade").text(), section.noun, choice.name),
        choice.name_span};
    if (declared.defined()) error.note("declared here", declared.span());
    throw UserError(error.with_help(known.empty() ? fmt::format("it has no {}s at all", section.noun)
                                                  : suggestion(choice.name, known)));
  }
  const YamlNode after = choice.kind == ChoiceKind::option ? with_first(cascade, before, choice)
                                                           : YamlNode::make_scalar(choice.value, choice.value_span);
  return replaced(cascade, section.key, replaced(declared, choice.name, after));
}

YamlNode with_choices(YamlNode cascade, const std::vector<CascadeChoice>& choices) {
  for (const CascadeChoice& choice : choices) cascade = with_choice(cascade, choice);
  return cascade;
}

}  // namespace einloom
