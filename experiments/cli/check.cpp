// SPDX-License-Identifier: Apache-2.0
// einloom check: a cascade's values, untiled, against the hand-written kernel it names.
#include <fmt/format.h>

#include "experiments/cascade_check.hpp"
#include "experiments/cli/cascade_arguments.hpp"
#include "experiments/library_check.hpp"
#include "experiments/text_table.hpp"

namespace einloom::cli {

namespace {

struct Options {
  std::string cascade;
  std::vector<std::string> settings;
  std::string dtype;
  std::uint64_t seed = 1;
  double scale = 1;
};

// Everything the document claims about itself.
int check_claims(const YamlNode& document, std::uint64_t seed) {
  const LibraryCheck check = check_document(document, seed);
  fmt::print("cascade {}: {} cases, seed {}\n", check.cascade, check.cases.size(), seed);
  for (const CaseResult& each : check.cases) {
    fmt::print("  {}  {}\n    {} values, largest error in fp32 {:.2e}", each.problems.empty() ? "ok  " : "FAIL",
               each.name, with_separators(each.values), each.max_rel_error);
    if (each.max_rel_error_stressed > 0) fmt::print(", with stressed inputs {:.2e}", each.max_rel_error_stressed);
    fmt::print("\n");
    for (const std::string& problem : each.problems) fmt::print("    {}\n", problem);
  }
  fmt::print("{}\n", check.passed() ? "PASS" : "FAIL");
  return check.passed() ? 0 : 1;
}

int check(const Options& options, const CommandLine& command_line) {
  const Library library(Library::default_root());
  const Span where = command_line.span_of(options.cascade);
  const std::vector<Setting> settings = read_cascade_settings(options.settings, {"a check"});
  const YamlNode document = library.load(DocumentKind::cascade, options.cascade, where);
  const bool as_claimed = options.settings.empty() && options.dtype.empty() && options.scale == 1;
  if (as_claimed && document.find("check").defined()) return check_claims(document, options.seed);
  const Cascade cascade = load_cascade_with(library, options.cascade, where, settings);
  Diagnostics diagnostics;
  const auto dtype =
      read_dtype(options.dtype.empty() ? "fp64" : options.dtype, command_line.span_of(options.dtype), diagnostics);
  diagnostics.throw_if_any();
  const Shape shape = cascade_shape(cascade, small_shape(cascade), settings, std::nullopt, where);
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

}  // namespace

Command add_check_command(CLI::App& app, const CommandLine& command_line) {
  CLI::App* command = app.add_subcommand(
      "check",
      "Compare a cascade's values with its hand-written kernel; without --set, --dtype and --scale everything "
      "its document claims (values, operations, passes)");
  auto options = std::make_shared<Options>();
  command->add_option("CASCADE", options->cascade, "Name or path of a cascade")->required();
  command
      ->add_option("--set", options->settings, "Extent or parameter (P=100, M0=16) or cascade.path=value; repeatable")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  command->add_option("--dtype", options->dtype, "Number format of every value [fp64]");
  command->add_option("--seed", options->seed, "Seed of the inputs")->capture_default_str();
  command->add_option("--scale", options->scale, "Multiplies the first input")->capture_default_str();
  return {command, [options, &command_line] { return check(*options, command_line); }};
}

}  // namespace einloom::cli
