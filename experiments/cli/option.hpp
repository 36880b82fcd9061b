// SPDX-License-Identifier: Apache-2.0
// The options of commands. CLI11 itself is included by this file's implementation, command_line's and main alone: every
// file that includes it compiles its validators anew, for seconds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace einloom::cli {

// Of what was added last; each returns itself.
class Option {
 public:
  explicit Option(CLI::Option& option) : option_(&option) {}
  Option& required();
  Option& takes_one();      // positional: one argument in all
  Option& one_each_time();  // of a repeatable option: what follows its value belongs to the command
  Option& placeholder(const std::string& text);  // of its value, in the help
  Option& shows_default();                       // in the help
  Option& one_of(const std::vector<std::string>& values);
  Option& in_range(std::int64_t least, std::int64_t most);
  Option& finite();  // a number, neither infinite nor NaN

 private:
  CLI::Option* option_;
};

[[nodiscard]] CLI::App& add_command(CLI::App& program, const std::string& name, const std::string& text);

// `name` is that of an option (`--out`) or of a positional argument (`SPEC`); `value` must outlive the command.
Option add_option(CLI::App& command, const std::string& name, std::string& value, const std::string& text);
Option add_option(CLI::App& command, const std::string& name, std::vector<std::string>& values,
                  const std::string& text);
Option add_option(CLI::App& command, const std::string& name, int& value, const std::string& text);
Option add_option(CLI::App& command, const std::string& name, std::int64_t& value, const std::string& text);
Option add_option(CLI::App& command, const std::string& name, std::uint64_t& value, const std::string& text);
Option add_option(CLI::App& command, const std::string& name, double& value, const std::string& text);
Option add_flag(CLI::App& command, const std::string& name, bool& value, const std::string& text);

}  // namespace einloom::cli
