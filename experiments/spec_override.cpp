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

void override_spec(Spec& spec, const std::vector<Setting>& values, Diagnostics& diagnostics) {
  switch (values.front().target) {
    case SettingTarget::configuration:
      return;
    case SettingTarget::model:
      spec.narrowed = true;
      spec.models.clear();
      for (const Setting& value : values) spec.models.push_back(Name{value.value, value.value_span});
      for (Configuration& configuration : spec.configurations) configuration.model.reset();
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
  for (const std::vector<Setting>& values : settings) {
    distinct.collect([&] {
      Diagnostics diagnostics;
      if (values.front().target == SettingTarget::configuration) choose_configurations(specs, values, diagnostics);
      diagnostics.throw_if_any();
    });
    for (Spec& spec : specs) {
      distinct.collect([&] {
        Diagnostics diagnostics;
        override_spec(spec, values, diagnostics);
        diagnostics.throw_if_any();
      });
    }
  }
  distinct.throw_if_any();
}

}  // namespace einloom
