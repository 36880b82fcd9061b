// SPDX-License-Identifier: Apache-2.0
#include "experiments/space.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "base/suggest.hpp"
#include "experiments/distinct_diagnostics.hpp"

namespace einloom {

namespace {

constexpr std::size_t kMostPoints = 1'000'000;

void set_model_extent(const Setting& setting, Coordinates& at, Diagnostics& diagnostics) {
  std::vector<std::string> known;
  if (at.model) {
    for (const auto& [rank, extent] : at.model->extents) known.push_back(rank);
  }
  const auto found = at.extents.find(setting.path);
  if (found == at.extents.end()) {
    diagnostics
        .error("setting-unknown-key", setting.key_span,
               at.model ? fmt::format("model `{}` states no extent `{}`", at.model->name, setting.path)
                        : fmt::format("`{}` changes a model, but the spec names none", setting.key))
        .with_help(at.model ? suggestion(setting.path, known) : "");
    return;
  }
  found->second = setting_extent(setting, diagnostics);
}

// Extents, sequence length and dtype of a point from its model and settings.
void settle(Coordinates& at) {
  Diagnostics diagnostics;
  at.dtype = at.spec->dtype;
  if (at.model) at.extents = at.model->extents;
  std::optional<Setting> seq_len;
  for (const Setting& setting : at.settings) {
    switch (setting.target) {
      case SettingTarget::model_extent:
        set_model_extent(setting, at, diagnostics);
        break;
      case SettingTarget::seq_len:
        seq_len = setting;
        break;
      case SettingTarget::extent:
        at.explicit_extents[setting.key] = setting;
        break;
      case SettingTarget::dtype:
        at.dtype = read_dtype(setting.value, setting.value_span, diagnostics).value_or(at.dtype);
        break;
      default:
        break;
    }
  }
  if (seq_len) {
    at.seq_len = setting_extent(*seq_len, diagnostics);
    if (!at.model || at.model->from_seq_len.empty()) {
      diagnostics.error(
          "setting-needs-model", seq_len->key_span,
          at.model ? fmt::format("model `{}` has no ranks `from_seq_len`; `seq_len` sets nothing", at.model->name)
                   : "the spec names no model; `seq_len` sets the ranks that a model lists");
    } else {
      for (const std::string& rank : at.model->from_seq_len) at.extents[rank] = *at.seq_len;
    }
  }
  for (const auto& [rank, setting] : at.explicit_extents) at.extents[rank] = setting_extent(setting, diagnostics);
  diagnostics.throw_if_any();
}

// Names a filter may use: swept keys, extents, seq_len.
std::optional<double> value_of(const Coordinates& at, const std::string& name) {
  if (name == "seq_len" && at.seq_len) return static_cast<double>(*at.seq_len);
  const auto extent = at.extents.find(name);
  if (extent != at.extents.end()) return static_cast<double>(extent->second);
  for (const Setting& setting : at.swept) {
    if (setting.key != name) continue;
    char* end = nullptr;
    const double value = std::strtod(setting.value.c_str(), &end);
    if (end == setting.value.c_str() + setting.value.size()) return value;
  }
  return std::nullopt;
}

bool passes(const Coordinates& at) {
  std::vector<std::string> known;
  for (const auto& [rank, extent] : at.extents) known.push_back(rank);
  for (const Setting& setting : at.swept) known.push_back(setting.key);
  for (const ScalarExpression& filter : at.spec->filters) {
    if (!(filter.evaluate([&](const std::string& name) { return value_of(at, name); }, known) > 0)) return false;
  }
  return true;
}

}  // namespace

std::vector<Coordinates> expand(const Spec& spec, const std::vector<std::shared_ptr<const Model>>& models) {
  std::size_t steps = 1;
  for (const Axis& axis : spec.axes) {
    steps *= axis.steps.size();
    if (steps > kMostPoints) break;
  }
  const std::vector<std::shared_ptr<const Model>> none(1);
  const auto& over = models.empty() ? none : models;
  const std::size_t count = steps * spec.configurations.size() * over.size() * spec.fidelities.size();
  if (steps > kMostPoints || count > kMostPoints) {
    throw UserError(Diagnostic{
        "spec-too-many-points",
        fmt::format("the spec has more than {} points; a run takes at most that many", kMostPoints), spec.span});
  }
  DistinctDiagnostics distinct;
  std::vector<Coordinates> points;
  for (const Configuration& configuration : spec.configurations) {
    for (const std::shared_ptr<const Model>& model : over) {
      for (std::size_t step = 0; step < steps; ++step) {
        Coordinates at;
        at.spec = &spec;
        at.configuration = &configuration;
        at.model = model;
        std::size_t rest = step, block = steps;
        for (const Axis& axis : spec.axes) {
          block /= axis.steps.size();
          for (const Setting& setting : axis.steps[rest / block]) at.swept.push_back(setting);
          rest %= block;
        }
        for (const std::vector<Setting>* list :
             {&spec.settings, &configuration.settings, static_cast<const std::vector<Setting>*>(&at.swept),
              &spec.overrides}) {
          at.settings.insert(at.settings.end(), list->begin(), list->end());
        }
        bool kept = false;
        if (!distinct.collect([&] {
              settle(at);
              kept = passes(at);
            })) {
          continue;
        }
        if (!kept) continue;
        for (const Fidelity fidelity : spec.fidelities) {
          at.fidelity = fidelity;
          points.push_back(at);
        }
      }
    }
  }
  distinct.throw_if_any();
  return points;
}

}  // namespace einloom
