// SPDX-License-Identifier: Apache-2.0
#include "arch/energy_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "arch/machine_parameters.hpp"

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

// A number of a storage and its key.
struct NumberKey {
  const char* key;
  double StorageNumbers::*number;
};
constexpr std::array<NumberKey, 3> kNumberKeys = {{{"read", &StorageNumbers::read_energy_pj},
                                                   {"write", &StorageNumbers::write_energy_pj},
                                                   {"area", &StorageNumbers::area_um2}}};

double storage_number(const NumberKey& number, const YamlNode& node, const std::string& entry,
                      Diagnostics& diagnostics) {
  return number.number == &StorageNumbers::area_um2 ? area_um2(node, entry, diagnostics)
                                                    : energy_pj(node, number.key, entry, diagnostics);
}

// How the sizes of a section are written: `counts` of registers, `capacities` of memories.
struct SizeSyntax {
  const char* key;
  const char* unit;
  SizeLaw law;
  std::int64_t (*read)(const YamlNode& node, const std::string& what, Diagnostics& diagnostics);
};

std::int64_t read_capacity(const YamlNode& node, const std::string& what, Diagnostics& diagnostics) {
  const auto errors_before = diagnostics.size();
  const std::int64_t bytes = read_bytes(node, what, diagnostics).value();
  if (bytes == 0 && diagnostics.size() == errors_before) {
    diagnostics.error("value-range", node.span(),
                      fmt::format("{} must be at least 1 B; found `{}`", what, node.text()));
  }
  return bytes;
}

std::int64_t read_count(const YamlNode& node, const std::string& what, Diagnostics& diagnostics) {
  return read_integer(node, what, diagnostics, 1, kMaxCount, 1);
}

constexpr SizeSyntax kCapacities = {"capacities", "bytes", SizeLaw::power, read_capacity};
constexpr SizeSyntax kCounts = {"counts", "registers", SizeLaw::linear, read_count};

// The sizes under `node`: each states the numbers that `once` lacks. Empty when one of them was reported.
std::vector<ListedNumbers> read_listed(const YamlNode& node, const SizeSyntax& syntax, const std::string& entry,
                                       const StorageNumbers& once, const std::vector<NumberKey>& by_size,
                                       Diagnostics& diagnostics) {
  const auto errors_before = diagnostics.size();
  const std::string what = fmt::format("`{}` of `{}`", syntax.key, entry);
  const YamlMap check(node, what, diagnostics);  // reports yaml-type
  if (node.is_map() && node.entries().size() < 2) {
    diagnostics
        .error("sizes-too-few", node.span(),
               fmt::format("{} lists {} size{}; the numbers of other sizes follow from two", what,
                           node.entries().size(), node.entries().size() == 1 ? "" : "s"))
        .with_help(fmt::format("without `{}`, one set of numbers holds for every size", syntax.key));
  }
  std::vector<ListedNumbers> listed;
  Span span_before;
  for (const YamlEntry& size : node.entries()) {
    const std::string where = fmt::format("`{}` in {}", size.key, what);
    ListedNumbers numbers{syntax.read(YamlNode::make_scalar(size.key, size.key_span), where, diagnostics), once};
    if (!listed.empty() && diagnostics.size() == errors_before && numbers.size <= listed.back().size) {
      diagnostics
          .error("sizes-not-ascending", size.key_span,
                 fmt::format("{} is not above the size before it; sizes are listed from small to large", where))
          .note("the size before", span_before);
    }
    span_before = size.key_span;
    YamlMap map(size.value, where, diagnostics);
    if (!size.value.is_map()) continue;
    for (const NumberKey& number : by_size) {
      const YamlNode value = map.require(number.key);
      const auto errors_before_value = diagnostics.size();
      numbers.numbers.*number.number = storage_number(number, value, entry, diagnostics);
      const bool read = value.defined() && diagnostics.size() == errors_before_value;
      if (read && syntax.law == SizeLaw::power && numbers.numbers.*number.number == 0) {
        diagnostics.error("value-range", value.span(),
                          fmt::format("`{}` of {} must be above 0, because other sizes follow from its logarithm; "
                                      "found `{}`",
                                      number.key, where, value.text()));
      }
    }
    map.finish();
    listed.push_back(numbers);
  }
  if (diagnostics.size() != errors_before) listed.clear();
  return listed;
}

// Each number is stated once or, where `syntax.key` lists sizes, for every one of them. True when there is an area.
bool read_numbers(YamlMap& map, const SizeSyntax& syntax, bool area_required, const std::string& entry,
                  NumbersBySize& numbers, Diagnostics& diagnostics) {
  const YamlNode sizes = map.optional(syntax.key);
  bool area_stated = sizes.defined();
  std::vector<NumberKey> by_size;
  for (const NumberKey& number : kNumberKeys) {
    const bool is_area = number.number == &StorageNumbers::area_um2;
    const bool required = !sizes.defined() && (!is_area || area_required);
    const YamlNode node = required ? map.require(number.key) : map.optional(number.key);
    numbers.*number.number = storage_number(number, node, entry, diagnostics);
    if (is_area) area_stated = area_stated || node.defined();
    if (!sizes.defined() || node.defined()) continue;
    by_size.push_back(number);
    (is_area ? numbers.area_listed : numbers.energy_listed) = true;
  }
  if (!sizes.defined()) return area_stated;
  numbers.law = syntax.law;
  numbers.size_unit = syntax.unit;
  numbers.listed = read_listed(sizes, syntax, entry, numbers, by_size, diagnostics);
  if (!numbers.listed.empty()) static_cast<StorageNumbers&>(numbers) = numbers.listed.front().numbers;
  return area_stated;
}

MemoryEntry read_memory(const std::string& name, const Span& span, const YamlNode& node, Diagnostics& diagnostics) {
  MemoryEntry entry;
  entry.span = span;
  YamlMap map(node, fmt::format("memory `{}`", name), diagnostics);
  if (!node.is_map()) return entry;
  entry.area_stated = read_numbers(map, kCapacities, false, name, entry, diagnostics);
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
  static_cast<void>(read_numbers(map, kCounts, true, name, entry, diagnostics));
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
