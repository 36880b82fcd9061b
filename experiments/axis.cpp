// SPDX-License-Identifier: Apache-2.0
#include "experiments/axis.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace einloom {

namespace {

constexpr std::size_t kMostSteps = 100'000;

bool chosen_elsewhere(SettingTarget target) {
  return target == SettingTarget::model || target == SettingTarget::configuration || target == SettingTarget::fidelity;
}

// A key inside `set` or `sweep`.
std::optional<Setting> read_key(const YamlEntry& entry, Diagnostics& diagnostics) {
  std::optional<Setting> setting = setting_for(entry.key, entry.key_span, diagnostics);
  if (setting && chosen_elsewhere(setting->target)) {
    const char* key = setting->target == SettingTarget::model           ? "models"
                      : setting->target == SettingTarget::configuration ? "configurations"
                                                                        : "fidelities";
    diagnostics
        .error("spec-misplaced-key", entry.key_span,
               fmt::format("`{}` is swept by the spec itself; it is not set here", entry.key))
        .with_help(fmt::format("list it under `{}`", key));
    return std::nullopt;
  }
  return setting;
}

// Extents are numbers or formulas; everything else is YAML.
std::string value_for(const Setting& key, const YamlNode& node) {
  return key.target == SettingTarget::extent && node.is_scalar() ? node.text() : setting_value(node);
}

Setting with_value(const Setting& key, std::string value, const Span& span) {
  Setting setting = key;
  setting.value = std::move(value);
  setting.value_span = span;
  return setting;
}

}  // namespace

void read_settings(const YamlNode& node, const std::string& what, std::vector<Setting>& settings,
                   Diagnostics& diagnostics) {
  if (!node.defined()) return;
  if (!node.is_map()) {
    YamlMap reported(node, what, diagnostics);
    return;
  }
  for (const YamlEntry& entry : node.entries()) {
    if (const auto key = read_key(entry, diagnostics)) {
      settings.push_back(with_value(*key, value_for(*key, entry.value), entry.value.span()));
    }
  }
}

namespace {

// {from, to, factor} or {from, to, step}, both ends included.
std::vector<Setting> read_range(const Setting& key, const YamlNode& node, Diagnostics& diagnostics) {
  const std::size_t errors = diagnostics.size();
  YamlMap map(node, fmt::format("range of `{}`", key.key), diagnostics);
  const double from = read_number(map.require("from"), "from", diagnostics, 1);
  const double to = read_number(map.require("to"), "to", diagnostics, 1);
  const YamlNode factor_node = map.optional("factor");
  const YamlNode step_node = map.optional("step");
  map.finish();
  if (factor_node.defined() == step_node.defined()) {
    diagnostics.error("spec-range", node.span(), "a range needs either `factor` or `step`; it has both or neither");
  }
  const double factor = read_number(factor_node, "factor", diagnostics, 2);
  const double step = read_number(step_node, "step", diagnostics, 1);
  if (diagnostics.size() > errors) return {};
  const bool geometric = factor_node.defined();
  if (to < from || (geometric ? factor <= 1 || from <= 0 : step <= 0)) {
    diagnostics.error(
        "spec-range", node.span(),
        fmt::format("the range from {} to {} never gets there; it must grow", number_text(from), number_text(to)));
    return {};
  }
  std::vector<Setting> steps;
  const double last = to * (1 + 1e-12);
  for (double value = from; value <= last; value = geometric ? value * factor : from + step * double(steps.size())) {
    if (steps.size() == kMostSteps) {
      diagnostics.error("spec-too-many-points", node.span(),
                        fmt::format("the range has more than {} values", kMostSteps));
      return {};
    }
    steps.push_back(with_value(key, number_text(value), node.span()));
  }
  return steps;
}

// A list, a range, or one value.
std::vector<Setting> read_values(const YamlEntry& entry, Diagnostics& diagnostics) {
  const auto key = read_key(entry, diagnostics);
  if (!key) return {};
  std::vector<Setting> values;
  if (entry.value.is_map() && entry.value.find("from").defined()) return read_range(*key, entry.value, diagnostics);
  if (!entry.value.is_sequence()) return {with_value(*key, value_for(*key, entry.value), entry.value.span())};
  for (const YamlNode& item : entry.value.items())
    values.push_back(with_value(*key, value_for(*key, item), item.span()));
  if (values.empty()) {
    diagnostics.error("spec-empty-axis", entry.value.span(),
                      fmt::format("`{}` has no values; a swept key needs at least one", entry.key));
  }
  return values;
}

// Keys that advance together.
void read_zip(const YamlNode& node, std::vector<Axis>& axes, Diagnostics& diagnostics) {
  if (!node.is_map()) {
    YamlMap reported(node, "`zip`", diagnostics);
    return;
  }
  Axis axis;
  bool complete = true;
  for (const YamlEntry& entry : node.entries()) {
    const std::vector<Setting> values = read_values(entry, diagnostics);
    complete = complete && !values.empty();
    if (!complete) continue;
    if (axis.keys.empty()) axis.steps.resize(values.size());
    if (values.size() != axis.steps.size()) {
      diagnostics.error("spec-zip-length", entry.value.span(),
                        fmt::format("`{}` has {} values and `{}` has {}; zipped keys need equally many", entry.key,
                                    values.size(), axis.keys.front(), axis.steps.size()));
      continue;
    }
    axis.keys.push_back(entry.key);
    for (std::size_t i = 0; i < values.size(); ++i) axis.steps[i].push_back(values[i]);
  }
  if (complete && !axis.keys.empty()) axes.push_back(std::move(axis));
}

void read_filters(const YamlNode& node, Sweep& sweep, Diagnostics& diagnostics) {
  const std::vector<std::string> texts = read_names(node, "filter", diagnostics);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    try {
      sweep.filters.push_back(
          ScalarExpression::parse(texts[i], node.is_sequence() ? node.items()[i].span() : node.span()));
    } catch (const UserError& error) {
      for (const Diagnostic& diagnostic : error.diagnostics()) diagnostics.add(diagnostic);
    }
  }
}

}  // namespace

void read_sweep(const YamlNode& node, Sweep& sweep, Diagnostics& diagnostics) {
  if (!node.defined()) return;
  if (!node.is_map()) {
    YamlMap reported(node, "`sweep`", diagnostics);
    return;
  }
  for (const YamlEntry& entry : node.entries()) {
    if (entry.key == "filter") {
      read_filters(entry.value, sweep, diagnostics);
    } else if (entry.key == "zip") {
      if (!entry.value.is_sequence()) read_zip(entry.value, sweep.axes, diagnostics);
      for (const YamlNode& item : entry.value.items()) read_zip(item, sweep.axes, diagnostics);
    } else {
      const std::vector<Setting> values = read_values(entry, diagnostics);
      if (values.empty()) continue;
      Axis axis{{entry.key}, {}};
      for (const Setting& value : values) axis.steps.push_back({value});
      sweep.axes.push_back(std::move(axis));
    }
  }
  for (std::size_t i = 0; i < sweep.axes.size(); ++i) {
    for (const std::string& key : sweep.axes[i].keys) {
      for (std::size_t j = 0; j < i; ++j) {
        if (std::count(sweep.axes[j].keys.begin(), sweep.axes[j].keys.end(), key) == 0) continue;
        diagnostics.error("spec-swept-twice", sweep.axes[i].steps[0][0].key_span,
                          fmt::format("`{}` is swept by an axis above; a key belongs to one axis", key));
      }
    }
  }
}

}  // namespace einloom
