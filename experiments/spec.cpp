// SPDX-License-Identifier: Apache-2.0
#include "experiments/spec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/suggest.hpp"

namespace einloom {

namespace {

constexpr std::int64_t kMostRepeats = 1'000'000;

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

std::optional<Name> read_optional_name(const YamlNode& node, const std::string& what, Diagnostics& diagnostics) {
  if (!node.defined()) return std::nullopt;
  return read_name(node, what, diagnostics);
}

// Reports a node that should be a map, and says whether it is one.
bool is_map(const YamlNode& node, const std::string& what, Diagnostics& diagnostics) {
  if (!node.defined()) return false;
  if (!node.is_map()) {
    YamlMap reported(node, what, diagnostics);
  }
  return node.is_map();
}

// What a configuration says once for all its stages is their default.
void read_stages(const YamlNode& node, const Stage& common, Configuration& configuration, Diagnostics& diagnostics) {
  const std::string what = fmt::format("`stages` of `{}`", configuration.name.text);
  if (!is_map(node, what, diagnostics)) return;
  for (const YamlEntry& entry : node.entries()) {
    Stage stage = common;
    stage.name = Name{entry.key, entry.key_span};
    if (entry.key.empty() || entry.key == kTotal) {
      diagnostics.error(
          "stage-name", entry.key_span,
          fmt::format("a stage cannot be called `{}`; `{}` is the row that adds the stages up", entry.key, kTotal));
    }
    YamlMap map(entry.value, fmt::format("stage `{}`", entry.key), diagnostics);
    if (!entry.value.is_map()) continue;
    stage.plan = read_name(map.require("plan"), "plan", diagnostics);
    if (auto cascade = read_optional_name(map.optional("cascade"), "cascade", diagnostics)) stage.cascade = cascade;
    if (auto machine = read_optional_name(map.optional("machine"), "machine", diagnostics)) stage.machine = machine;
    read_settings(map.optional("set"), "`set`", stage.settings, diagnostics);
    stage.formulas = read_formulas(map, diagnostics);
    stage.repeat = read_integer(map.optional("repeat"), "repeat", diagnostics, 1, kMostRepeats, 1);
    map.finish();
    configuration.stages.push_back(std::move(stage));
  }
  if (node.entries().empty()) {
    diagnostics.error("stage-missing", node.span(), fmt::format("{} is empty; name a stage at least", what));
  }
}

void read_configurations(const YamlNode& node, Spec& spec, Diagnostics& diagnostics) {
  if (!is_map(node, "`configurations`", diagnostics)) return;
  for (const YamlEntry& entry : node.entries()) {
    Configuration configuration;
    configuration.name = Name{entry.key, entry.key_span};
    YamlMap map(entry.value, fmt::format("configuration `{}`", entry.key), diagnostics);
    if (!entry.value.is_map()) continue;
    Stage only;
    configuration.model = read_optional_name(map.optional("model"), "model", diagnostics);
    only.cascade = read_optional_name(map.optional("cascade"), "cascade", diagnostics);
    only.machine = read_optional_name(map.optional("machine"), "machine", diagnostics);
    read_settings(map.optional("set"), "`set`", configuration.settings, diagnostics);
    configuration.formulas = read_formulas(map, diagnostics);
    if (const YamlNode stages = map.optional("stages"); stages.defined()) {
      if (const YamlNode plan = map.optional("plan"); plan.defined()) {
        diagnostics.error("stage-and-plan", plan.span(),
                          fmt::format("configuration `{}` has `stages`, and each has its plan; drop one", entry.key));
      }
      read_stages(stages, only, configuration, diagnostics);
    } else {
      only.plan = read_name(map.require("plan"), "plan", diagnostics);
      configuration.stages.push_back(std::move(only));
    }
    map.finish();
    spec.configurations.push_back(std::move(configuration));
  }
}

// `read_sweep` comes before: conditions may name swept keys.
void read_condition(const YamlEntry& entry, const Spec& spec, Case& one, Diagnostics& diagnostics) {
  std::vector<std::string> known = {"configuration", "stage", "model", "fidelity", "seq_len"};
  for (const Axis& axis : spec.sweep.axes) known.insert(known.end(), axis.keys.begin(), axis.keys.end());
  if (std::count(known.begin(), known.end(), entry.key) == 0) {
    diagnostics
        .error("case-unknown-key", entry.key_span,
               fmt::format("`{}` is not swept here; a case depends on what tells points apart", entry.key))
        .with_help(suggestion(entry.key, known));
    return;
  }
  one.when.push_back({Name{entry.key, entry.key_span}, read_name_list(entry.value, entry.key, diagnostics)});
}

void read_cases(const YamlNode& node, Spec& spec, Diagnostics& diagnostics) {
  if (!node.defined()) return;
  if (!node.is_sequence()) {
    diagnostics.error("yaml-type", node.span(), "`cases` must be a list of `{when: …, set: …}`");
    return;
  }
  for (const YamlNode& item : node.items()) {
    YamlMap map(item, "case", diagnostics);
    if (!item.is_map()) continue;
    Case one;
    one.span = item.span();
    const YamlNode when = map.require("when");
    if (is_map(when, "`when`", diagnostics)) {
      one.span = when.span();
      for (const YamlEntry& entry : when.entries()) read_condition(entry, spec, one, diagnostics);
    }
    read_settings(map.require("set"), "`set`", one.settings, diagnostics);
    map.finish();
    spec.cases.push_back(std::move(one));
  }
}

void read_compare(const YamlNode& node, Spec& spec, Diagnostics& diagnostics) {
  if (!node.defined()) return;
  YamlMap map(node, "`compare`", diagnostics);
  if (!node.is_map()) return;
  const YamlNode baseline = map.require("baseline");
  map.finish();
  if (!baseline.defined()) return;
  spec.baseline = read_name(baseline, "baseline", diagnostics);
  std::vector<std::string> known;
  for (const Configuration& configuration : spec.configurations) known.push_back(configuration.name.text);
  if (std::count(known.begin(), known.end(), spec.baseline->text) > 0) return;
  diagnostics
      .error("unknown-configuration", baseline.span(),
             fmt::format("there is no configuration `{}`", spec.baseline->text))
      .with_help(suggestion(spec.baseline->text, known));
}

void read_pareto(const YamlNode& node, Spec& spec, Diagnostics& diagnostics) {
  if (!node.defined()) return;
  YamlMap map(node, "`pareto`", diagnostics);
  if (!node.is_map()) return;
  ParetoQuery query;
  for (Name& name : read_name_list(map.optional("minimize"), "minimize", diagnostics)) {
    query.objectives.push_back({std::move(name), false});
  }
  for (Name& name : read_name_list(map.optional("maximize"), "maximize", diagnostics)) {
    query.objectives.push_back({std::move(name), true});
  }
  query.per = read_name_list(map.optional("per"), "per", diagnostics);
  map.finish();
  if (query.objectives.empty()) {
    diagnostics.error("pareto-no-objective", node.span(),
                      "nothing is minimized or maximized; a front needs a column at least");
  }
  spec.pareto = std::move(query);
}

}  // namespace

Spec load_spec(const YamlNode& document) {
  Diagnostics diagnostics;
  Spec spec;
  spec.span = document.span();
  YamlMap map(document, "spec", diagnostics);
  const YamlNode name = map.require("spec");
  spec.name = read_string(name, "spec", diagnostics);
  spec.name_span = name.span();
  spec.description = read_string(map.optional("description"), "description", diagnostics);
  spec.models = read_name_list(map.optional("models"), "models", diagnostics);
  read_settings(map.optional("set"), "`set`", spec.settings, diagnostics);
  spec.formulas = read_formulas(map, diagnostics);
  const YamlNode configurations = map.optional("configurations");
  read_configurations(configurations, spec, diagnostics);
  read_sweep(map.optional("sweep"), spec.sweep, diagnostics);
  read_cases(map.optional("cases"), spec, diagnostics);
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
  read_compare(map.optional("compare"), spec, diagnostics);
  read_pareto(map.optional("pareto"), spec, diagnostics);
  spec.includes = read_name_list(map.optional("include"), "include", diagnostics);
  map.finish();
  if (document.is_map() && spec.configurations.empty() && spec.includes.empty() && !configurations.defined()) {
    diagnostics.error("spec-empty", document.span(), "the spec runs nothing; it needs `configurations` or `include`");
  }
  diagnostics.throw_if_any();
  return spec;
}

std::vector<Spec> load_spec_trees(const Library& library, const std::vector<Name>& references) {
  std::vector<Spec> specs;
  std::vector<std::string> done, open;
  const std::function<void(const Name&)> visit = [&](const Name& reference) {
    const std::string path = library.find(DocumentKind::spec, reference.text, reference.span).string();
    if (std::count(open.begin(), open.end(), path) > 0) {
      throw UserError(
          Diagnostic{"spec-include-cycle",
                     fmt::format("`{}` is being included already; specs cannot include each other", reference.text),
                     reference.span});
    }
    if (std::count(done.begin(), done.end(), path) > 0) return;
    open.push_back(path);
    Spec spec = load_spec(library.load(DocumentKind::spec, reference.text, reference.span));
    for (const Name& include : spec.includes) visit(include);
    open.pop_back();
    done.push_back(path);
    const auto same = std::find_if(specs.begin(), specs.end(), [&](const Spec& one) { return one.name == spec.name; });
    if (same != specs.end()) {
      Diagnostic error{"spec-name-twice",
                       fmt::format("a spec of this run is called `{}` already; rows are told apart by it", spec.name),
                       spec.name_span};
      throw UserError(error.note("the other one", same->name_span));
    }
    specs.push_back(std::move(spec));
  };
  for (const Name& reference : references) visit(reference);
  return specs;
}

std::vector<Spec> load_spec_tree(const Library& library, const std::string& reference, const Span& asked_at) {
  return load_spec_trees(library, {Name{reference, asked_at}});
}

}  // namespace einloom
