// SPDX-License-Identifier: Apache-2.0
// einloom analyze: what a cascade is by itself, and the bounds that a machine sets for it.
#include <fmt/format.h>

#include <algorithm>

#include "experiments/analysis.hpp"
#include "experiments/cascade_check.hpp"
#include "experiments/cli/cascade_arguments.hpp"
#include "experiments/output_file.hpp"
#include "experiments/seq_len.hpp"

namespace einloom::cli {

namespace {

struct Options {
  std::vector<std::string> cascades;
  std::vector<std::string> settings;
  std::string model, machine, dtype = "bf16", csv, json;
  bool all = false;
};

std::optional<Machine> machine_of(const Library& library, const Options& options, const std::vector<Setting>& settings,
                                  const CommandLine& command_line) {
  if (options.machine.empty()) return std::nullopt;
  YamlNode document = library.load(DocumentKind::machine, options.machine, command_line.span_of(options.machine));
  for (const Setting& setting : settings) {
    if (setting.target != SettingTarget::machine) continue;
    document = with_override(document, setting.path, setting.value, "--set machine");
  }
  const auto find = [&](DocumentKind kind) {
    return
        [&library, kind](const std::string& name, const Span& asked_at) { return library.load(kind, name, asked_at); };
  };
  return load_machine(document, find(DocumentKind::technology), find(DocumentKind::dram_timing));
}

// The shape all cascades are compared at; that of the cascade's own first case where its ranks depend on each other and
// the common one does not fit them. The settings are valid.
Shape library_shape(const Cascade& cascade, const Shape& base, const std::vector<Setting>& settings,
                    const std::optional<Model>& model, const Span& where, bool& own_shape) {
  const std::optional<Shape> checked = cascade.derived_ranks().empty() ? std::nullopt : checked_shape(cascade);
  if (!checked) return cascade_shape(cascade, base, settings, model, where, false);
  try {
    return cascade_shape(cascade, base, settings, model, where, false);
  } catch (const UserError&) {
    own_shape = true;
    return cascade.bind(*checked, where);
  }
}

// Mistakes that are the settings' own, whatever the cascade.
void check_settings(const std::vector<Setting>& settings, const std::optional<Model>& model) {
  Diagnostics diagnostics;
  for (const Setting& setting : settings) {
    if (setting.target == SettingTarget::seq_len) {
      (void)require_seq_len_ranks(setting, model ? &*model : nullptr,
                                  "`seq_len` sets the ranks that a model lists; name one with `--model`", diagnostics);
    }
    if (setting.target == SettingTarget::extent || setting.target == SettingTarget::seq_len) {
      (void)setting_extent(setting, diagnostics);
    }
  }
  diagnostics.throw_if_any();
}

int analyze(const Options& options, const CommandLine& command_line) {
  const Library library(Library::default_root());
  const std::vector<Setting> settings =
      read_cascade_settings(options.settings, {"an analysis", !options.machine.empty()});
  std::vector<std::string> names = options.cascades;
  if (options.all) names = library.names(DocumentKind::cascade);
  if (options.all == !options.cascades.empty()) {
    throw UserError(Diagnostic{"command-line",
                               "`analyze` takes cascades, or `--all` for every one that has a name",
                               command_line.span_of(options.all ? "--all" : "analyze"),
                               {},
                               "`einloom list cascades` names them all"});
  }
  Diagnostics diagnostics;
  const auto dtype = read_dtype(options.dtype, command_line.span_of(options.dtype), diagnostics);
  diagnostics.throw_if_any();
  const std::optional<Model> model = named_model(library, options.model, command_line);
  const std::optional<Machine> machine = machine_of(library, options, settings, command_line);

  const auto where = [&](std::size_t i) { return command_line.span_of(options.all ? "--all" : names[i]); };
  check_settings(settings, model);
  if (names.size() > 1) {
    std::vector<YamlNode> documents;
    for (std::size_t i = 0; i < names.size(); ++i) {
      documents.push_back(library.load(DocumentKind::cascade, names[i], where(i)));
    }
    require_settings_used(documents, settings);
  }
  std::vector<Cascade> cascades;
  for (std::size_t i = 0; i < names.size(); ++i) {
    cascades.push_back(load_cascade_with(library, names[i], where(i), settings, model, names.size() == 1));
  }
  const Shape base = common_small_shape(cascades);
  std::vector<CascadeAnalysis> analyses;
  for (std::size_t i = 0; i < names.size(); ++i) {
    bool own_shape = false;
    const Shape shape = options.all ? library_shape(cascades[i], base, settings, model, where(i), own_shape)
                                    : cascade_shape(cascades[i], base, settings, model, where(i), names.size() == 1);
    analyses.push_back(analyze_cascade(cascades[i], shape, *dtype, machine ? &*machine : nullptr, where(i)));
    analyses.back().own_shape = own_shape;
  }
  if (!options.csv.empty()) {
    std::vector<Row> rows;
    for (const CascadeAnalysis& each : analyses) rows.push_back(analysis_row(each));
    write_atomically(options.csv, csv_text(merge_rows(rows)), command_line.span_of(options.csv), kNameFile);
  }
  if (!options.json.empty()) {
    Json json = Json::array();
    for (const CascadeAnalysis& each : analyses) json.push_back(analysis_json(each));
    write_atomically(options.json, Json{{"einloom", EINLOOM_VERSION}, {"cascades", json}}.dump(2) + "\n",
                     command_line.span_of(options.json), kNameFile);
  }
  fmt::print("{}", analyses.size() == 1 && !options.all ? analysis_text(analyses.front()) : analyses_table(analyses));
  return 0;
}

}  // namespace

Command add_analyze_command(CLI::App& app, const CommandLine& command_line) {
  CLI::App& command =
      add_command(app, "analyze", "Passes, live tensors, operations and traffic of cascades, without a plan");
  auto options = std::make_shared<Options>();
  add_option(command, "CASCADE", options->cascades, "Cascades, by path or name; several give one table");
  add_flag(command, "--all", options->all, "Every cascade that has a name, in one table");
  add_option(command, "--set", options->settings,
             "Extent or parameter (P=100, M0=16), seq_len, cascade.path=value or machine.path=value; repeatable")
      .one_each_time()
      .placeholder("KEY=VALUE");
  add_model_option(command, options->model);
  add_option(command, "--machine", options->machine, "Machine to compare with").placeholder("NAME");
  add_option(command, "--dtype", options->dtype, "Number format of tensors that declare none").shows_default();
  add_option(command, "--csv", options->csv, "Writes a row for each cascade").placeholder("FILE");
  add_option(command, "--json", options->json, "Writes everything").placeholder("FILE");
  return {&command, [options, &command_line] { return analyze(*options, command_line); }};
}

}  // namespace einloom::cli
