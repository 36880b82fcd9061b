// SPDX-License-Identifier: Apache-2.0
// einloom: the command-line program. Parses, dispatches, and turns errors into messages and exit codes
// (0 good, 1 the user's mistake, 2 ours).
#include <cblas.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>

#include "experiments/cli/command_line.hpp"
#include "experiments/wrapped_lines.hpp"

namespace einloom::cli {
namespace {

constexpr const char* kDescription =
    "Einloom runs an attention algorithm (a cascade of extended Einsums) on a machine under a plan, and says how many "
    "cycles it takes, why that many, and whether the numbers it computed are right.";

class NarrowHelp : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
    return wrapped_lines(CLI::Formatter::make_help(app, std::move(name), mode), 100);
  }
};

int dispatch(int argc, const char* const* argv) {
  const CommandLine command_line(argc, argv);
  CLI::App app(kDescription, "einloom");
  app.formatter(std::make_shared<NarrowHelp>());
  app.set_version_flag("--version", EINLOOM_VERSION);
  app.set_help_flag("--help,-h", "Print this help");
  app.allow_extras();
  const std::vector<Command> commands = {
      add_run_command(app, command_line),       add_explain_command(app, command_line),
      add_list_command(app, command_line),      add_describe_command(app, command_line),
      add_check_command(app, command_line),     add_analyze_command(app, command_line),
      add_transform_command(app, command_line),
  };
  for (const Command& command : commands) command.app->allow_extras();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    reject_extras(app, command_line);
    throw UserError(describe_parse_error(app, error, command_line));
  }
  reject_extras(app, command_line);
  for (const Command& command : commands) {
    if (command.app->parsed()) return command.run();
  }
  fmt::print(stderr, "{}", app.help());
  return 1;
}

int run(int argc, const char* const* argv) {
  try {
    return dispatch(argc, argv);
  } catch (const UserError& error) {
    std::fflush(stdout);
    for (const Diagnostic& diagnostic : error.diagnostics()) fmt::print(stderr, "{}", render(diagnostic));
    return 1;
  } catch (const std::exception& error) {
    std::fflush(stdout);
    fmt::print(stderr, "einloom: internal error: {}\nThis is a mistake in Einloom, not in your input.\n", error.what());
    return 2;
  }
}

}  // namespace
}  // namespace einloom::cli

int main(int argc, char** argv) {
  // Points run side by side in their own processes; threads inside them would only compete.
  setenv("OPENBLAS_NUM_THREADS", "1", 1);
  setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 0);
  openblas_set_num_threads(1);
  return einloom::cli::run(argc, argv);
}
