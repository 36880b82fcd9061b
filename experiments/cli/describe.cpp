// SPDX-License-Identifier: Apache-2.0
// einloom describe: any document, read, checked and written out for people.
#include <fmt/format.h>

#include "arch/energy_table.hpp"
#include "arch/machine.hpp"
#include "base/suggest.hpp"
#include "einsum/counts.hpp"
#include "experiments/cli/command_line.hpp"
#include "experiments/documents.hpp"
#include "experiments/model.hpp"
#include "experiments/plan_text.hpp"
#include "experiments/spec_text.hpp"
#include "experiments/text_table.hpp"
#include "mappings/default_plan/default_plan.hpp"

namespace einloom::cli {

namespace {

using Align = TextTable::Align;

std::string cascade_text(const Cascade& cascade) {
  TextTable table;
  table.add_column("Einsum", Align::left);
  table.add_column("over", Align::left);
  table.add_column("operations at each point", Align::left);
  for (const Einsum& einsum : cascade.einsums()) {
    std::string over, operations;
    for (const std::string& variable : einsum.variables()) over += (over.empty() ? "" : ", ") + variable;
    for (const auto& [kind, count] : operations_per_point(einsum)) {
      operations += (operations.empty() ? "" : ", ") + (count == 1 ? kind : fmt::format("{} {}", count, kind));
    }
    table.add_row({einsum.name(), over, operations.empty() ? "none" : operations});
  }
  return print_cascade(cascade) + "\n" + table.text();
}

std::string model_text(const Model& model) {
  std::string text = fmt::format("model {}\n", model.name);
  if (!model.description.empty()) text += fmt::format("  {}\n", model.description);
  text += fmt::format("  source: {}\n\n", model.source);
  for (const auto& [rank, extent] : model.extents) text += fmt::format("  {:<3} {}\n", rank, with_separators(extent));
  for (const std::string& rank : model.from_seq_len) {
    text += fmt::format("  {:<3} the sequence length{}\n", rank,
                        model.seq_len ? fmt::format(", {} when nothing sets it", with_separators(*model.seq_len)) : "");
  }
  for (const CascadeChoice& choice : model.choices) {
    text += fmt::format("  {} {}: {}\n", choice.kind == ChoiceKind::option ? "option" : "constant", choice.name,
                        choice.value);
  }
  return text;
}

std::string technology_text(const EnergyTable& table) {
  std::string text = fmt::format("technology {}\n", table.name);
  if (!table.description.empty()) text += fmt::format("  {}\n", table.description);
  TextTable entries;
  entries.add_column("entry", Align::left);
  entries.add_column("read pJ");
  entries.add_column("write pJ");
  entries.add_column("operation pJ");
  entries.add_column("area um^2");
  entries.add_column("source", Align::left);
  const auto number = [](double value) { return fmt::format("{}", value); };
  for (const auto& [name, entry] : table.memories) {
    entries.add_row({"memory " + name, number(entry.read_energy_pj), number(entry.write_energy_pj), "",
                     entry.area_stated ? number(entry.area_um2) : "", entry.source});
  }
  for (const auto& [name, entry] : table.operations) {
    entries.add_row({"operation " + name, "", "", number(entry.energy_pj), number(entry.area_um2), entry.source});
  }
  for (const auto& [name, entry] : table.registers) {
    entries.add_row({"registers " + name, number(entry.read_energy_pj), number(entry.write_energy_pj), "",
                     number(entry.area_um2), entry.source});
  }
  return text + "\n" + entries.text(2);
}

std::string text_of(const Library& library, DocumentKind kind, const YamlNode& document) {
  switch (kind) {
    case DocumentKind::cascade:
      return cascade_text(load_cascade(document));
    case DocumentKind::dram_timing: {
      Diagnostics diagnostics;
      const DramTiming timing = load_dram_timing(document, diagnostics);
      diagnostics.throw_if_any();
      return print_dram_timing(timing);
    }
    case DocumentKind::machine:
      return print_machine(load_machine(
          document,
          [&](const std::string& name, const Span& asked_at) {
            return library.load(DocumentKind::technology, name, asked_at);
          },
          [&](const std::string& name, const Span& asked_at) {
            return library.load(DocumentKind::dram_timing, name, asked_at);
          }));
    case DocumentKind::model:
      return model_text(load_model(document));
    case DocumentKind::plan:
      return plan_text(load_plan(document));
    case DocumentKind::spec:
      return spec_text(load_spec(document));
    case DocumentKind::technology: {
      Diagnostics diagnostics;
      const EnergyTable table = load_energy_table(document, diagnostics);
      diagnostics.throw_if_any();
      return technology_text(table);
    }
  }
  return "";
}

// Documents a bare name may mean, in the order of the kinds.
std::vector<YamlNode> documents_named(const Library& library, const std::string& name, const Span& where) {
  std::vector<YamlNode> found;
  std::vector<std::string> known;
  for (const DocumentKind kind : document_kinds()) {
    for (const std::string& one : library.names(kind)) {
      known.push_back(one);
      if (one == name) found.push_back(library.load(kind, name, where));
    }
  }
  if (!found.empty()) return found;
  Diagnostic error{"unknown-document", fmt::format("there is no document named `{}`; paths end in .yaml", name), where};
  const std::string near = nearest_name(name, known);
  throw UserError(
      error.with_help(near.empty() ? "`einloom list` names them all" : fmt::format("did you mean `{}`?", near)));
}

int describe(const std::string& reference, const CommandLine& command_line) {
  if (reference == kDefaultPlan) {  // listed with the plans, but no document
    fmt::print("plan {}\n  made for the cascade and the machine named with it\n", kDefaultPlan);
    return 0;
  }
  const Library library(Library::default_root());
  const Span where = command_line.span_of(reference);
  const std::vector<YamlNode> documents =
      is_path(reference) ? std::vector{load_yaml(reference)} : documents_named(library, reference, where);
  bool first = true;
  for (const YamlNode& document : documents) {
    const std::optional<DocumentKind> kind = kind_of(document);
    if (!kind) {
      const bool has_key = !document.entries().empty();
      Diagnostic error{"document-kind",
                       "the document's first key is none that Einloom knows; it says what the document is",
                       has_key ? document.entries().front().key_span : document.span()};
      throw UserError(error.with_help(
          "start with `cascade:`, `dram_timing:`, `machine:`, `model:`, `plan:`, `spec:` or `technology:`"));
    }
    fmt::print("{}{}", first ? "" : "\n", text_of(library, *kind, document));
    first = false;
  }
  return 0;
}

}  // namespace

Command add_describe_command(CLI::App& app, const CommandLine& command_line) {
  CLI::App& command = add_command(app, "describe", "Read, check and print a document of any kind");
  auto reference = std::make_shared<std::string>();
  add_option(command, "FILE", *reference,
             "Path or name of a cascade, DRAM timing set, machine, model, plan, spec or technology")
      .required();
  return {&command, [reference, &command_line] { return describe(*reference, command_line); }};
}

}  // namespace einloom::cli
