// SPDX-License-Identifier: Apache-2.0
#include "experiments/cli/spec_arguments.hpp"

#include "experiments/fronts.hpp"

namespace einloom::cli {

void add_set_option(CLI::App& command, std::vector<std::string>& settings) {
  add_option(command, "--set", settings,
             "Override: an extent (B=1, seq_len=1000,2000), a document's value (machine.parameters.dim=64, "
             "plan.in_flight=1, cascade.parameters.M0=64), model=TrXL, configuration=binding; repeatable, several "
             "values make a sweep")
      .one_each_time()
      .placeholder("KEY=VALUE[,VALUE…]");
}

void add_dtype_option(CLI::App& command, std::string& dtype) {
  add_option(command, "--dtype", dtype, "Number format instead of the spec's").one_of(dtype_names());
}

std::vector<Spec> load_specs(const Library& library, const SpecArguments& arguments, const CommandLine& command_line) {
  std::vector<Name> references;  // paths are relative to the working directory
  for (const std::string& reference : arguments.specs) {
    references.push_back(Name{reference, command_line.span_of(reference)});
  }
  std::vector<Spec> specs = load_spec_trees(library, references);
  std::vector<std::vector<Setting>> settings;
  for (const std::string& text : arguments.settings) settings.push_back(parse_command_line_setting(text));
  if (!arguments.fidelity.empty())
    settings.push_back(parse_command_line_setting("fidelity=" + arguments.fidelity, "--fidelity"));
  if (!arguments.dtype.empty()) settings.push_back(parse_command_line_setting("dtype=" + arguments.dtype, "--dtype"));
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

}  // namespace einloom::cli
