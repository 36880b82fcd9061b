// SPDX-License-Identifier: Apache-2.0
#include "experiments/space.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "base/suggest.hpp"
#include "experiments/cascade_choice.hpp"
#include "experiments/cases.hpp"
#include "experiments/distinct_diagnostics.hpp"
#include "experiments/named_values.hpp"
#include "experiments/seq_len.hpp"

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

// An extent is a number, or a formula over the other extents.
void set_explicit_extents(Coordinates& at, Diagnostics& diagnostics) {
  NamedValues values;
  if (at.seq_len) values.set("seq_len", static_cast<double>(*at.seq_len));
  for (const auto& [rank, extent] : at.extents) values.set(rank, static_cast<double>(extent));
  for (const auto& [rank, setting] : at.explicit_extents) {
    if (number_in(setting.value)) {
      values.set(rank, static_cast<double>(setting_extent(setting, diagnostics)));
    } else {
      values.set(rank, ScalarExpression::parse(setting.value, setting.value_span));
    }
  }
  for (const auto& [rank, setting] : at.explicit_extents) {
    const double value = values.find(rank).value_or(1);
    if (value == std::floor(value) && value >= 1 && value <= static_cast<double>(kLargestExtent)) {
      at.extents[rank] = static_cast<std::int64_t>(value);
      continue;
    }
    diagnostics.error("setting-not-integer", setting.value_span,
                      fmt::format("`{}` is {} = {}; it must be an integer from 1 to {}", rank, setting.value,
                                  number_text(value), kLargestExtent));
  }
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
      case SettingTarget::dtype:
        at.dtype = read_dtype(setting.value, setting.value_span, diagnostics).value_or(at.dtype);
        break;
      default:
        break;
    }
  }
  if (!seq_len && at.model && at.model->seq_len) {
    at.seq_len = at.model->seq_len;
    for (const std::string& rank : at.model->from_seq_len) at.extents[rank] = *at.seq_len;
  }
  if (seq_len) {
    at.seq_len = setting_extent(*seq_len, diagnostics);
    if (require_seq_len_ranks(*seq_len, at.model.get(),
                              "the spec names no model; `seq_len` sets the ranks that a model lists", diagnostics)) {
      for (const std::string& rank : at.model->from_seq_len) at.extents[rank] = *at.seq_len;
    }
  }
  // Of a parameter's two keys the later one holds.
  for (const Setting& setting : at.settings) {
    if (setting.target == SettingTarget::extent) at.explicit_extents[setting.key] = setting;
    set_parameter_extent(setting, at);
  }
  set_explicit_extents(at, diagnostics);
  diagnostics.throw_if_any();
}

// Names a filter may use: swept keys, extents, seq_len.
std::optional<double> value_of(const Coordinates& at, const std::string& name) {
  if (name == "seq_len" && at.seq_len) return static_cast<double>(*at.seq_len);
  const auto extent = at.extents.find(name);
  if (extent != at.extents.end()) return static_cast<double>(extent->second);
  for (const Setting& setting : at.swept) {
    if (setting.key != name) continue;
    if (const std::optional<double> value = number_in(setting.value)) return value;
  }
  return std::nullopt;
}

bool passes(const Coordinates& at) {
  std::vector<std::string> known;
  for (const auto& [rank, extent] : at.extents) known.push_back(rank);
  for (const Setting& setting : at.swept) known.push_back(setting.key);
  for (const ScalarExpression& filter : at.spec->sweep.filters) {
    if (!(filter.evaluate([&](const std::string& name) { return value_of(at, name); }, known) > 0)) return false;
  }
  return true;
}

// The swept settings of the step with this number, the last axis varying fastest.
std::vector<Setting> settings_of_step(const std::vector<Axis>& axes, std::size_t step, std::size_t steps) {
  std::vector<Setting> settings;
  for (const Axis& axis : axes) {
    steps /= axis.steps.size();
    for (const Setting& setting : axis.steps[step / steps]) settings.push_back(setting);
    step %= steps;
  }
  return settings;
}

// What cases may ask about; `settings` are those that hold without them.
Facts facts_of(const Coordinates& at, const std::vector<const std::vector<Setting>*>& settings) {
  Facts facts;
  facts["configuration"] = at.configuration->name.text;
  if (at.configuration->is_staged()) facts["stage"] = at.stage->name.text;
  if (at.model) facts["model"] = at.model->name;
  facts["fidelity"] = name_of(at.fidelity);
  for (const std::vector<Setting>* list : settings) {
    for (const Setting& setting : *list) {
      if (setting.target == SettingTarget::seq_len) facts["seq_len"] = setting.value;
    }
  }
  for (const Setting& setting : at.swept) facts[setting.key] = setting.value;
  return facts;
}

class Expansion {
 public:
  explicit Expansion(const Spec& spec) : spec_(spec), audit_(spec.cases) {}

  // All stages at one place; nothing when one of them fails or is filtered.
  void add(const Coordinates& common) {
    std::vector<Coordinates> stages;
    std::vector<Facts> facts;
    bool kept = true;
    for (const Stage& stage : common.configuration->stages) {
      Coordinates at = common;
      at.stage = &stage;
      at.group = groups_;
      const std::vector<const std::vector<Setting>*> before = {&spec_.settings, &at.configuration->settings,
                                                               &stage.settings};
      const std::vector<const std::vector<Setting>*> after = {&common.swept, &spec_.overrides};
      for (const std::vector<Setting>* list : before) append(*list, at);
      if (!spec_.cases.empty()) {
        std::vector<const std::vector<Setting>*> all = before;
        all.insert(all.end(), after.begin(), after.end());
        facts.push_back(facts_of(at, all));
        audit_.offered(facts.back());
        for (const Case& one : spec_.cases) {
          if (holds(one, facts.back())) append(one.settings, at);
        }
      }
      append(common.swept, at);
      at.first_override = at.settings.size();
      append(spec_.overrides, at);
      const bool settled = distinct_.collect([&] {
        settle(at);
        kept = passes(at) && kept;
      });
      kept = settled && kept;
      stages.push_back(std::move(at));
    }
    if (!kept) return;
    ++groups_;
    for (const Facts& one : facts) audit_.kept(one);
    points_.insert(points_.end(), std::make_move_iterator(stages.begin()), std::make_move_iterator(stages.end()));
  }

  std::vector<Coordinates> take() {
    if (distinct_.empty() && !spec_.narrowed) audit_.report(distinct_);
    distinct_.throw_if_any();
    return std::move(points_);
  }

 private:
  static void append(const std::vector<Setting>& settings, Coordinates& at) {
    at.settings.insert(at.settings.end(), settings.begin(), settings.end());
  }

  const Spec& spec_;
  CaseAudit audit_;
  DistinctDiagnostics distinct_;
  std::vector<Coordinates> points_;
  std::size_t groups_ = 0;
};

}  // namespace

std::string parameter_set_by(const Setting& setting) {
  if (setting.target == SettingTarget::extent) return setting.key;
  const std::optional<CascadeChoice> choice = choice_in(setting);
  return choice && choice->kind == ChoiceKind::parameter ? choice->name : "";
}

void set_parameter_extent(const Setting& setting, Coordinates& at) {
  const std::string name = parameter_set_by(setting);
  if (setting.target != SettingTarget::cascade || name.empty()) return;
  at.explicit_extents.erase(name);
  at.extents.erase(name);
  const double value = number_in(setting.value).value_or(0);
  if (value == std::floor(value) && value >= 1 && value <= static_cast<double>(kLargestExtent)) {
    at.extents[name] = static_cast<std::int64_t>(value);
  }
}

std::vector<Coordinates> expand(const Spec& spec, const std::vector<std::shared_ptr<const Model>>& models,
                                const std::map<std::string, std::shared_ptr<const Model>>& own) {
  std::size_t steps = 1;
  for (const Axis& axis : spec.sweep.axes) {
    steps *= axis.steps.size();
    if (steps > kMostPoints) break;
  }
  const std::vector<std::shared_ptr<const Model>> none(1);
  const auto& over = models.empty() ? none : models;
  std::size_t stages = 0;
  for (const Configuration& configuration : spec.configurations) stages += configuration.stages.size();
  const std::size_t count = steps * stages * over.size() * spec.fidelities.size();
  if (steps > kMostPoints || count > kMostPoints) {
    throw UserError(Diagnostic{
        "spec-too-many-points",
        fmt::format("the spec has more than {} points; a run takes at most that many", kMostPoints), spec.span});
  }
  Expansion expansion(spec);
  for (const Configuration& configuration : spec.configurations) {
    std::vector<std::shared_ptr<const Model>> its = over;
    if (configuration.model) its = {own.at(configuration.model->text)};
    for (const std::shared_ptr<const Model>& model : its) {
      for (std::size_t step = 0; step < steps; ++step) {
        Coordinates at;
        at.spec = &spec;
        at.configuration = &configuration;
        at.model = model;
        at.swept = settings_of_step(spec.sweep.axes, step, steps);
        for (const Fidelity fidelity : spec.fidelities) {
          at.fidelity = fidelity;
          expansion.add(at);
        }
      }
    }
  }
  return expansion.take();
}

}  // namespace einloom
