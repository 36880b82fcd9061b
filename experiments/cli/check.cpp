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
  std::string model, dtype, csv, json;
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
  const std::optional<Model> model = named_model(library, options.model, command_line);
  const Span shape_from = model ? command_line.span_of(options.model) : where;
  const Cascade cascade = load_cascade_with(library, options.cascades.front(), where, settings, model);
  Diagnostics diagnostics;
  const auto dtype =
      read_dtype(options.dtype.empty() ? "fp64" : options.dtype, command_line.span_of(options.dtype), diagnostics);
  diagnostics.throw_if_any();
  const Shape shape = cascade_shape(cascade, small_shape(cascade), settings, model, where);
  require_values_fit(cascade, shape, span_of_extents(settings, shape_from));
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

// A cascade of the command line; one that cannot be read has the text that says why.
struct NamedCascade {
  std::string name;
  Span where;
  YamlNode document;
  std::string error;
};

// With `every`, the first error is thrown; without it, one document that is wrong does not keep the others from being
// checked.
template <class Work>
std::string error_of(const Work& work, bool every) {
  try {
    work();
    return "";
  } catch (const UserError& error) {
    if (every) throw;
    return error.what();
  }
}

LibraryCheck check_claims(const NamedCascade& named, const std::vector<Setting>& settings, std::uint64_t seed,
                          bool one) {
  LibraryCheck check;
  check.cascade = named.name;
  check.error = named.error;
  if (!check.error.empty()) return check;
  check.error = error_of(
      [&] {
        std::map<std::string, std::string> its;
        for (const Setting& setting : settings) {
          const CascadeChoice choice = choice_in(setting).value();
          // What the cascade does not have is an error for one, passed over for several.
          if (one) (void)with_choice(named.document, choice);
          if (has_choice(named.document, choice)) its[choice.name] = choice.value;
        }
        check = check_document(named.document, seed, its);
      },
      one);
  return check;
}

void print_all(const std::vector<LibraryCheck>& checks, std::uint64_t seed) {
  fmt::print("{}", checks_table(checks));
  std::size_t passed = 0, unchecked = 0;
  for (const LibraryCheck& each : checks) {
    if (!each.passed()) print(each, seed);
    passed += each.passed() ? 1 : 0;
    unchecked += each.error.empty() ? 0 : 1;
  }
  fmt::print("{} of {} cascades keep what they claim, seed {}\n", passed, checks.size(), seed);
  if (unchecked > 0) fmt::print("{} of them could not be checked\n", unchecked);
}

// What asks for one shape, first of all on the command line; nullopt when the documents' own cases are meant.
std::optional<std::string> shape_asked_by(const Options& options, const std::vector<Setting>& settings) {
  if (!options.settings.empty() && !chosen_options(settings)) return options.settings.front();
  if (!options.model.empty()) return "--model";
  if (!options.dtype.empty()) return "--dtype";
  return options.scale == 1 ? std::nullopt : std::optional<std::string>("--scale");
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
  const std::vector<Setting> settings = read_cascade_settings(options.settings, {"a check"});
  const std::optional<std::string> one_shape = shape_asked_by(options, settings);
  const bool one = options.cascades.size() == 1;
  const bool tabular = !one || !options.csv.empty() || !options.json.empty();
  if (one_shape && tabular) {
    throw UserError(
        Diagnostic{"command-line",
                   "several cascades, and files, are of what documents claim; extents, `--model`, `--dtype` and "
                   "`--scale` are for one cascade at one shape",
                   command_line.span_of(*one_shape)});
  }
  std::vector<NamedCascade> cascades;
  for (const std::string& name : options.all ? library.names(DocumentKind::cascade) : options.cascades) {
    NamedCascade named{name, command_line.span_of(options.all ? "--all" : name), {}, ""};
    named.error = error_of([&] { named.document = library.load(DocumentKind::cascade, name, named.where); }, one);
    cascades.push_back(std::move(named));
  }
  if (one && !tabular && (one_shape || !cascades.front().document.find("check").defined())) {
    return print_at_one_shape(options, settings, library, command_line);
  }
  if (!one && !settings.empty()) {
    std::vector<YamlNode> documents;
    for (const NamedCascade& each : cascades) {
      if (each.error.empty()) documents.push_back(each.document);
    }
    require_settings_used(documents, settings);
  }
  std::vector<LibraryCheck> checks;
  for (const NamedCascade& each : cascades) checks.push_back(check_claims(each, settings, options.seed, one));
  write_files(checks, options, command_line);
  if (one) {
    print(checks.front(), options.seed);
  } else {
    print_all(checks, options.seed);
  }
  return std::all_of(checks.begin(), checks.end(), [](const LibraryCheck& each) { return each.passed(); }) ? 0 : 1;
}

}  // namespace

Command add_check_command(CLI::App& app, const CommandLine& command_line) {
  CLI::App& command = add_command(
      app, "check",
      "Compare a cascade's values with its hand-written kernel; without --model, --dtype, --scale and extents "
      "everything its document claims (values, operations, passes)");
  auto options = std::make_shared<Options>();
  add_option(command, "CASCADE", options->cascades, "Cascades, by path or name; several give one table");
  add_flag(command, "--all", options->all, "Every cascade that has a name, in one table");
  add_option(command, "--set", options->settings,
             "Extent or parameter (P=100, M0=16), seq_len or cascade.path=value; repeatable")
      .one_each_time()
      .placeholder("KEY=VALUE");
  add_model_option(command, options->model);
  add_option(command, "--dtype", options->dtype, "Number format of every value [fp64]");
  add_option(command, "--seed", options->seed, "Seed of the inputs").shows_default();
  add_option(command, "--scale", options->scale, "Multiplies the first input").finite().shows_default();
  add_option(command, "--csv", options->csv, "Writes a row for each cascade").placeholder("FILE");
  add_option(command, "--json", options->json, "Writes everything").placeholder("FILE");
  return {&command, [options, &command_line] { return check(*options, command_line); }};
}

}  // namespace einloom::cli
