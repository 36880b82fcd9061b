// SPDX-License-Identifier: Apache-2.0
#include "experiments/cli/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "base/suggest.hpp"
#include "base/utf8.hpp"

namespace einloom::cli {

namespace {

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// The command that was being parsed, or the program itself.
const CLI::App& innermost(const CLI::App& app) {
  return app.get_subcommands().empty() ? app : *app.get_subcommands().front();
}

std::string help_hint(const CLI::App& app) {
  const bool program = app.get_parent() == nullptr;
  return fmt::format("`einloom {}--help` shows what there is", program ? "" : app.get_name() + " ");
}

}  // namespace

CommandLine::CommandLine(int argc, const char* const* argv) {
  std::string text = "einloom";
  for (int i = 1; i < argc; ++i) {
    arguments_.emplace_back(argv[i]);
    columns_.push_back(count_code_points(text) + 2);
    text += " " + arguments_.back();
  }
  source_ = source_from_text("command line", text);
}

Span CommandLine::span_of(const std::string& argument) const {
  for (std::size_t i = 0; i < arguments_.size(); ++i) {
    if (arguments_[i] != argument && !arguments_[i].starts_with(argument + "=")) continue;
    return Span{source_, 1, columns_[i], std::max(1, count_code_points(arguments_[i]))};
  }
  return Span{source_, 1, 1, count_code_points(source_->text)};
}

Diagnostic describe_parse_error(const CLI::App& app, const CLI::ParseError& error, const CommandLine& command_line) {
  // CLI11 starts its texts with the option they are about.
  const std::string text = error.what();
  const CLI::App& command = innermost(app);
  return Diagnostic{
      "command-line", text, command_line.span_of(text.substr(0, text.find_first_of(": "))), {}, help_hint(command)};
}

void reject_extras(const CLI::App& app, const CommandLine& command_line) {
  const CLI::App& command = innermost(app);
  const std::vector<std::string> extras = app.remaining(true);
  if (extras.empty()) return;
  const std::string& extra = extras.front();
  const bool option = extra.starts_with("-");
  const bool unknown_command = !option && &command == &app;
  const std::vector<std::string> known = option ? option_names(command) : command_names(app);
  const std::string name = extra.substr(0, extra.find('='));
  const std::string near = option || unknown_command ? nearest_name(name, known) : "";
  throw UserError(Diagnostic{"command-line",
                             unknown_command ? fmt::format("there is no command `{}`", extra)
                             : option        ? fmt::format("there is no option `{}` here", name)
                                             : fmt::format("nothing takes the argument `{}`", extra),
                             command_line.span_of(extra),
                             {},
                             near.empty() ? help_hint(command) : fmt::format("did you mean `{}`?", near)});
}

}  // namespace einloom::cli
