// SPDX-License-Identifier: Apache-2.0
// einloom run: specs → points → results on stdout and in a folder.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <optional>

#include "experiments/cli/spec_arguments.hpp"
#include "experiments/cli/trace_arguments.hpp"
#include "experiments/experiment.hpp"
#include "experiments/output_file.hpp"
#include "experiments/point_choice.hpp"
#include "experiments/results.hpp"
#include "experiments/store.hpp"
#include "experiments/summary.hpp"
#include "experiments/task_runner.hpp"

namespace einloom::cli {

namespace fs = std::filesystem;

namespace {

struct Options {
  SpecArguments specs;
  std::string out;
  int jobs = available_processors();
  std::string format = "table";
  bool check = false, no_fast_forward = false, fresh = false, print_plan = false;
  std::uint64_t seed = 1;
  double check_scale = 1;
  TraceArguments traces;
  std::int64_t max_idle_cycles = kMaxIdleCycles;
};

void report_trouble(const Experiment& experiment, std::size_t points, bool stored) {
  for (const std::string& error : experiment.errors) fmt::print(stderr, "{}", error);
  for (const std::string& failure : experiment.failures) fmt::print(stderr, "einloom: {}\n", failure);
  if (experiment.interrupted) {
    fmt::print(stderr, "einloom: interrupted with {} of {} points done{}\n",
               experiment.computed + experiment.from_store, points,
               stored ? "; the same command continues from there" : "");
  }
}

// A traced point runs once more for its trace, in this process.
void write_traces(const std::vector<Point>& points, const TraceOptions& traces, const Options& options) {
  if (!traces.any()) return;
  const Point& point =
      choose_point(points, PointOption::set, "", traces.json.empty() ? traces.vcd_span : traces.json_span);
  SimulationOptions simulation;
  simulation.max_idle_cycles = options.max_idle_cycles;
  trace_point(traces, point, options.seed, simulation);
}

// Each plan once, as a document, below the points that have it.
void print_plans(const std::vector<Point>& points) {
  std::vector<std::string> order;
  std::map<std::string, std::string> heads;
  for (const Point& point : points) {
    const std::string text = print_plan(*point.plan);
    if (!heads.contains(text)) order.push_back(text);
    heads[text] += fmt::format("# {}\n", point.label());
  }
  for (const std::string& text : order) fmt::print("{}{}{}", text == order.front() ? "" : "\n", heads.at(text), text);
}

int run(const Options& options, const CommandLine& command_line) {
  const auto begin = std::chrono::steady_clock::now();
  const TraceOptions traces = read_trace_options(options.traces, command_line);
  const Library library(Library::default_root());
  const std::vector<Spec> specs = load_specs(library, options.specs, command_line);
  const std::vector<Point> points = load_points(library, specs);
  if (options.print_plan) {
    print_plans(points);
    return 0;
  }
  write_traces(points, traces, options);

  const Span out_span = command_line.span_of("--out");
  const fs::path folder = options.out;
  std::optional<Store> store;
  if (!options.out.empty()) {
    make_output_folder(folder, out_span);
    store.emplace(folder / "results.sqlite", out_span);
  }
  const ExperimentOptions experiment_options{
      options.jobs, !options.no_fast_forward, options.fresh,          options.check,
      options.seed, options.check_scale,      options.max_idle_cycles};
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
  CLI::App& command = add_command(app, "run", "Run every point of one or more specs");
  auto options = std::make_shared<Options>();
  add_option(command, "SPEC", options->specs.specs, "Specs, by path or name").required();
  add_option(command, "--out", options->out, "Folder for results.csv, results.json and the store; created when missing")
      .placeholder("DIR");
  add_option(command, "--jobs", options->jobs, "Points computed at the same time")
      .in_range(1, 4096)
      .shows_default()
      .placeholder("N");
  add_set_option(command, options->specs.settings);
  add_option(command, "--fidelity", options->specs.fidelity, "cycle, pe or waterfall instead of the spec's fidelities")
      .one_of(fidelity_names());
  add_dtype_option(command, options->specs.dtype);
  add_flag(command, "--check", options->check, "Carry values through the schedule and compare them with the kernel");
  add_option(command, "--seed", options->seed, "Seed of the values of --check, and of those by which tiles are skipped")
      .shows_default();
  add_option(command, "--check-scale", options->check_scale, "Multiplies Q in --check").shows_default();
  add_flag(command, "--no-fast-forward", options->no_fast_forward, "Step every iteration; same results, more time");
  add_option(command, "--format", options->format, "What goes to stdout: table, csv or json")
      .one_of({"table", "csv", "json"})
      .shows_default();
  add_flag(command, "--print-plan", options->print_plan, "Print the plan of every point as a document; runs nothing");
  add_trace_options(command, options->traces);
  add_max_idle_option(command, options->max_idle_cycles);
  add_flag(command, "--fresh", options->fresh, "Compute every point again, also those in the store");
  return {&command, [options, &command_line] { return run(*options, command_line); }};
}

}  // namespace einloom::cli
