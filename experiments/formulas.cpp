// SPDX-License-Identifier: Apache-2.0
#include "experiments/formulas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "experiments/quantity_text.hpp"

namespace einloom {

namespace {

// nullopt after reporting.
std::optional<ScalarExpression> read_formula(const YamlNode& node, const std::string& what, Diagnostics& diagnostics) {
  const std::size_t errors = diagnostics.size();
  const std::string text = read_string(node, what, diagnostics);
  if (!node.defined() || diagnostics.size() > errors) return std::nullopt;
  try {
    return ScalarExpression::parse(text, node.span());
  } catch (const UserError& error) {
    for (const Diagnostic& diagnostic : error.diagnostics()) diagnostics.add(diagnostic);
    return std::nullopt;
  }
}

bool is_map(const YamlNode& node, const std::string& what, Diagnostics& diagnostics) {
  if (node.defined() && !node.is_map()) {
    YamlMap reported(node, what, diagnostics);
  }
  return node.is_map();
}

bool is_let_name(const std::string& text) {
  const auto is_part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  return !text.empty() && text[0] >= 'a' && text[0] <= 'z' && std::all_of(text.begin(), text.end(), is_part) &&
         text != "seq_len";
}

void read_lets(const YamlNode& node, Formulas& formulas, Diagnostics& diagnostics) {
  if (!is_map(node, "`let`", diagnostics)) return;
  for (const YamlEntry& entry : node.entries()) {
    if (!is_let_name(entry.key)) {
      diagnostics.error("let-name", entry.key_span,
                        fmt::format("`{}` cannot be a name here; names start with a lower-case letter, go on with "
                                    "letters, digits and `_`, and are not `seq_len`",
                                    entry.key));
    }
    if (auto formula = read_formula(entry.value, fmt::format("`{}`", entry.key), diagnostics)) {
      formulas.lets.push_back({Name{entry.key, entry.key_span}, std::move(*formula)});
    }
  }
}

bool is_place(const Setting& setting) {
  return !setting.path.empty() && (setting.target == SettingTarget::cascade ||
                                   setting.target == SettingTarget::machine || setting.target == SettingTarget::plan);
}

// What a key means, when a formula can give it a value.
std::optional<Setting> read_target(const std::string& key, const Span& span, bool extents, const char* verb,
                                   Diagnostics& diagnostics) {
  std::optional<Setting> setting = setting_for(key, span, diagnostics);
  if (!setting || is_place(*setting) || (extents && setting->target == SettingTarget::extent)) return setting;
  diagnostics.error("formula-target", span,
                    fmt::format("`{}` cannot {}; {} can", key, verb,
                                extents ? "a rank, a parameter or a place in a document" : "a place in a document"));
  return std::nullopt;
}

void read_derivations(const YamlNode& node, Formulas& formulas, Diagnostics& diagnostics) {
  if (!is_map(node, "`derive`", diagnostics)) return;
  for (const YamlEntry& entry : node.entries()) {
    auto place = read_target(entry.key, entry.key_span, true, "be derived", diagnostics);
    auto formula = read_formula(entry.value, fmt::format("`{}`", entry.key), diagnostics);
    if (place && formula) formulas.derivations.push_back({std::move(*place), std::move(*formula)});
  }
}

void read_growth(const YamlNode& node, Formulas& formulas, Diagnostics& diagnostics) {
  if (!is_map(node, "`grow`", diagnostics)) return;
  YamlMap map(node, "`grow`", diagnostics);
  const YamlNode key = map.require("key");
  const YamlNode factor = map.optional("factor");
  const YamlNode until = map.require("until");
  const YamlNode at_most = map.optional("at_most");
  map.finish();
  Growth growth;
  std::optional<Setting> place;
  if (key.defined()) {
    place = read_target(read_string(key, "key", diagnostics), key.span(), false, "grow", diagnostics);
  }
  growth.factor = read_number(factor, "factor", diagnostics, growth.factor);
  if (!(growth.factor > 1)) {
    diagnostics.error("value-range", factor.span(), fmt::format("factor must be above 1; found `{}`", factor.text()));
  }
  auto formula = read_formula(until, "until", diagnostics);
  if (at_most.defined()) {
    const auto quantity = quantity_in(read_string(at_most, "at_most", diagnostics));
    if (quantity) {
      growth.at_most = quantity->value();
    } else {
      diagnostics.error("yaml-type", at_most.span(), "at_most must be a number or a quantity such as `64 GiB`");
    }
  }
  if (!place || !formula) return;
  growth.place = std::move(*place);
  growth.until = std::move(*formula);
  formulas.growth = std::move(growth);
}

// Appends `one`, or puts it where the one with the same name stands.
template <class One, class NameOf>
void add_or_replace(const One& one, const NameOf& name_of, std::vector<One>& all) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const One& old) { return name_of(old) == name_of(one); });
  if (found == all.end()) {
    all.push_back(one);
  } else {
    *found = one;
  }
}

}  // namespace

Formulas read_formulas(YamlMap& map, Diagnostics& diagnostics) {
  Formulas formulas;
  read_lets(map.optional("let"), formulas, diagnostics);
  read_derivations(map.optional("derive"), formulas, diagnostics);
  read_growth(map.optional("grow"), formulas, diagnostics);
  return formulas;
}

void add_formulas(const Formulas& more, Formulas& formulas) {
  for (const Let& let : more.lets) {
    add_or_replace(
        let, [](const Let& one) -> const std::string& { return one.name.text; }, formulas.lets);
  }
  for (const Derivation& derivation : more.derivations) {
    add_or_replace(
        derivation, [](const Derivation& one) -> const std::string& { return one.place.key; }, formulas.derivations);
  }
  if (more.growth) formulas.growth = more.growth;
}

}  // namespace einloom
