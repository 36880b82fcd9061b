// SPDX-License-Identifier: Apache-2.0
#include "arch/machine.hpp"

#include <functional>
#include <utility>

namespace einloom {
namespace {

// A number of a component that expressions may name; nullopt when this one does not have it.
template <class Component>
using Properties = std::vector<std::pair<std::string, std::function<std::optional<double>(const Component&)>>>;

std::optional<double> number(std::int64_t value) { return static_cast<double>(value); }

const Properties<Memory>& memory_properties() {
  static const Properties<Memory> all = {
      {"access_width", [](const Memory& m) { return number(m.access_width.value()); }},
      {"bandwidth",
       [](const Memory& m) {
         return m.kind == MemoryKind::dram ? std::optional<double>(m.bandwidth.value()) : std::nullopt;
       }},
      {"banks",
       [](const Memory& m) { return m.kind == MemoryKind::buffer ? number(m.banks) : std::optional<double>(); }},
      {"capacity", [](const Memory& m) { return m.capacity ? number(m.capacity->value()) : std::optional<double>(); }},
      {"latency", [](const Memory& m) { return number(m.latency.value()); }},
      {"ports",
       [](const Memory& m) { return m.kind == MemoryKind::buffer ? number(m.ports) : std::optional<double>(); }},
  };
  return all;
}

const Properties<PeArray>& array_properties() {
  static const Properties<PeArray> all = {
      {"columns", [](const PeArray& a) { return number(a.columns); }},
      {"engines",
       [](const PeArray& a) { return a.controller ? number(a.controller->engines) : std::optional<double>(); }},
      {"pes", [](const PeArray& a) { return number(a.pes()); }},
      {"registers", [](const PeArray& a) { return number(a.registers); }},
      {"rows", [](const PeArray& a) { return number(a.rows); }},
  };
  return all;
}

template <class Component>
const Component* find_named(const std::vector<Component>& components, const std::string& name) {
  for (const Component& component : components) {
    if (component.name == name) return &component;
  }
  return nullptr;
}

template <class Component>
std::optional<double> property_of(const Component& component, const Properties<Component>& properties,
                                  const std::string& property) {
  for (const auto& [name, value_of] : properties) {
    if (name == property) return value_of(component);
  }
  return std::nullopt;
}

template <class Component>
void append_names(const Component& component, const Properties<Component>& properties,
                  std::vector<std::string>& names) {
  for (const auto& [name, value_of] : properties) {
    if (value_of(component)) names.push_back(component.name + "." + name);
  }
}

}  // namespace

const Memory* Machine::find_memory(const std::string& memory_name) const { return find_named(memories, memory_name); }
const PeArray* Machine::find_array(const std::string& array_name) const { return find_named(arrays, array_name); }

std::optional<Cycles> Machine::link_latency(const std::string& from, const std::string& to) const {
  for (const Link& link : links) {
    if (link.from == from && link.to == to) return link.latency;
  }
  return std::nullopt;
}

SquareMicrometres Machine::total_area() const {
  SquareMicrometres area{0};
  for (const Memory& memory : memories) area += SquareMicrometres(memory.area_um2);
  for (const PeArray& array : arrays) area += SquareMicrometres(array.pe_area_um2 * static_cast<double>(array.pes()));
  return area;
}

std::vector<std::string> Machine::component_names() const {
  std::vector<std::string> names;
  for (const Memory& memory : memories) names.push_back(memory.name);
  for (const PeArray& array : arrays) names.push_back(array.name);
  return names;
}

std::optional<double> Machine::property(const std::string& dotted_name) const {
  if (dotted_name == "clock") return clock.value();
  const auto dot = dotted_name.find('.');
  if (dot == std::string::npos) return std::nullopt;
  const std::string component = dotted_name.substr(0, dot);
  const std::string property = dotted_name.substr(dot + 1);
  if (component == "parameters") {
    for (const auto& [name, value] : parameters) {
      if (name == property) return value;
    }
  }
  if (const Memory* memory = find_memory(component)) return property_of(*memory, memory_properties(), property);
  if (const PeArray* array = find_array(component)) return property_of(*array, array_properties(), property);
  return std::nullopt;
}

std::vector<std::string> Machine::property_names() const {
  std::vector<std::string> names = {"clock"};
  for (const auto& [name, value] : parameters) names.push_back("parameters." + name);
  for (const Memory& memory : memories) append_names(memory, memory_properties(), names);
  for (const PeArray& array : arrays) append_names(array, array_properties(), names);
  return names;
}

}  // namespace einloom
