// SPDX-License-Identifier: Apache-2.0
#include "experiments/cli/option.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "experiments/setting.hpp"

namespace einloom::cli {

Option& Option::required() {
  option_->required();
  return *this;
}

Option& Option::takes_one() {
  option_->expected(1);
  return *this;
}

Option& Option::one_each_time() {
  option_->allow_extra_args(false);
  return *this;
}

Option& Option::placeholder(const std::string& text) {
  option_->type_name(text);
  return *this;
}

Option& Option::shows_default() {
  option_->capture_default_str();
  return *this;
}

Option& Option::one_of(const std::vector<std::string>& values) {
  option_->check(CLI::IsMember(values));
  return *this;
}

Option& Option::in_range(std::int64_t least, std::int64_t most) {
  option_->check(CLI::Range(least, most));
  return *this;
}

Option& Option::finite() {
  option_->check(CLI::Validator(
      [](std::string& text) { return number_in(text) ? std::string() : fmt::format("{} is no finite number", text); },
      "FLOAT", "finite"));
  return *this;
}

CLI::App& add_command(CLI::App& program, const std::string& name, const std::string& text) {
  return *program.add_subcommand(name, text);
}

Option add_option(CLI::App& command, const std::string& name, std::string& value, const std::string& text) {
  return Option(*command.add_option(name, value, text));
}

Option add_option(CLI::App& command, const std::string& name, std::vector<std::string>& values,
                  const std::string& text) {
  return Option(*command.add_option(name, values, text));
}

Option add_option(CLI::App& command, const std::string& name, int& value, const std::string& text) {
  return Option(*command.add_option(name, value, text));
}

Option add_option(CLI::App& command, const std::string& name, std::int64_t& value, const std::string& text) {
  return Option(*command.add_option(name, value, text));
}

Option add_option(CLI::App& command, const std::string& name, std::uint64_t& value, const std::string& text) {
  return Option(*command.add_option(name, value, text));
}

Option add_option(CLI::App& command, const std::string& name, double& value, const std::string& text) {
  return Option(*command.add_option(name, value, text));
}

Option add_flag(CLI::App& command, const std::string& name, bool& value, const std::string& text) {
  return Option(*command.add_flag(name, value, text));
}

}  // namespace einloom::cli
