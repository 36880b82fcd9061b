// SPDX-License-Identifier: Apache-2.0
#include "experiments/derivation.hpp"

#include <algorithm>
#include <map>

#include "experiments/quantity_text.hpp"

namespace einloom {

namespace {

std::string last_part(const std::string& key) { return key.substr(key.rfind('.') + 1); }

void add_settings(const Coordinates& at, NamedValues& values) {
  std::map<std::string, std::string> by_key;  // the last setting of each key
  for (const Setting& setting : at.settings) {
    if (setting.target != SettingTarget::extent) by_key[setting.key] = setting.value;
  }
  std::map<std::string, std::size_t> keys_ending;
  for (const auto& [key, text] : by_key) ++keys_ending[last_part(key)];
  for (const auto& [key, text] : by_key) {
    const auto quantity = quantity_in(text);
    if (!quantity) continue;
    if (keys_ending[last_part(key)] == 1) values.set(last_part(key), quantity->value());
  }
  for (const auto& [key, text] : by_key) {
    if (const auto quantity = quantity_in(text)) values.set(key, quantity->value());
  }
}

}  // namespace

NamedValues values_at(const Coordinates& at, const Formulas& formulas, const DocumentText& text_at) {
  NamedValues values;
  add_settings(at, values);
  if (at.seq_len) values.set("seq_len", static_cast<double>(*at.seq_len));
  for (const auto& [rank, extent] : at.extents) values.set(rank, static_cast<double>(extent));
  for (const Let& let : formulas.lets) values.set(let.name.text, let.formula);
  values.set_lookup([text_at](const std::string& name) -> std::optional<double> {
    const auto text = text_at(name);
    const auto quantity = text ? quantity_in(*text) : std::nullopt;
    return quantity ? std::optional(quantity->value()) : std::nullopt;
  });
  return values;
}

bool is_overridden(const Coordinates& at, const Setting& place) {
  const std::string& key = place.key;
  const std::string parameter = parameter_set_by(place);
  return std::any_of(at.settings.begin(), at.settings.end(), [&](const Setting& setting) {
    if (!setting.from_command_line) return false;
    return setting.key == key || (!parameter.empty() && parameter_set_by(setting) == parameter);
  });
}

void derive(const Formulas& formulas, const DocumentText& text_at, Coordinates& at) {
  for (const Derivation& derivation : formulas.derivations) {
    Setting setting = derivation.place;
    if (is_overridden(at, setting)) continue;
    const double value = values_at(at, formulas, text_at).evaluate(derivation.formula);
    setting.value = number_text(value);
    setting.value_span = derivation.formula.span();
    at.derived.emplace_back(setting.key, setting.value);
    if (setting.target == SettingTarget::extent) {
      Diagnostics diagnostics;
      at.extents[setting.key] = setting_extent(setting, diagnostics);
      diagnostics.throw_if_any();
      at.explicit_extents[setting.key] = setting;
    } else if (const auto text = text_at(setting.key)) {
      const auto quantity = quantity_in(*text);
      if (quantity) setting.value = quantity_text(value, quantity->base_unit);
    }
    set_parameter_extent(setting, at);
    at.add_before_overrides(std::move(setting));
  }
}

}  // namespace einloom
