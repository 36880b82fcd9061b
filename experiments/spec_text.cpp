// SPDX-License-Identifier: Apache-2.0
#include "experiments/spec_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/text_table.hpp"

namespace einloom {

namespace {

using Align = TextTable::Align;

std::string axis_text(const Axis& axis) {
  std::string text;
  for (std::size_t k = 0; k < axis.keys.size(); ++k) {
    text += fmt::format("  {}{} =", k > 0 ? "  with " : "", axis.keys[k]);
    for (const std::vector<Setting>& step : axis.steps) text += " " + step[k].value;
    text += "\n";
  }
  return text;
}

std::string names_text(const std::vector<Name>& names) {
  std::string text;
  for (const Name& name : names) text += (text.empty() ? "" : ", ") + name.text;
  return text;
}

std::string settings_text(const std::vector<Setting>& settings) {
  std::string text;
  for (const Setting& setting : settings) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", setting.key, setting.value);
  }
  return text;
}

std::string formulas_text(const Formulas& formulas, const std::string& where) {
  std::string text;
  for (const Let& let : formulas.lets)
    text += fmt::format("  {}let {} = {}\n", where, let.name.text, let.formula.text());
  for (const Derivation& one : formulas.derivations) {
    text += fmt::format("  {}derive {} = {}\n", where, one.place.key, one.formula.text());
  }
  if (formulas.growth) {
    const Growth& growth = *formulas.growth;
    text +=
        fmt::format("  {}grow {} by {} until {} >= 0{}\n", where, growth.place.key, number_text(growth.factor),
                    growth.until.text(), growth.at_most ? ", at most " + number_text(*growth.at_most) : std::string());
  }
  return text;
}

std::string case_text(const Case& one) {
  std::string text;
  for (const Condition& condition : one.when) {
    text += fmt::format("{}{} is {}", text.empty() ? "" : ", ", condition.key.text, names_text(condition.values));
  }
  return fmt::format("  where {}: {}\n", text, settings_text(one.settings));
}

std::string pareto_text(const ParetoQuery& query) {
  std::string text = "  Pareto front of";
  for (const Objective& objective : query.objectives) {
    text += fmt::format("{} {} {}", &objective == &query.objectives.front() ? "" : ",",
                        objective.maximize ? "largest" : "least", objective.column.text);
  }
  if (!query.per.empty()) text += fmt::format(" per {}", names_text(query.per));
  return text + "\n";
}

}  // namespace

std::string spec_text(const Spec& spec) {
  std::string text = fmt::format("spec {}\n", spec.name);
  if (!spec.description.empty()) text += fmt::format("  {}\n", spec.description);
  if (!spec.includes.empty()) text += fmt::format("  includes {}\n", names_text(spec.includes));
  if (!spec.models.empty()) text += fmt::format("  models {}\n", names_text(spec.models));
  const bool own_models = std::any_of(spec.configurations.begin(), spec.configurations.end(),
                                      [](const Configuration& one) { return one.model.has_value(); });
  std::size_t points = spec.fidelities.size();
  std::size_t stages = 0;  // with every model
  if (!spec.settings.empty()) text += fmt::format("  set {}\n", settings_text(spec.settings));
  if (!spec.configurations.empty()) {
    TextTable table;
    table.add_column("configuration", Align::left);
    table.add_column("stage", Align::left);
    if (own_models) table.add_column("model", Align::left);
    table.add_column("plan", Align::left);
    table.add_column("times");
    table.add_column("set", Align::left);
    for (const Configuration& configuration : spec.configurations) {
      stages += configuration.stages.size() * (configuration.model ? 1 : std::max<std::size_t>(1, spec.models.size()));
      const std::string model = configuration.model ? configuration.model->text : "";
      const auto add_row = [&](std::vector<std::string> cells, const std::string& its_model) {
        if (own_models) cells.insert(cells.begin() + 2, its_model);
        table.add_row(std::move(cells));
      };
      if (configuration.is_staged()) {
        add_row({configuration.name.text, "", "", "", settings_text(configuration.settings)}, model);
      }
      for (const Stage& stage : configuration.stages) {
        std::vector<Setting> set = stage.settings;
        if (!configuration.is_staged()) set = configuration.settings;
        add_row({configuration.is_staged() ? "" : configuration.name.text, stage.name.text, stage.plan.text,
                 stage.repeat == 1 ? "" : fmt::format("{}", stage.repeat), settings_text(set)},
                configuration.is_staged() ? "" : model);
      }
    }
    text += "\n" + table.text(2);
  }
  points *= stages;
  text += formulas_text(spec.formulas, "");
  for (const Configuration& configuration : spec.configurations) {
    text += formulas_text(configuration.formulas, configuration.name.text + ": ");
    for (const Stage& stage : configuration.stages) {
      text += formulas_text(stage.formulas, fmt::format("{}, {}: ", configuration.name.text, stage.name.text));
    }
  }
  for (const Case& one : spec.cases) text += case_text(one);
  if (!spec.sweep.axes.empty()) text += "\n  swept, the last one fastest:\n";
  for (const Axis& axis : spec.sweep.axes) {
    text += "  " + axis_text(axis);
    points *= axis.steps.size();
  }
  for (const ScalarExpression& filter : spec.sweep.filters) text += fmt::format("  where {} > 0\n", filter.text());
  text += "\n  fidelities";
  for (const Fidelity fidelity : spec.fidelities) text += fmt::format(" {}", name_of(fidelity));
  text += fmt::format(", dtype {}; {} point{}{}\n", name_of(spec.dtype), points, points == 1 ? "" : "s",
                      spec.sweep.filters.empty() ? "" : " before filters");
  if (spec.baseline) text += fmt::format("  compared with {}\n", spec.baseline->text);
  if (spec.pareto) text += pareto_text(*spec.pareto);
  return text;
}

}  // namespace einloom
