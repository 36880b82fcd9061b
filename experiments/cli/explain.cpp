// SPDX-License-Identifier: Apache-2.0
// einloom explain: one point, and where its cycles come from.
#include <fmt/format.h>

#include "experiments/cli/spec_arguments.hpp"
#include "experiments/cli/trace_arguments.hpp"
#include "experiments/explanation.hpp"
#include "experiments/point_choice.hpp"
#include "mappings/lower.hpp"
#include "sim/simulate.hpp"

namespace einloom::cli {
namespace {

struct Options {
  SpecArguments specs;
  TraceArguments traces;
  std::string point, format = "text";
  std::uint64_t seed = 1;
  std::int64_t max_idle_cycles = kMaxIdleCycles;
};

int run(Options options, const CommandLine& command_line) {
  options.specs.fidelity = name_of(Fidelity::cycle);
  const TraceOptions trace_options = read_trace_options(options.traces, command_line);
  const Library library(Library::default_root());
  const std::vector<Point> points = load_points(library, load_specs(library, options.specs, command_line));
  const Point& point =
      choose_point(points, PointOption::point, options.point,
                   command_line.span_of(options.point.empty() ? options.specs.specs.front() : "--point"));
  const Program program =
      lower(*point.cascade, *point.machine, *point.plan, point.workload, point.dtype, point.where, options.seed);
  WaitChains chains;
  SimulationOptions simulation;
  simulation.listeners = {&chains};
  simulation.max_idle_cycles = options.max_idle_cycles;
  const Traces traces(trace_options, point);
  traces.listen(simulation);
  const Report report = simulate(program, *point.machine, simulation);
  const Explanation explanation = explain(point, program, report, chains);
  fmt::print("{}", options.format == "json" ? to_json(explanation).dump(2) + "\n" : explanation_text(explanation));
  return 0;
}

}  // namespace

Command add_explain_command(CLI::App& app, const CommandLine& command_line) {
  CLI::App& command = add_command(app, "explain", "Run one point and say where its cycles come from");
  auto options = std::make_shared<Options>();
  add_option(command, "SPEC", options->specs.specs, "The spec, by path or name").required().takes_one();
  add_option(command, "--point", options->point,
             "Which point, as configuration=binding,seq_len=1024; not needed when there is only one")
      .placeholder("KEY=VALUE,…");
  add_set_option(command, options->specs.settings);
  add_dtype_option(command, options->specs.dtype);
  add_option(command, "--format", options->format, "What goes to stdout: text or json")
      .one_of({"text", "json"})
      .shows_default();
  add_option(command, "--seed", options->seed, "Seed of the values by which tiles are skipped").shows_default();
  add_trace_options(command, options->traces);
  add_max_idle_option(command, options->max_idle_cycles);
  return {&command, [options, &command_line] { return run(*options, command_line); }};
}

}  // namespace einloom::cli
