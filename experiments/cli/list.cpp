// SPDX-License-Identifier: Apache-2.0
// einloom list: the documents that can be named.
#include <fmt/format.h>

#include "base/suggest.hpp"
#include "experiments/cli/command_line.hpp"
#include "experiments/documents.hpp"
#include "experiments/text_table.hpp"
#include "mappings/default_plan/default_plan.hpp"

namespace einloom::cli {

namespace {

std::string plural(DocumentKind kind) {
  return kind == DocumentKind::technology ? "technologies" : fmt::format("{}s", name_of(kind));
}

std::string description_of(const Library& library, DocumentKind kind, const std::string& name) {
  try {
    return library.load(kind, name, Span{}).find("description").text();
  } catch (const UserError& error) {
    return fmt::format("(cannot be read: {})", error.diagnostics().front().message);
  }
}

std::string listing(const Library& library, DocumentKind kind) {
  TextTable table;
  table.add_column(std::string(name_of(kind)), TextTable::Align::left);
  table.add_column("description", TextTable::Align::left);
  if (kind == DocumentKind::plan) table.add_row({kDefaultPlan, "made for the cascade and the machine named with it"});
  for (const std::string& name : library.names(kind)) table.add_row({name, description_of(library, kind, name)});
  return table.empty() ? fmt::format("no {}\n", plural(kind)) : table.text();
}

}  // namespace

Command add_list_command(CLI::App& app, const CommandLine& command_line) {
  CLI::App* command = app.add_subcommand("list", "List the documents that can be named");
  auto kind = std::make_shared<std::string>();
  command->add_option("KIND", *kind,
                      "cascades, dram_timings, machines, models, plans, specs or technologies; all when left out");
  const auto run = [kind, &command_line] {
    const Library library(Library::default_root());
    std::vector<std::string> known;
    for (const DocumentKind one : document_kinds()) known.push_back(plural(one));
    bool any = false;
    for (const DocumentKind one : document_kinds()) {
      if (!kind->empty() && *kind != plural(one) && *kind != name_of(one)) continue;
      fmt::print("{}{}", any ? "\n" : "", listing(library, one));
      any = true;
    }
    if (!any) {
      Diagnostic error{"command-line", fmt::format("there are no documents of kind `{}`", *kind),
                       command_line.span_of(*kind)};
      throw UserError(error.with_help(suggestion(*kind, known)));
    }
    return 0;
  };
  return {command, run};
}

}  // namespace einloom::cli
