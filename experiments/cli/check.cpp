// SPDX-License-Identifier: Apache-2.0
// einloom check: a cascade's values, untiled, against the hand-written kernel it names.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "einsum/value_memory.hpp"
#include "experiments/cascade_check.hpp"
#include "experiments/cli/cascade_arguments.hpp"
#include "experiments/library_check.hpp"
#include "experiments/output_file.hpp"
#include "experiments/text_table.hpp"

namespace einloom::cli {

namespace {

struct Options {
  std::vector<std::string> cascades;
  std::vector<std::string> settings;
  std::string dtype, csv, json;
  bool all = false;
  std::uint64_t seed = 1;
  double scale = 1;
};

void print(const LibraryCheck& check, std::uint64_t seed) {
  if (!check.error.empty()) {
    fmt::print("cascade {}: FAIL\n{}", check.cascade, check.error);
    return;
  }
  fmt::print("cascade {}: {} cases, seed {}\n", check.cascade, check.cases.size(), seed);
  for (const CaseResult& each : check.cases) {
    fmt::print("  {}  {}\n    {} values, largest error in fp32 {:.2e}", each.problems.empty() ? "ok  " : "FAIL",
               each.name, with_separators(each.values), each.max_rel_error);
    if (each.max_rel_error_stressed > 0) fmt::print(", with stressed inputs {:.2e}", each.max_rel_error_stressed);
    fmt::print("\n");
    for (const std::string& problem : each.problems) fmt::print("    {}\n", problem);
  }
  fmt::print("{}\n", check.passed() ? "PASS" : "FAIL");
}

// The options that settings choose, when they choose nothing else.
std::optional<std::map<std::string, std::string>> chosen_options(const std::vector<Setting>& settings) {
  std::map<std::string, std::string> options;
  for (const Setting& setting : settings) {
    const std::optional<CascadeChoice> choice = choice_in(setting);
    if (!choice || choice->kind != ChoiceKind::option) return std::nullopt;
    options[choice->name] = choice->value;
  }
  return options;
}

int print_at_one_shape(const Options& options, const std::vector<Setting>& settings, const Library& library,
                       const CommandLine& command_line) {
  const Span where = command_line.span_of(options.cascades.front());
  const Cascade cascade = load_cascade_with(library, options.cascades.front(), where, settings);
  Diagnostics diagnostics;
  const auto dtype =
      read_dtype(options.dtype.empty() ? "fp64" : options.dtype, command_line.span_of(options.dtype), diagnostics);
  diagnostics.throw_if_any();
  const Shape shape = cascade_shape(cascade, small_shape(cascade), settings, std::nullopt, where);
  require_values_fit(cascade, shape, span_of_extents(settings, where));
  const CheckReport report = check_cascade(cascade, shape, {*dtype, options.seed, options.scale});

  std::string extents;
  for (const auto& [name, value] : shape.values()) extents += fmt::format(" {}={}", name, value);
  fmt::print("cascade {} in {} against {}\n", cascade.name(), name_of(*dtype), report.description);
  fmt::print("  shape          {}\n", extents.empty() ? "" : extents.substr(1));
  fmt::print("  seed           {}, inputs normal(0, 1), the first one times {}\n", options.seed, options.scale);
  fmt::print("  values         {}\n", with_separators(report.values));
  fmt::print("  max abs error  {:.3e}\n", report.max_abs_error);
  fmt::print("  max rel error  {:.3e} of 1 + |kernel|, allowed {:.3e}\n", report.max_rel_error, report.tolerance);
  if (!report.passed) fmt::print("{}", report.first_mismatch);
  fmt::print("{}\n", report.passed ? "PASS" : "FAIL");
  return report.passed ? 0 : 1;
}

void write_files(const std::vector<LibraryCheck>& checks, const Options& options, const CommandLine& command_line) {
  if (!options.csv.empty()) {
    std::vector<Row> rows;
    for (const LibraryCheck& each : checks) rows.push_back(check_row(each));
    write_atomically(options.csv, csv_text(merge_rows(rows)), command_line.span_of(options.csv), kNameFile);
  }
  if (!options.json.empty()) {
    Json json = Json::array();
    for (const LibraryCheck& each : checks) json.push_back(check_json(each));
    write_atomically(options.json, Json{{"einloom", EINLOOM_VERSION}, {"cascades", json}}.dump(2) + "\n",
                     command_line.span_of(options.json), kNameFile);
  }
}

int check(const Options& options, const CommandLine& command_line) {
  const Library library(Library::default_root());
  if (options.all == !options.cascades.empty()) {
    throw UserError(Diagnostic{"command-line",
                               "`check` takes cascades, or `--all` for every one that has a name",
                               command_line.span_of(options.all ? "--all" : "check"),
                               {},
                               "`einloom list cascades` names them all"});
  }
  const std::vector<std::string> names = options.all ? library.names(DocumentKind::cascade) : options.cascades;
  const std::vector<Setting> settings = read_cascade_settings(options.settings, {"a check"});
  const auto chosen = chosen_options(settings);
  const bool as_claimed = chosen && options.dtype.empty() && options.scale == 1;
  const bool one = names.size() == 1 && !options.all;
  const bool tabular = !one || !options.csv.empty() || !options.json.empty();
  if (one && !tabular) {
    const Span where = command_line.span_of(names.front());
    const YamlNode document = library.load(DocumentKind::cascade, names.front(), where);
    const bool fits = as_claimed && document.find("check").defined();
    if (!fits) return print_at_one_shape(options, settings, library, command_line);
  } else if (!as_claimed) {
    throw UserError(
        Diagnostic{"command-line",
                   "several cascades, and files, are of what documents claim; extents, `--dtype` and "
                   "`--scale` are for one cascade at one shape",
                   command_line.span_of(options.settings.empty() ? options.dtype.empty() ? "--scale" : "--dtype"
                                                                 : options.settings.front())});
  }
  if (!one && !settings.empty()) {
    std::vector<YamlNode> documents;
    for (const std::string& name : names) {
      documents.push_back(
          library.load(DocumentKind::cascade, name, command_line.span_of(options.all ? "--all" : name)));
    }
    require_settings_used(documents, settings);
  }
  std::vector<LibraryCheck> checks;
  bool passed = true;
  for (const std::string& name : names) {
    const Span where = command_line.span_of(options.all ? "--all" : name);
    const auto checked = [&] {
      // What the cascade does not have is an error for one, passed over for several.
      (void)cascade_document(library, name, where, settings, {}, one);
      const YamlNode document = library.load(DocumentKind::cascade, name, where);
      std::map<std::string, std::string> its;
      for (const Setting& setting : settings) {
        const CascadeChoice choice = choice_in(setting).value();
        if (has_choice(document, choice)) its[choice.name] = choice.value;
      }
      return check_document(document, options.seed, its);
    };
    if (!options.all) {
      checks.push_back(checked());
    } else {
      // One document that is wrong does not keep the others from being checked.
      try {
        checks.push_back(checked());
      } catch (const UserError& error) {
        checks.emplace_back();
        checks.back().cascade = name;
        checks.back().error = error.what();
      }
    }
    passed = passed && checks.back().passed();
  }
  write_files(checks, options, command_line);
  if (one) {
    print(checks.front(), options.seed);
  } else {
    fmt::print("{}", checks_table(checks));
    for (const LibraryCheck& each : checks) {
      if (!each.passed()) print(each, options.seed);
    }
    fmt::print("{} of {} cascades keep what they claim, seed {}\n",
               std::count_if(checks.begin(), checks.end(), [](const LibraryCheck& each) { return each.passed(); }),
               checks.size(), options.seed);
  }
  return passed ? 0 : 1;
}

}  // namespace

Command add_check_command(CLI::App& app, const CommandLine& command_line) {
  CLI::App* command = app.add_subcommand(
      "check",
      "Compare a cascade's values with its hand-written kernel; without --dtype, --scale and extents "
      "everything its document claims (values, operations, passes)");
  auto options = std::make_shared<Options>();
  command->add_option("CASCADE", options->cascades, "Cascades, by path or name; several give one table");
  command->add_flag("--all", options->all, "Every cascade that has a name, in one table");
  command
      ->add_option("--set", options->settings, "Extent or parameter (P=100, M0=16) or cascade.path=value; repeatable")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  command->add_option("--dtype", options->dtype, "Number format of every value [fp64]");
  command->add_option("--seed", options->seed, "Seed of the inputs")->capture_default_str();
  command->add_option("--scale", options->scale, "Multiplies the first input")
      ->check(finite_number())
      ->capture_default_str();
  command->add_option("--csv", options->csv, "Writes a row for each cascade")->type_name("FILE");
  command->add_option("--json", options->json, "Writes everything")->type_name("FILE");
  return {command, [options, &command_line] { return check(*options, command_line); }};
}

}  // namespace einloom::cli
