// SPDX-License-Identifier: Apache-2.0
#include "arch/energy_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace einloom {
namespace {

template <class Entry>
const Entry* find_in(const std::map<std::string, Entry>& entries, const std::string& name) {
  const auto found = entries.find(name);
  return found == entries.end() ? nullptr : &found->second;
}

std::string read_source_text(YamlMap& map, const std::string& entry, Diagnostics& diagnostics) {
  const YamlNode node = map.require("source");
  if (!node.defined()) return {};
  const auto errors_before = diagnostics.size();
  std::string source = read_string(node, fmt::format("`source` of `{}`", entry), diagnostics);
  const bool blank = std::all_of(source.begin(), source.end(), [](unsigned char c) { return std::isspace(c) != 0; });
  if (blank && diagnostics.size() == errors_before) {
    diagnostics
        .error("source-empty", node.span(),
               fmt::format("`{}` names no source; every number of a technology says where it comes from", entry))
        .with_help("name the paper and table, the tool and version, or write `assumption: …`");
  }
  return source;
}

double energy_pj(const YamlNode& node, const std::string& key, const std::string& entry, Diagnostics& diagnostics) {
  return node.defined() ? read_energy(node, fmt::format("`{}` of `{}`", key, entry), diagnostics).value() : 0.0;
}

double area_um2(const YamlNode& node, const std::string& entry, Diagnostics& diagnostics) {
  return node.defined() ? read_area(node, fmt::format("`area` of `{}`", entry), diagnostics).value() : 0.0;
}

MemoryEntry read_memory(const std::string& name, const Span& span, const YamlNode& node, Diagnostics& diagnostics) {
  MemoryEntry entry;
  entry.span = span;
  YamlMap map(node, fmt::format("memory `{}`", name), diagnostics);
  if (!node.is_map()) return entry;
  entry.read_energy_pj = energy_pj(map.require("read"), "read", name, diagnostics);
  entry.write_energy_pj = energy_pj(map.require("write"), "write", name, diagnostics);
  const YamlNode area = map.optional("area");
  entry.area_stated = area.defined();
  entry.area_um2 = area_um2(area, name, diagnostics);
  if (const YamlNode width = map.optional("access_width"); width.defined()) {
    const auto errors_before = diagnostics.size();
    const Bytes value = read_bytes(width, fmt::format("`access_width` of `{}`", name), diagnostics);
    if (diagnostics.size() == errors_before) entry.access_width = value;
    entry.access_width_span = width.span();
  }
  if (const YamlNode capacity = map.optional("capacity"); capacity.defined()) {
    entry.capacity = read_bytes(capacity, fmt::format("`capacity` of `{}`", name), diagnostics);
  }
  entry.source = read_source_text(map, name, diagnostics);
  map.finish();
  return entry;
}

OperationEntry read_operation(const std::string& name, const Span& span, const YamlNode& node,
                              Diagnostics& diagnostics) {
  OperationEntry entry;
  entry.span = span;
  YamlMap map(node, fmt::format("operation `{}`", name), diagnostics);
  if (!node.is_map()) return entry;
  entry.energy_pj = energy_pj(map.require("energy"), "energy", name, diagnostics);
  entry.area_um2 = area_um2(map.require("area"), name, diagnostics);
  entry.source = read_source_text(map, name, diagnostics);
  map.finish();
  return entry;
}

RegisterEntry read_registers(const std::string& name, const Span& span, const YamlNode& node,
                             Diagnostics& diagnostics) {
  RegisterEntry entry;
  entry.span = span;
  YamlMap map(node, fmt::format("registers `{}`", name), diagnostics);
  if (!node.is_map()) return entry;
  entry.read_energy_pj = energy_pj(map.require("read"), "read", name, diagnostics);
  entry.write_energy_pj = energy_pj(map.require("write"), "write", name, diagnostics);
  entry.area_um2 = area_um2(map.require("area"), name, diagnostics);
  entry.source = read_source_text(map, name, diagnostics);
  map.finish();
  return entry;
}

// A map of entries; absent means none.
template <class Entry, class Read>
std::map<std::string, Entry> read_section(const YamlNode& node, const std::string& what, Diagnostics& diagnostics,
                                          Read read) {
  std::map<std::string, Entry> entries;
  if (!node.defined()) return entries;
  const YamlMap check(node, what, diagnostics);  // reports yaml-type
  for (const YamlEntry& entry : node.entries()) {
    entries.emplace(entry.key, read(entry.key, entry.key_span, entry.value, diagnostics));
  }
  return entries;
}

}  // namespace

const MemoryEntry* EnergyTable::find_memory(const std::string& entry) const { return find_in(memories, entry); }
const OperationEntry* EnergyTable::find_operation(const std::string& entry) const { return find_in(operations, entry); }
const RegisterEntry* EnergyTable::find_registers(const std::string& entry) const { return find_in(registers, entry); }

EnergyTable load_energy_table(const YamlNode& document, Diagnostics& diagnostics) {
  EnergyTable table;
  YamlMap map(document, "technology", diagnostics);
  if (!document.is_map()) return table;
  table.name = read_string(map.require("technology"), "`technology`", diagnostics);
  table.description = read_string(map.optional("description"), "`description`", diagnostics);
  const YamlNode memories = map.optional("memories");
  const YamlNode operations = map.optional("operations");
  const YamlNode registers = map.optional("registers");
  table.memories = read_section<MemoryEntry>(memories, "`memories`", diagnostics, read_memory);
  table.operations = read_section<OperationEntry>(operations, "`operations`", diagnostics, read_operation);
  table.registers = read_section<RegisterEntry>(registers, "`registers`", diagnostics, read_registers);
  for (const YamlNode& section : {memories, operations, registers}) {
    if (section.defined() && !section.is_map()) table.complete = false;
  }
  const auto errors_before = diagnostics.size();
  map.finish();  // a misspelt section is an unknown key
  if (diagnostics.size() != errors_before) table.complete = false;
  return table;
}

}  // namespace einloom
