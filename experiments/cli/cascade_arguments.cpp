// SPDX-License-Identifier: Apache-2.0
#include "experiments/cli/cascade_arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/suggest.hpp"
#include "experiments/cascade_check.hpp"
#include "experiments/seq_len.hpp"

namespace einloom::cli {

std::vector<Setting> read_cascade_settings(const std::vector<std::string>& texts, const CascadeCommand& command) {
  std::vector<Setting> settings;
  for (const std::string& text : texts) {
    const std::vector<Setting> values = parse_command_line_setting(text);
    const Setting& setting = values.front();
    if (values.size() > 1) {
      throw UserError(
          Diagnostic{"setting-syntax",
                     fmt::format("`{}` has {} values; {} runs at one shape", setting.key, values.size(), command.noun),
                     values[1].value_span});
    }
    const bool known = setting.target == SettingTarget::extent ||
                       (setting.target == SettingTarget::cascade && !setting.path.empty()) ||
                       setting.target == SettingTarget::seq_len ||
                       (setting.target == SettingTarget::machine && !setting.path.empty() && command.takes_machine);
    if (!known) {
      throw UserError(Diagnostic{"setting-unknown-key",
                                 fmt::format("`{}` means nothing to {}; it knows extents, parameters, `seq_len`{} and "
                                             "`cascade.` paths",
                                             setting.key, command.noun, command.takes_machine ? ", `machine.`" : ""),
                                 setting.key_span});
    }
    settings.push_back(setting);
  }
  return settings;
}

void add_model_option(CLI::App& command, std::string& name) {
  add_option(command, "--model", name,
             "Takes extents, options and constants from a model, parameters from the cascade, instead of small "
             "ones; --set seq_len=N where the model leaves the sequence length open")
      .placeholder("NAME");
}

std::optional<Model> named_model(const Library& library, const std::string& name, const CommandLine& command_line) {
  if (name.empty()) return std::nullopt;
  return load_model(library.load(DocumentKind::model, name, command_line.span_of(name)));
}

Span span_of_extents(const std::vector<Setting>& settings, const Span& where) {
  Span span = where;
  double largest = 0;
  for (const Setting& setting : settings) {
    if (setting.target != SettingTarget::extent) continue;
    const double extent = number_in(setting.value).value_or(0);
    if (extent <= largest) continue;
    largest = extent;
    span = setting.key_span;
  }
  return span;
}

void require_settings_used(const std::vector<YamlNode>& cascades, const std::vector<Setting>& settings) {
  Diagnostics diagnostics;
  for (const Setting& setting : settings) {
    const std::optional<CascadeChoice> choice = choice_in(setting);
    const bool extent = setting.target == SettingTarget::extent;
    if (!extent && !choice) continue;
    std::set<std::string> known;
    bool used = false;
    for (const YamlNode& cascade : cascades) {
      if (choice) {
        used = used || has_choice(cascade, *choice);
        for (const YamlEntry& entry : declared_choices(cascade, choice->kind).entries()) known.insert(entry.key);
        continue;
      }
      for (const YamlNode& rank : cascade.find("ranks").items()) known.insert(rank.text());
      for (const YamlEntry& entry : cascade.find("parameters").entries()) known.insert(entry.key);
    }
    const std::string name = choice ? choice->name : setting.key;
    if (used || (extent && known.contains(name))) continue;
    const std::string noun = choice ? noun_of(choice->kind) : "rank or parameter";
    // A value that no option of this name has.
    const bool is_value = choice && known.contains(name);
    diagnostics
        .error(choice ? "cascade-unknown-choice" : "setting-unknown-key",
               is_value ? setting.value_span : setting.key_span,
               is_value ? fmt::format("none of these cascades has the value `{}` of option `{}`", setting.value, name)
                        : fmt::format("none of these cascades has the {} `{}`", noun, name))
        .with_help(known.empty() || is_value ? "" : suggestion(name, {known.begin(), known.end()}));
  }
  diagnostics.throw_if_any();
}

Cascade load_cascade_with(const Library& library, const std::string& reference, const Span& where,
                          const std::vector<Setting>& settings, const std::optional<Model>& model, bool every) {
  return load_cascade(cascade_document(library, reference, where, settings, model, every));
}

YamlNode cascade_document(const Library& library, const std::string& reference, const Span& where,
                          const std::vector<Setting>& settings, const std::optional<Model>& model, bool every) {
  YamlNode document = library.load(DocumentKind::cascade, reference, where);
  for (const CascadeChoice& choice : model ? model->choices : std::vector<CascadeChoice>{}) {
    if (every || has_choice(document, choice)) document = with_choice(document, choice);
  }
  for (const Setting& setting : settings) {
    if (setting.target != SettingTarget::cascade) continue;
    const std::optional<CascadeChoice> choice = choice_in(setting);
    if (!choice) {
      document = with_override(document, setting.path, setting.value, "--set cascade");
    } else if (every || has_choice(document, *choice)) {
      document = with_choice(document, *choice);
    }
  }
  return document;
}

namespace {

// With a model, parameters have their defaults: tiles are those of real sizes.
void set_model_extents(const Model& model, const Cascade& cascade, const std::vector<Setting>& settings,
                       const Span& where, Shape& shape, Diagnostics& diagnostics) {
  for (const ParameterDecl& parameter : cascade.parameters()) shape.set(parameter.name, parameter.default_value);
  for (const auto& [rank, extent] : model.extents) {
    if (shape.find(rank)) shape.set(rank, extent);
  }
  const auto seq_len = std::find_if(settings.begin(), settings.end(),
                                    [](const Setting& setting) { return setting.target == SettingTarget::seq_len; });
  for (const std::string& rank : model.from_seq_len) {
    if (seq_len == settings.end() && model.seq_len) {
      if (shape.find(rank)) shape.set(rank, *model.seq_len);
      continue;
    }
    const bool given = std::any_of(settings.begin(), settings.end(), [&](const Setting& setting) {
      return setting.target == SettingTarget::extent && setting.key == rank;
    });
    if (!shape.find(rank) || given) continue;
    if (seq_len != settings.end()) {
      shape.set(rank, setting_extent(*seq_len, diagnostics));
      continue;
    }
    diagnostics
        .error("command-line", where,
               fmt::format("model `{}` leaves the extent of `{}` to the sequence length", model.name, rank))
        .with_help("add `--set seq_len=N`");
    return;
  }
}

}  // namespace

Shape common_small_shape(const std::vector<Cascade>& cascades) {
  Shape common;
  for (const Cascade& cascade : cascades) {
    const Shape shape = small_shape(cascade);
    for (const auto& [name, value] : shape.values()) {
      common.set(name, std::max(value, common.find(name).value_or(0)));
    }
  }
  return common;
}

Shape cascade_shape(const Cascade& cascade, const Shape& base, const std::vector<Setting>& settings,
                    const std::optional<Model>& model, const Span& where, bool every) {
  Shape shape = small_shape(cascade);
  for (const auto& [name, value] : base.values()) {
    if (shape.find(name)) shape.set(name, value);
  }
  Diagnostics diagnostics;
  std::vector<std::string> known;
  for (const auto& [name, value] : shape.values()) known.push_back(name);
  if (model) set_model_extents(*model, cascade, settings, where, shape, diagnostics);
  for (const Setting& setting : settings) {
    if (setting.target == SettingTarget::seq_len) {
      (void)require_seq_len_ranks(setting, model ? &*model : nullptr,
                                  "`seq_len` sets the ranks that a model lists; name one with `--model`", diagnostics);
    }
    if (const auto choice = choice_in(setting); choice && choice->kind == ChoiceKind::parameter) {
      const auto& parameters = cascade.parameters();
      const auto found = std::find_if(parameters.begin(), parameters.end(),
                                      [&](const ParameterDecl& decl) { return decl.name == choice->name; });
      // The document has the value that is set.
      if (found != parameters.end()) shape.set(found->name, found->default_value);
    }
    if (setting.target != SettingTarget::extent) continue;
    if (!shape.find(setting.key)) {
      if (!every) continue;
      diagnostics
          .error("setting-unknown-key", setting.key_span,
                 fmt::format("cascade `{}` has no rank or parameter `{}`", cascade.name(), setting.key))
          .with_help(suggestion(setting.key, known));
      continue;
    }
    shape.set(setting.key, setting_extent(setting, diagnostics));
  }
  diagnostics.throw_if_any();
  return cascade.bind(shape, where);
}

}  // namespace einloom::cli
