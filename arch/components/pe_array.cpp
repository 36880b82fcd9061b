// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "arch/components/component_list.hpp"

namespace einloom {
namespace {

// A PE holds its registers and one unit of every action its operations use.
void set_energy_and_area(const ComponentValues& values, PeArray& array) {
  const auto* entry = values.find<const RegisterEntry*>("pe");
  if (values.technology == nullptr || entry == nullptr) return;
  const RegisterEntry& registers = **entry;
  const StorageNumbers numbers = registers.at(std::max<std::int64_t>(array.registers, 1));
  array.register_read_energy_pj = numbers.read_energy_pj;
  array.register_write_energy_pj = numbers.write_energy_pj;
  array.pe_area_um2 = numbers.area_um2;
  const std::string how_found = registers.how_found(array.registers);
  const bool energy_as_stated = how_found.empty() || !registers.energy_listed;
  array.register_source = energy_as_stated ? registers.source : registers.source + "; " + how_found;
  const bool area_as_stated = how_found.empty() || !registers.area_listed;

  std::vector<std::string> parts = {area_as_stated ? "registers" : "registers " + how_found};
  std::set<std::string> sources = {registers.source};
  std::set<std::string> actions;
  for (const auto& [op, cost] : array.operations) {
    for (const auto& [action, count] : cost.actions) actions.insert(action);
  }
  for (const std::string& action : actions) {
    const OperationEntry* unit = values.technology->find_operation(action);
    if (unit == nullptr) continue;  // reported by the loader
    array.action_energy[action] = {unit->energy_pj, unit->source};
    array.pe_area_um2 += unit->area_um2;
    if (unit->area_um2 > 0) parts.push_back(action);
    sources.insert(unit->source);
  }
  array.area_source = fmt::format("{} ({})", fmt::join(parts, " + "), fmt::join(sources, "; "));
}

void check(const ComponentValues& values, Diagnostics& diagnostics) {
  const auto* operations = values.find<OperationTable>("operations");
  if (operations != nullptr && operations->empty()) {
    diagnostics.error("array-no-operations", values.span_of("operations"),
                      fmt::format("array `{}` has no operations; a PE needs at least one", values.name));
  }
  const auto* entry = values.find<const RegisterEntry*>("pe");
  if (entry == nullptr || (*entry)->listed.empty()) return;
  if (const std::int64_t registers = values.integer("registers"); registers > 0) {
    check_numbers_at(**entry, registers, values, "pe", (*entry)->span, diagnostics);
    return;
  }
  diagnostics
      .error("registers-not-stated", values.span_of("pe"),
             fmt::format("`pe` of `{}` lists its numbers by count of registers; `{}` states no `registers`",
                         values.name, values.name))
      .note("listed here", (*entry)->span);
}

void build(const ComponentValues& values, Machine& machine) {
  PeArray array;
  array.name = values.name;
  array.span = values.span;
  array.rows = values.integer("rows", array.rows);
  array.columns = values.integer("columns", array.columns);
  array.rows_span = values.span_of("rows");
  array.columns_span = values.span_of("columns");
  array.registers = values.integer("registers", array.registers);
  if (const auto* operations = values.find<OperationTable>("operations")) array.operations = *operations;
  if (const auto* controller = values.find<Controller>("controller")) array.controller = *controller;
  set_energy_and_area(values, array);
  machine.arrays.push_back(std::move(array));
}

}  // namespace

ComponentDescription describe_pe_array() {
  return {
      .kind = "pe_array",
      .doc = "Rows × columns of equal processing elements, each issuing one operation at a time; one row: a 1-D array.",
      .parameters =
          {
              {.key = "columns", .required = true, .minimum = 1, .doc = "PEs along a row"},
              {.key = "controller",
               .type = ParameterType::controller,
               .doc = "it works on instructions, issued in program order (below); none: on single operations"},
              {.key = "operations",
               .type = ParameterType::operations,
               .required = true,
               .doc = "what a PE does, and what it costs"},
              {.key = "pe",
               .type = ParameterType::register_energy,
               .required = true,
               .doc = "technology entry of one PE's registers"},
              {.key = "registers",
               .default_value = PeArray{}.registers,
               .doc = "words per PE; 0: not stated; required when `pe` lists counts"},
              {.key = "rows", .minimum = 1, .default_value = PeArray{}.rows, .doc = "PEs along a column"},
          },
      .actions = {{"register_read", "one word read from a PE's registers"},
                  {"register_write", "one word written to a PE's registers"},
                  {"<action of an operation>", "one action of the technology's `operations`, such as mac"}},
      .check = check,
      .build = build,
  };
}

}  // namespace einloom
