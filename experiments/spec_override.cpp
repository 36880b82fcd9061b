// SPDX-License-Identifier: Apache-2.0
// What the command line does to specs: choosing configurations, models and fidelities, replacing or adding axes.
#include <fmt/format.h>

#include <algorithm>

#include "base/suggest.hpp"
#include "experiments/distinct_diagnostics.hpp"
#include "experiments/spec.hpp"

namespace einloom {

namespace {

std::vector<std::string> configuration_names(const std::vector<Spec>& specs) {
  std::vector<std::string> names;
  for (const Spec& spec : specs) {
    for (const Configuration& configuration : spec.configurations) {
      if (std::count(names.begin(), names.end(), configuration.name.text) == 0)
        names.push_back(configuration.name.text);
    }
  }
  return names;
}

void choose_configurations(std::vector<Spec>& specs, const std::vector<Setting>& values, Diagnostics& diagnostics) {
  const std::vector<std::string> known = configuration_names(specs);
  const auto wanted = [&](const std::string& name) {
    return std::any_of(values.begin(), values.end(), [&](const Setting& value) { return value.value == name; });
  };
  for (const Setting& value : values) {
    if (std::count(known.begin(), known.end(), value.value) > 0) continue;
    diagnostics
        .error("unknown-configuration", value.value_span, fmt::format("there is no configuration `{}`", value.value))
        .with_help(suggestion(value.value, known));
  }
  for (Spec& spec : specs) {
    spec.narrowed = true;
    std::erase_if(spec.configurations, [&](const Configuration& c) { return !wanted(c.name.text); });
  }
}

// New steps for a key that an axis has; false when no axis has it.
bool replace_axis(Spec& spec, const std::vector<Setting>& values, Diagnostics& diagnostics) {
  const std::string& key = values.front().key;
  for (Axis& axis : spec.sweep.axes) {
    const auto found = std::find(axis.keys.begin(), axis.keys.end(), key);
    if (found == axis.keys.end()) continue;
    spec.narrowed = true;
    const auto position = static_cast<std::size_t>(found - axis.keys.begin());
    if (axis.keys.size() == 1) axis.steps.assign(values.size(), std::vector<Setting>(1));
    if (values.size() != 1 && values.size() != axis.steps.size()) {
      diagnostics.error("setting-zip-length", values.front().value_span,
                        fmt::format("`{}` is zipped with keys of {} values; {} values do not fit", key,
                                    axis.steps.size(), values.size()));
      return true;
    }
    for (std::size_t i = 0; i < axis.steps.size(); ++i) {
      axis.steps[i][position] = values[values.size() == 1 ? 0 : i];
    }
    return true;
  }
  return false;
}

// `--set model=` replaces the spec's models. A configuration with a model of its own would run with it unasked, or with
// one it was not written for: it takes another only when the command line names it too.
void replace_models(Spec& spec, const std::vector<Setting>& values, bool named_configurations,
                    Diagnostics& diagnostics) {
  spec.narrowed = true;
  spec.models.clear();
  for (const Setting& value : values) spec.models.push_back(Name{value.value, value.value_span});
  std::vector<std::string> own;
  const Configuration* first = nullptr;
  for (Configuration& configuration : spec.configurations) {
    if (!configuration.model) continue;
    if (first == nullptr) first = &configuration;
    own.push_back(configuration.name.text);
    if (named_configurations) configuration.model.reset();
  }
  if (own.empty() || named_configurations) return;
  diagnostics
      .error("setting-own-model", values.front().value_span,
             own.size() == 1
                 ? fmt::format("configuration `{}` states a model of its own; only the spec's models are replaced",
                               own.front())
                 : fmt::format("{} configurations of `{}` state a model of their own, `{}` for one; only the spec's "
                               "models are replaced",
                               own.size(), spec.name, own.front()))
      .note("stated here", first->model->span)
      .with_help(
          fmt::format("name what shall run with `{}`: `--set configuration={}`", values.front().value, own.front()));
}

void override_spec(Spec& spec, const std::vector<Setting>& values, bool named_configurations,
                   Diagnostics& diagnostics) {
  switch (values.front().target) {
    case SettingTarget::configuration:
      return;
    case SettingTarget::model:
      replace_models(spec, values, named_configurations, diagnostics);
      return;
    case SettingTarget::fidelity:
      spec.narrowed = true;
      spec.fidelities.clear();
      for (const Setting& value : values) {
        const auto fidelity = read_fidelity(value.value, value.value_span, diagnostics);
        if (fidelity) spec.fidelities.push_back(*fidelity);
      }
      return;
    default:
      break;
  }
  if (replace_axis(spec, values, diagnostics)) return;
  if (values.front().target == SettingTarget::seq_len) spec.narrowed = true;
  if (values.size() == 1) {
    spec.overrides.push_back(values.front());
    return;
  }
  Axis axis{{values.front().key}, {}};
  for (const Setting& value : values) axis.steps.push_back({value});
  spec.sweep.axes.push_back(std::move(axis));
}

}  // namespace

void override_specs(std::vector<Spec>& specs, const std::vector<std::vector<Setting>>& settings) {
  DistinctDiagnostics distinct;  // every spec would say the same
  const bool named_configurations = std::any_of(settings.begin(), settings.end(), [](const auto& values) {
    return values.front().target == SettingTarget::configuration;
  });
  for (const std::vector<Setting>& values : settings) {
    distinct.collect([&] {
      Diagnostics diagnostics;
      if (values.front().target == SettingTarget::configuration) choose_configurations(specs, values, diagnostics);
      diagnostics.throw_if_any();
    });
    for (Spec& spec : specs) {
      distinct.collect([&] {
        Diagnostics diagnostics;
        override_spec(spec, values, named_configurations, diagnostics);
        diagnostics.throw_if_any();
      });
    }
  }
  distinct.throw_if_any();
}

}  // namespace einloom
