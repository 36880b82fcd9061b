// SPDX-License-Identifier: Apache-2.0
#include "experiments/spec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

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

Setting with_value(const Setting& key, std::string value, const Span& span) {
  Setting setting = key;
  setting.value = std::move(value);
  setting.value_span = span;
  return setting;
}

void read_settings(const YamlNode& node, const std::string& what, std::vector<Setting>& settings,
                   Diagnostics& diagnostics) {
  if (!node.defined()) return;
  if (!node.is_map()) {
    YamlMap reported(node, what, diagnostics);
    return;
  }
  for (const YamlEntry& entry : node.entries()) {
    if (const auto key = read_key(entry, diagnostics)) {
      settings.push_back(with_value(*key, setting_value(entry.value), entry.value.span()));
    }
  }
}

std::string number_text(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) return fmt::format("{}", static_cast<std::int64_t>(value));
  return fmt::format("{}", value);
}

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
  if (!entry.value.is_sequence()) return {with_value(*key, setting_value(entry.value), entry.value.span())};
  for (const YamlNode& item : entry.value.items()) values.push_back(with_value(*key, setting_value(item), item.span()));
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

void read_filters(const YamlNode& node, Spec& spec, Diagnostics& diagnostics) {
  const std::vector<std::string> texts = read_names(node, "filter", diagnostics);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    try {
      spec.filters.push_back(
          ScalarExpression::parse(texts[i], node.is_sequence() ? node.items()[i].span() : node.span()));
    } catch (const UserError& error) {
      for (const Diagnostic& diagnostic : error.diagnostics()) diagnostics.add(diagnostic);
    }
  }
}

void read_sweep(const YamlNode& node, Spec& spec, Diagnostics& diagnostics) {
  if (!node.defined()) return;
  if (!node.is_map()) {
    YamlMap reported(node, "`sweep`", diagnostics);
    return;
  }
  for (const YamlEntry& entry : node.entries()) {
    if (entry.key == "filter") {
      read_filters(entry.value, spec, diagnostics);
    } else if (entry.key == "zip") {
      if (!entry.value.is_sequence()) read_zip(entry.value, spec.axes, diagnostics);
      for (const YamlNode& item : entry.value.items()) read_zip(item, spec.axes, diagnostics);
    } else {
      const std::vector<Setting> values = read_values(entry, diagnostics);
      if (values.empty()) continue;
      Axis axis{{entry.key}, {}};
      for (const Setting& value : values) axis.steps.push_back({value});
      spec.axes.push_back(std::move(axis));
    }
  }
  for (std::size_t i = 0; i < spec.axes.size(); ++i) {
    for (const std::string& key : spec.axes[i].keys) {
      for (std::size_t j = 0; j < i; ++j) {
        if (std::count(spec.axes[j].keys.begin(), spec.axes[j].keys.end(), key) == 0) continue;
        diagnostics.error("spec-swept-twice", spec.axes[i].steps[0][0].key_span,
                          fmt::format("`{}` is swept by an axis above; a key belongs to one axis", key));
      }
    }
  }
}

Name read_name(const YamlNode& node, const std::string& what, Diagnostics& diagnostics) {
  return Name{read_string(node, what, diagnostics), node.span()};
}

std::vector<Name> read_name_list(const YamlNode& node, const std::string& what, Diagnostics& diagnostics) {
  std::vector<Name> names;
  const std::vector<std::string> texts = read_names(node, what, diagnostics);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    names.push_back(Name{texts[i], node.is_sequence() ? node.items()[i].span() : node.span()});
  }
  return names;
}

void read_configurations(const YamlNode& node, Spec& spec, Diagnostics& diagnostics) {
  if (!node.defined()) return;
  if (!node.is_map()) {
    YamlMap reported(node, "`configurations`", diagnostics);
    return;
  }
  for (const YamlEntry& entry : node.entries()) {
    Configuration configuration;
    configuration.name = Name{entry.key, entry.key_span};
    YamlMap map(entry.value, fmt::format("configuration `{}`", entry.key), diagnostics);
    if (!entry.value.is_map()) continue;
    configuration.plan = read_name(map.require("plan"), "plan", diagnostics);
    const YamlNode cascade = map.optional("cascade");
    const YamlNode machine = map.optional("machine");
    if (cascade.defined()) configuration.cascade = read_name(cascade, "cascade", diagnostics);
    if (machine.defined()) configuration.machine = read_name(machine, "machine", diagnostics);
    read_settings(map.optional("set"), "`set`", configuration.settings, diagnostics);
    map.finish();
    spec.configurations.push_back(std::move(configuration));
  }
}

}  // namespace

Spec load_spec(const YamlNode& document) {
  Diagnostics diagnostics;
  Spec spec;
  spec.span = document.span();
  YamlMap map(document, "spec", diagnostics);
  spec.name = read_string(map.require("spec"), "spec", diagnostics);
  spec.description = read_string(map.optional("description"), "description", diagnostics);
  spec.models = read_name_list(map.optional("models"), "models", diagnostics);
  read_settings(map.optional("set"), "`set`", spec.settings, diagnostics);
  const YamlNode configurations = map.optional("configurations");
  read_configurations(configurations, spec, diagnostics);
  read_sweep(map.optional("sweep"), spec, diagnostics);
  for (const Name& name : read_name_list(map.optional("fidelities"), "fidelities", diagnostics)) {
    const auto fidelity = read_fidelity(name.text, name.span, diagnostics);
    if (fidelity && std::count(spec.fidelities.begin(), spec.fidelities.end(), *fidelity) == 0) {
      spec.fidelities.push_back(*fidelity);
    }
  }
  if (spec.fidelities.empty()) spec.fidelities = {Fidelity::cycle};
  const YamlNode dtype = map.optional("dtype");
  if (dtype.defined()) {
    spec.dtype =
        read_dtype(read_string(dtype, "dtype", diagnostics, "bf16"), dtype.span(), diagnostics).value_or(spec.dtype);
  }
  spec.includes = read_name_list(map.optional("include"), "include", diagnostics);
  map.finish();
  if (document.is_map() && spec.configurations.empty() && spec.includes.empty() && !configurations.defined()) {
    diagnostics.error("spec-empty", document.span(), "the spec runs nothing; it needs `configurations` or `include`");
  }
  diagnostics.throw_if_any();
  return spec;
}

std::vector<Spec> load_spec_tree(const Library& library, const std::string& reference, const Span& asked_at) {
  std::vector<Spec> specs;
  std::vector<std::string> done, open;
  const std::function<void(const std::string&, const Span&)> visit = [&](const std::string& name, const Span& where) {
    const std::string path = library.find(DocumentKind::spec, name, where).string();
    if (std::count(open.begin(), open.end(), path) > 0) {
      throw UserError(Diagnostic{"spec-include-cycle",
                                 fmt::format("`{}` is being included already; specs cannot include each other", name),
                                 where});
    }
    if (std::count(done.begin(), done.end(), path) > 0) return;
    open.push_back(path);
    Spec spec = load_spec(library.load(DocumentKind::spec, name, where));
    for (const Name& include : spec.includes) visit(include.text, include.span);
    open.pop_back();
    done.push_back(path);
    specs.push_back(std::move(spec));
  };
  visit(reference, asked_at);
  return specs;
}

}  // namespace einloom
