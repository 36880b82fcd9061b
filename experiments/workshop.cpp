// SPDX-License-Identifier: Apache-2.0
#include "experiments/workshop.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/suggest.hpp"
#include "experiments/cascade_choice.hpp"
#include "experiments/countable.hpp"
#include "mappings/default_plan/default_plan.hpp"

namespace einloom {

namespace {

// The part of a map or list that a path's step names; undefined when there is none.
YamlNode part_of(const YamlNode& node, const std::string& step) {
  if (node.is_map()) return node.find(step);
  std::size_t index = 0;
  const char* end = step.data() + step.size();
  const auto [stop, error] = std::from_chars(step.data(), end, index);
  const bool is_index = error == std::errc{} && stop == end && index < node.items().size();
  return node.is_sequence() && is_index ? node.items()[index] : YamlNode();
}

// Calls `visit(step, offset, is_last)` for the parts of a path until it returns false.
template <class Visit>
void walk(const std::string& path, const Visit& visit) {
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    if (!visit(path.substr(begin, end - begin), begin, end == path.size())) return;
    begin = end + 1;
  }
}

// Only the last key of a path may be new; a misspelt one would create something nobody asked for.
void require_place(const YamlNode& document, const Setting& setting) {
  YamlNode node = document;
  const std::size_t root = setting.key.size() - setting.path.size();
  walk(setting.path, [&](const std::string& step, std::size_t offset, bool is_last) {
    if (is_last || node.is_sequence() || node.is_scalar()) return false;  // with_override says what is wrong there
    const YamlNode part = part_of(node, step);
    if (!part.defined()) {
      std::vector<std::string> known;
      for (const YamlEntry& entry : node.entries()) known.push_back(entry.key);
      Diagnostic error{"setting-unknown-place",
                       fmt::format("`{}` is not there; only the last key of a path may be new", step),
                       setting.key_span.part(static_cast<int>(root + offset), static_cast<int>(step.size()))};
      throw UserError(error.with_help(suggestion(step, known)));
    }
    node = part;
    return true;
  });
}

// The name that the settings give the document, or `otherwise`.
Name reference_at(const Coordinates& at, SettingTarget target, Name otherwise) {
  for (const Setting& setting : at.settings) {
    if (setting.target == target && setting.path.empty()) otherwise = Name{setting.value, setting.value_span};
  }
  return otherwise;
}

// The document with the places that the settings set in it; a choice of a cascade's is one of those it has.
YamlNode with_settings(YamlNode document, const Coordinates& at, SettingTarget target) {
  for (const Setting& setting : at.settings) {
    if (setting.target != target || setting.path.empty()) continue;
    if (const std::optional<CascadeChoice> choice = choice_in(setting)) {
      document = with_choice(document, *choice);
      continue;
    }
    require_place(document, setting);
    const std::string& source = setting.key_span.file->path;
    const std::string root = setting.key.substr(0, setting.key.find('.'));
    const std::string origin =
        setting.from_command_line ? source + " " + root : fmt::format("{}:{} {}", source, setting.key_span.line, root);
    document = with_override(document, setting.path, setting.value, origin);
  }
  return document;
}

// What the default plan is for, when the point says so.
Name named_for_default(const Coordinates& at, SettingTarget target, const std::optional<Name>& named,
                       const std::string& kind, const Name& plan, Diagnostics& diagnostics) {
  const Name name = reference_at(at, target, named.value_or(Name{}));
  if (name.text.empty()) {
    diagnostics
        .error("default-plan-documents", plan.span,
               fmt::format("plan `{}` is made for a cascade and a machine; no {} is named", kDefaultPlan, kind))
        .with_help(fmt::format("add `{}: …` beside `plan`, or `--set {}=…`", kind, kind));
  }
  return name;
}

}  // namespace

const YamlNode* PointDocuments::document_of(const std::string& key) const {
  const std::string root = key.substr(0, key.find('.'));
  if (root == name_of(DocumentKind::cascade)) return &cascade;
  if (root == name_of(DocumentKind::machine)) return &machine;
  return root == name_of(DocumentKind::plan) ? &plan : nullptr;
}

std::optional<std::string> PointDocuments::text_at(const std::string& key) const {
  const YamlNode* document = document_of(key);
  const std::size_t dot = key.find('.');
  if (document == nullptr || dot == std::string::npos) return std::nullopt;
  YamlNode node = *document;
  walk(key.substr(dot + 1), [&](const std::string& step, std::size_t, bool) {
    node = part_of(node, step);
    return node.defined();
  });
  return node.is_scalar() ? std::optional(node.text()) : std::nullopt;
}

Workshop::Read<Cascade> Workshop::cascade(const YamlNode& document) {
  return read<Cascade>(cascades_, document, [&] { return load_cascade(document); });
}

Workshop::Read<Plan> Workshop::plan(const YamlNode& document) {
  return read<Plan>(plans_, document, [&] { return load_plan(document); });
}

Workshop::Read<Machine> Workshop::machine(const YamlNode& document) {
  Read<Machine> machine = read<Machine>(machines_, document, [&] {
    const auto finder = [&](DocumentKind kind) {
      return [&, kind](const std::string& name, const Span& asked_at) {
        const YamlNode part = library_.load(kind, name, asked_at);
        parts_[canonical_text(document)] += canonical_text(part);
        return part;
      };
    };
    return load_machine(document, finder(DocumentKind::technology), finder(DocumentKind::dram_timing));
  });
  machine.text += parts_[machine.text];
  return machine;
}

std::shared_ptr<const Model> Workshop::model(const Name& name) {
  const YamlNode document = library_.load(DocumentKind::model, name.text, name.span);
  return read<Model>(models_, document, [&] { return load_model(document); }).value;
}

PointDocuments Workshop::documents(const Coordinates& at, Extents extents) {
  const auto load = [&](DocumentKind kind, SettingTarget target, const Name& name) {
    return with_settings(library_.load(kind, name.text, name.span), at, target);
  };
  PointDocuments documents;
  const Name named = reference_at(at, SettingTarget::plan, at.stage->plan);
  Name for_cascade, for_machine;
  std::vector<CascadeChoice> choices;
  if (named.text == kDefaultPlan) {
    Diagnostics diagnostics;
    for_cascade = named_for_default(at, SettingTarget::cascade, at.stage->cascade, "cascade", named, diagnostics);
    for_machine = named_for_default(at, SettingTarget::machine, at.stage->machine, "machine", named, diagnostics);
    diagnostics.throw_if_any();
  } else {
    documents.plan = load(DocumentKind::plan, SettingTarget::plan, named);
    const std::shared_ptr<const Plan> plan = this->plan(documents.plan).value;
    for_cascade = reference_at(at, SettingTarget::cascade, at.stage->cascade.value_or(plan->cascade));
    for_machine = reference_at(at, SettingTarget::machine, at.stage->machine.value_or(plan->machine));
    for (const PlanOption& each : plan->options) {
      choices.push_back({ChoiceKind::option, each.option.text, each.value.text, each.option.span, each.value.span});
    }
  }
  if (at.model) choices.insert(choices.end(), at.model->choices.begin(), at.model->choices.end());
  documents.cascade =
      with_settings(with_choices(library_.load(DocumentKind::cascade, for_cascade.text, for_cascade.span), choices), at,
                    SettingTarget::cascade);
  documents.machine = load(DocumentKind::machine, SettingTarget::machine, for_machine);
  if (named.text == kDefaultPlan && extents == Extents::known) {
    const std::shared_ptr<const Cascade> cascade = this->cascade(documents.cascade).value;
    const Shape workload = workload_of(*cascade, at);
    require_countable(*cascade, cascade->bind(workload, blamed(at)), blamed(at));
    const Plan plan = default_plan(*cascade, *machine(documents.machine).value, workload, at.dtype, named.span);
    documents.plan =
        with_settings(parse_yaml(source_from_text("default plan", print_plan(plan))), at, SettingTarget::plan);
  }
  return documents;
}

std::vector<std::string> workload_names(const Cascade& cascade) {
  std::vector<std::string> names;
  for (const RankDecl& rank : cascade.ranks()) names.push_back(rank.name);
  for (const ParameterDecl& parameter : cascade.parameters()) names.push_back(parameter.name);
  return names;
}

Shape workload_of(const Cascade& cascade, const Coordinates& at) {
  Shape workload;
  for (const std::string& name : workload_names(cascade)) {
    const auto extent = at.extents.find(name);
    if (extent != at.extents.end()) workload.set(name, extent->second);
  }
  return workload;
}

Span blamed(const Coordinates& at) {
  return at.configuration->is_staged() ? at.stage->name.span : at.configuration->name.span;
}

}  // namespace einloom
