// SPDX-License-Identifier: Apache-2.0
// einloom list: the documents that can be named.
#include <fmt/format.h>

#include <algorithm>

#include "arch/machine.hpp"
#include "base/suggest.hpp"
#include "experiments/cli/command_line.hpp"
#include "experiments/documents.hpp"
#include "experiments/library_check.hpp"
#include "experiments/row.hpp"
#include "experiments/text_table.hpp"
#include "mappings/default_plan/default_plan.hpp"
#include "mappings/lower.hpp"

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

constexpr const char* kUsualMachine = "fusemax";

// Does the default plan of the usual form lower on the usual machine, at the document's first case?
std::string simulation_state(const Library& library, const Cascade& cascade) {
  if (cascade.checks().cases.empty()) return "";
  const auto find = [&](DocumentKind kind) {
    return [&library, kind](const std::string& name, const Span& at) { return library.load(kind, name, at); };
  };
  static const Machine machine = load_machine(library.load(DocumentKind::machine, kUsualMachine, Span{}),
                                              find(DocumentKind::technology), find(DocumentKind::dram_timing));
  const auto& cases = cascade.checks().cases;
  const auto usual = std::find_if(cases.begin(), cases.end(), [](const CheckCase& one) { return one.options.empty(); });
  if (usual == cases.end()) return "";
  Shape shape;
  for (const auto& [name, value] : usual->shape) shape.set(name, value);
  try {
    const Plan plan = default_plan(cascade, machine, shape, Dtype::bf16, Span{});
    (void)lower(cascade, machine, plan, shape, Dtype::bf16, Span{});
    return ", simulates";
  } catch (const UserError& error) {
    return fmt::format(", not simulated: {}", error.diagnostics().front().code);
  }
}

// What is listed of a document besides its name; columns and cells in this order.
using Facts = std::vector<std::pair<std::string, std::string>>;

Facts facts_of_cascade(const Library& library, const std::string& name) {
  try {
    const Cascade cascade = load_cascade(library.load(DocumentKind::cascade, name, Span{}));
    return {{"paper", cascade.paper()},
            {"family", cascade.family()},
            {"passes", passes_text(cascade)},
            {"state", state_text(cascade) + simulation_state(library, cascade)}};
  } catch (const UserError& error) {
    return {{"paper", ""},
            {"family", ""},
            {"passes", ""},
            {"state", "cannot be read: " + error.diagnostics().front().message}};
  }
}

struct Entry {
  std::string name;
  Facts facts;
};

std::vector<Entry> entries_of(const Library& library, DocumentKind kind) {
  std::vector<Entry> entries;
  if (kind == DocumentKind::plan) {
    entries.push_back({kDefaultPlan, {{"description", "made for the cascade and the machine named with it"}}});
  }
  for (const std::string& name : library.names(kind)) {
    entries.push_back({name, kind == DocumentKind::cascade
                                 ? facts_of_cascade(library, name)
                                 : Facts{{"description", description_of(library, kind, name)}}});
  }
  return entries;
}

std::string listing(const std::vector<Entry>& entries, DocumentKind kind) {
  TextTable table;
  if (entries.empty()) return fmt::format("no {}\n", plural(kind));
  table.add_column(std::string(name_of(kind)), TextTable::Align::left);
  for (const auto& [column, value] : entries.front().facts) table.add_column(column, TextTable::Align::left);
  for (const Entry& entry : entries) {
    std::vector<std::string> cells = {entry.name};
    for (const auto& [column, value] : entry.facts) cells.push_back(value);
    table.add_row(std::move(cells));
  }
  return table.text();
}

// Rows start with the kind, so that all kinds fit one table.
void add_rows(const std::vector<Entry>& entries, DocumentKind kind, std::vector<Row>& rows) {
  for (const Entry& entry : entries) {
    Row row = {{ColumnGroup::identity, "kind", std::string(name_of(kind))},
               {ColumnGroup::identity, "name", entry.name}};
    for (const auto& [column, value] : entry.facts) row.push_back({ColumnGroup::identity, column, value});
    rows.push_back(std::move(row));
  }
}

std::string json_text(const std::vector<Row>& rows) {
  Json all = Json::array();
  for (const Row& row : rows) {
    Json one = Json::object();
    for (const Cell& cell : row) one[cell.column] = cell.value;
    all.push_back(std::move(one));
  }
  return all.dump(2) + "\n";
}

}  // namespace

Command add_list_command(CLI::App& app, const CommandLine& command_line) {
  CLI::App* command = app.add_subcommand("list", "List the documents that can be named");
  auto kind = std::make_shared<std::string>();
  command->add_option("KIND", *kind,
                      "cascades, dram_timings, machines, models, plans, specs or technologies; all when left out");
  auto format = std::make_shared<std::string>("table");
  command->add_option("--format", *format, "What goes to stdout: table, csv or json")
      ->check(CLI::IsMember({"table", "csv", "json"}))
      ->capture_default_str();
  const auto run = [kind, format, &command_line] {
    const Library library(Library::default_root());
    std::vector<std::string> known;
    for (const DocumentKind one : document_kinds()) known.push_back(plural(one));
    std::vector<Row> rows;
    bool any = false;
    for (const DocumentKind one : document_kinds()) {
      if (!kind->empty() && *kind != plural(one) && *kind != name_of(one)) continue;
      const std::vector<Entry> entries = entries_of(library, one);
      if (*format == "table") fmt::print("{}{}", any ? "\n" : "", listing(entries, one));
      add_rows(entries, one, rows);
      any = true;
    }
    if (!any) {
      Diagnostic error{"command-line", fmt::format("there are no documents of kind `{}`", *kind),
                       command_line.span_of(*kind)};
      throw UserError(error.with_help(suggestion(*kind, known)));
    }
    if (*format == "csv") fmt::print("{}", csv_text(merge_rows(rows)));
    if (*format == "json") fmt::print("{}", json_text(rows));
    return 0;
  };
  return {command, run};
}

}  // namespace einloom::cli
