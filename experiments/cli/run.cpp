// SPDX-License-Identifier: Apache-2.0
// einloom run: specs → points → results on stdout and in a folder.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <optional>

#include "experiments/cli/command_line.hpp"
#include "experiments/experiment.hpp"
#include "experiments/fronts.hpp"
#include "experiments/output_file.hpp"
#include "experiments/results.hpp"
#include "experiments/spec.hpp"
#include "experiments/store.hpp"
#include "experiments/summary.hpp"
#include "experiments/task_runner.hpp"

namespace einloom::cli {

namespace fs = std::filesystem;

namespace {

struct Options {
  std::vector<std::string> specs;
  std::string out;
  int jobs = available_processors();
  std::vector<std::string> settings;
  std::string fidelity, dtype;
  std::string format = "table";
  bool check = false, no_fast_forward = false, fresh = false;
  std::uint64_t seed = 1;
  double check_scale = 1;
};

std::vector<Spec> load_specs(const Library& library, const Options& options, const CommandLine& command_line) {
  std::vector<Name> references;  // paths are relative to the working directory
  for (const std::string& reference : options.specs) {
    references.push_back(Name{reference, command_line.span_of(reference)});
  }
  std::vector<Spec> specs = load_spec_trees(library, references);
  std::vector<std::vector<Setting>> settings;
  for (const std::string& text : options.settings) settings.push_back(parse_command_line_setting(text));
  if (!options.fidelity.empty())
    settings.push_back(parse_command_line_setting("fidelity=" + options.fidelity, "--fidelity"));
  if (!options.dtype.empty()) settings.push_back(parse_command_line_setting("dtype=" + options.dtype, "--dtype"));
  override_specs(specs, settings);
  return specs;
}

std::vector<Point> load_points(const Library& library, const std::vector<Spec>& specs) {
  std::vector<Point> points = resolve_points(library, specs);
  if (points.empty()) {
    throw UserError(Diagnostic{"run-no-points", "nothing is left to run: filters and settings dropped every point",
                               specs.front().span});
  }
  check_pareto_columns(specs, points);
  return points;
}

void report_trouble(const Experiment& experiment, std::size_t points, bool stored) {
  for (const std::string& error : experiment.errors) fmt::print(stderr, "{}", error);
  for (const std::string& failure : experiment.failures) fmt::print(stderr, "einloom: {}\n", failure);
  if (experiment.interrupted) {
    fmt::print(stderr, "einloom: interrupted with {} of {} points done{}\n",
               experiment.computed + experiment.from_store, points,
               stored ? "; the same command continues from there" : "");
  }
}

int run(const Options& options, const CommandLine& command_line) {
  const auto begin = std::chrono::steady_clock::now();
  const Library library(Library::default_root());
  const std::vector<Spec> specs = load_specs(library, options, command_line);
  const std::vector<Point> points = load_points(library, specs);

  const Span out_span = command_line.span_of("--out");
  const fs::path folder = options.out;
  std::optional<Store> store;
  if (!options.out.empty()) {
    make_output_folder(folder, out_span);
    store.emplace(folder / "results.sqlite", out_span);
  }
  const ExperimentOptions experiment_options{options.jobs, !options.no_fast_forward, options.fresh, options.check,
                                             options.seed, options.check_scale};
  const Experiment experiment = run_experiment(points, experiment_options, store ? &*store : nullptr);
  report_trouble(experiment, points.size(), store.has_value());
  if (experiment.interrupted || experiment.computed + experiment.from_store == 0) return experiment.exit_code();

  const Results results(specs, points, experiment.results);
  const std::string csv = results.csv();
  const std::string json = Json{{"einloom", EINLOOM_VERSION}, {"points", results.json()}}.dump(2) + "\n";
  if (store) {
    write_atomically(folder / "results.csv", csv, out_span);
    write_atomically(folder / "results.json", json, out_span);
  }
  if (options.format == "table") {
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
    fmt::print("{}{}", results_table(specs, results.lines(), results.comparisons()),
               closing_lines(experiment, wall.count(), (folder / "results.sqlite").string()));
    if (store) fmt::print("  written to {}\n", (folder / "results.csv").string());
  } else {
    fmt::print("{}", options.format == "csv" ? csv : json);
  }
  return experiment.exit_code();
}

}  // namespace

Command add_run_command(CLI::App& app, const CommandLine& command_line) {
  CLI::App* command = app.add_subcommand("run", "Run every point of one or more specs");
  auto options = std::make_shared<Options>();
  command->add_option("SPEC", options->specs, "Specs, by path or name")->required();
  command->add_option("--out", options->out, "Folder for results.csv, results.json and the store; created when missing")
      ->type_name("DIR");
  command->add_option("--jobs", options->jobs, "Points computed at the same time")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str()
      ->type_name("N");
  command
      ->add_option(
          "--set", options->settings,
          "Override: an extent (B=1, seq_len=1000,2000), a document's value (machine.parameters.dim=64, "
          "plan.in_flight=1, cascade.parameters.M0=64), model=TrXL, configuration=binding; repeatable, several "
          "values make a sweep")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE[,VALUE…]");
  command->add_option("--fidelity", options->fidelity, "cycle, pe or waterfall instead of the spec's fidelities")
      ->check(CLI::IsMember(fidelity_names()));
  command->add_option("--dtype", options->dtype, "Number format instead of the spec's")
      ->check(CLI::IsMember(dtype_names()));
  command->add_flag("--check", options->check, "Carry values through the schedule and compare them with the kernel");
  command->add_option("--seed", options->seed, "Seed of the values of --check")->capture_default_str();
  command->add_option("--check-scale", options->check_scale, "Multiplies Q in --check")->capture_default_str();
  command->add_flag("--no-fast-forward", options->no_fast_forward, "Step every iteration; same results, more time");
  command->add_option("--format", options->format, "What goes to stdout: table, csv or json")
      ->check(CLI::IsMember({"table", "csv", "json"}))
      ->capture_default_str();
  command->add_flag("--fresh", options->fresh, "Compute every point again, also those in the store");
  return {command, [options, &command_line] { return run(*options, command_line); }};
}

}  // namespace einloom::cli
