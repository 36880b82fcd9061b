// SPDX-License-Identifier: Apache-2.0
#include "experiments/plan_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/text_table.hpp"

namespace einloom {

namespace {

std::string joined(const std::vector<Name>& names) {
  std::string text;
  for (const Name& name : names) text += (text.empty() ? "" : ", ") + name.text;
  return text;
}

const Binding* binding_of(const Plan& plan, const std::string& einsum) {
  for (const Binding& binding : plan.bindings) {
    if (binding.einsum.text == einsum) return &binding;
  }
  return nullptr;
}

std::string einsum_line(const Plan& plan, const std::string& einsum) {
  const Binding* binding = binding_of(plan, einsum);
  if (binding == nullptr) return einsum;
  std::string text = fmt::format("{:<6} on {}", einsum, binding->array.text);
  if (binding->rows) text += fmt::format(", rows {}", binding->rows->text);
  if (binding->columns) text += fmt::format(", columns {}", binding->columns->text);
  if (binding->instruction) text += fmt::format(", in {}", binding->instruction->text);
  if (!binding->time.empty()) text += fmt::format(", time {}", joined(binding->time));
  return text;
}

void add_nest(const Plan& plan, const NestNode& nest, int depth, std::string& text) {
  text += fmt::format("{:{}}for {}:\n", "", depth * 2, joined(nest.loops));
  for (const NestItem& item : nest.body) {
    if (const Name* einsum = std::get_if<Name>(&item)) {
      text += fmt::format("{:{}}{}\n", "", depth * 2 + 2, einsum_line(plan, einsum->text));
    } else {
      add_nest(plan, std::get<NestNode>(item), depth + 1, text);
    }
  }
}

std::string keeps_text(const Plan& plan) {
  TextTable table;
  for (const char* header : {"tensor", "memory", "slots", "stays across"}) {
    table.add_column(header, TextTable::Align::left);
  }
  for (const Keep& keep : plan.keeps) {
    table.add_row({keep.tensor.text, keep.memory.text, keep.slots ? keep.slots->text() : "2", joined(keep.across)});
  }
  return table.text(2);
}

}  // namespace

std::string plan_text(const Plan& plan) {
  std::string text = fmt::format("plan {}\n", plan.name);
  if (!plan.description.empty()) text += fmt::format("  {}\n", plan.description);
  text += fmt::format("  cascade {} on machine {}\n", plan.cascade.text, plan.machine.text);
  if (!plan.tiles.empty()) text += "\ntiles\n";
  for (const NamedExpression& tile : plan.tiles) text += fmt::format("  {} = {}\n", tile.name.text, tile.value.text());
  text += "\nloops\n";
  for (const NestNode& nest : plan.nests) add_nest(plan, nest, 1, text);
  if (!plan.skip_absent.empty()) text += fmt::format("  {} ends where nothing is left\n", joined(plan.skip_absent));
  if (plan.empty_tiles == EmptyTiles::skip) text += "  tiles without points are skipped\n";
  text += fmt::format("  {} iteration(s) in flight, {} first, barrier on the {}\n",
                      plan.in_flight ? plan.in_flight->text() : "1",
                      plan.issue == IssueOrder::oldest_first ? "oldest" : "listed",
                      plan.barrier == Barrier::array ? "array" : "machine");
  if (!plan.keeps.empty()) text += "\nkept in memories\n" + keeps_text(plan);
  if (!plan.phases.empty()) text += "\nphases (fidelity waterfall)\n";
  for (std::size_t i = 0; i < plan.phases.size(); ++i) {
    text += fmt::format("  {}.", i + 1);
    bool first = true;
    for (const auto& [array, einsums] : plan.phases[i].arrays) {
      text += fmt::format("{} {}: {}", first ? "" : " |", array, joined(einsums));
      first = false;
    }
    if (plan.phases[i].stall_cycles) text += fmt::format(", then stall {} cycles", plan.phases[i].stall_cycles->text());
    text += "\n";
  }
  return text;
}

}  // namespace einloom
