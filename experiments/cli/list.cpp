// SPDX-License-Identifier: Apache-2.0
// einloom list: the documents that can be named.
#include <fmt/format.h>

#include <algorithm>

#include "arch/machine.hpp"
#include "base/suggest.hpp"
#include "einsum/passes.hpp"
#include "experiments/cli/command_line.hpp"
#include "experiments/documents.hpp"
#include "experiments/library_check.hpp"
#include "experiments/row.hpp"
#include "experiments/task_runner.hpp"
#include "experiments/text_table.hpp"
#include "mappings/default_plan/default_plan.hpp"
#include "mappings/lower.hpp"
#include "sim/simulate.hpp"

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

Machine usual_machine(const Library& library) {
  const auto find = [&](DocumentKind kind) {
    return [&library, kind](const std::string& name, const Span& at) { return library.load(kind, name, at); };
  };
  return load_machine(library.load(DocumentKind::machine, kUsualMachine, Span{}), find(DocumentKind::technology),
                      find(DocumentKind::dram_timing));
}

// The shape of the first case of the usual form; nullopt when there is none.
std::optional<Shape> usual_shape(const Cascade& cascade) {
  const auto& cases = cascade.checks().cases;
  const auto usual = std::find_if(cases.begin(), cases.end(), [](const CheckCase& one) { return one.options.empty(); });
  if (usual == cases.end()) return std::nullopt;
  Shape shape;
  for (const auto& [name, value] : usual->shape) shape.set(name, value);
  return shape;
}

// Runs the default plan at fidelity `cycle`; "" when it comes to its end, else the code that says why not.
std::string why_not_simulated(const Cascade& cascade, const Machine& machine, const Shape& shape) {
  try {
    const Plan plan = default_plan(cascade, machine, shape, Dtype::bf16, Span{});
    const Program program = lower(cascade, machine, plan, shape, Dtype::bf16, Span{});
    SimulationOptions options;
    options.cascade = &cascade;
    (void)simulate(program, machine, options);
    return "";
  } catch (const UserError& error) {
    return error.diagnostics().front().code;
  }
}

// What is listed of a document besides its name; columns and cells in this order.
using Facts = std::vector<std::pair<std::string, std::string>>;

struct Interrupted {};

struct Entry {
  std::string name;
  Facts facts;
};

// Each cascade is simulated in a process of its own, as points of a run are.
std::vector<Entry> cascades_of(const Library& library) {
  std::vector<Entry> entries;
  std::vector<Cascade> cascades;
  std::vector<Shape> shapes;
  std::vector<std::size_t> entry_of;  // by task
  for (const std::string& name : library.names(DocumentKind::cascade)) {
    entries.push_back({name, {{"paper", ""}, {"family", ""}, {"passes", ""}, {"state", ""}}});
    Facts& facts = entries.back().facts;
    try {
      Cascade cascade = load_cascade(library.load(DocumentKind::cascade, name, Span{}));
      facts = {{"paper", cascade.paper()},
               {"family", cascade.family()},
               {"passes", passes_text(cascade)},
               {"state", state_text(cascade)}};
      const std::optional<Shape> shape = usual_shape(cascade);
      if (!shape) continue;
      cascades.push_back(std::move(cascade));
      shapes.push_back(*shape);
      entry_of.push_back(entries.size() - 1);
    } catch (const UserError& error) {
      facts.back().second = "cannot be read: " + error.diagnostics().front().message;
    }
  }
  const auto tell = [&](std::size_t task, const std::string& why) {
    std::string& state = entries[entry_of[task]].facts.back().second;
    state += why.empty() ? ", simulates" : fmt::format(", not simulated: {}", why);
  };
  std::optional<Machine> machine;
  try {
    machine = usual_machine(library);
  } catch (const UserError& error) {
    for (std::size_t i = 0; i < cascades.size(); ++i) tell(i, error.diagnostics().front().code);
    return entries;
  }
  std::vector<Task> tasks;
  for (std::size_t i = 0; i < cascades.size(); ++i) {
    tasks.push_back({cascades[i].name(), [&, i] { return Json(why_not_simulated(cascades[i], *machine, shapes[i])); }});
  }
  const auto finished = [&](std::size_t task, const Outcome& outcome) {
    tell(task, outcome.result ? outcome.result->get<std::string>() : "crash");
  };
  if (!run_tasks(tasks, available_processors(), finished, [] {})) throw Interrupted();
  return entries;
}

std::vector<Entry> entries_of(const Library& library, DocumentKind kind) {
  if (kind == DocumentKind::cascade) return cascades_of(library);
  std::vector<Entry> entries;
  if (kind == DocumentKind::plan) {
    entries.push_back({kDefaultPlan, {{"description", "made for the cascade and the machine named with it"}}});
  }
  for (const std::string& name : library.names(kind)) {
    entries.push_back({name, {{"description", description_of(library, kind, name)}}});
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
  CLI::App& command = add_command(
      app, "list",
      fmt::format("List the documents that can be named; of cascades their state too: `checked` when a kernel is "
                  "named and all cases state operations and passes, `simulates` when the default plan of the first "
                  "case runs to its end on {}",
                  kUsualMachine));
  auto kind = std::make_shared<std::string>();
  add_option(command, "KIND", *kind,
             "cascades, dram_timings, machines, models, plans, specs or technologies; all when left out");
  auto format = std::make_shared<std::string>("table");
  add_option(command, "--format", *format, "What goes to stdout: table, csv or json")
      .one_of({"table", "csv", "json"})
      .shows_default();
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
  return {&command, [run] {
            try {
              return run();
            } catch (const Interrupted&) {
              return 130;
            }
          }};
}

}  // namespace einloom::cli
