// SPDX-License-Identifier: Apache-2.0
// The command line as a source that diagnostics can point into, and the commands built on it.
// Contract: a command's function runs after parsing and returns the exit code; UserError and InternalError pass
// through.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/diagnostic.hpp"
#include "base/source_file.hpp"
#include "experiments/cli/option.hpp"

namespace CLI {
class ParseError;
}  // namespace CLI

namespace einloom::cli {

class CommandLine {
 public:
  CommandLine(int argc, const char* const* argv);
  // The first argument equal to `argument` or `argument=…`; the whole line when there is none.
  [[nodiscard]] Span span_of(const std::string& argument) const;

 private:
  SourcePtr source_;
  std::vector<std::string> arguments_;
  std::vector<int> columns_;
};

struct Command {
  CLI::App* app = nullptr;
  std::function<int()> run;
};

[[nodiscard]] Command add_analyze_command(CLI::App& app, const CommandLine& command_line);
[[nodiscard]] Command add_check_command(CLI::App& app, const CommandLine& command_line);
[[nodiscard]] Command add_describe_command(CLI::App& app, const CommandLine& command_line);
[[nodiscard]] Command add_explain_command(CLI::App& app, const CommandLine& command_line);
[[nodiscard]] Command add_list_command(CLI::App& app, const CommandLine& command_line);
[[nodiscard]] Command add_run_command(CLI::App& app, const CommandLine& command_line);
[[nodiscard]] Command add_transform_command(CLI::App& app, const CommandLine& command_line);

// An error CLI11 found, in the house's form.
[[nodiscard]] Diagnostic describe_parse_error(const CLI::App& app, const CLI::ParseError& error,
                                              const CommandLine& command_line);
// Arguments nobody took: an unknown command or option. Throws UserError command-line when there are any.
void reject_extras(const CLI::App& app, const CommandLine& command_line);

}  // namespace einloom::cli
