// SPDX-License-Identifier: Apache-2.0
// What a component kind is: its parameters and actions, declared once, and how a Machine receives it.
// Contract: the loader, the documentation and the error messages all read these descriptions; a new kind is one file
// in components/ and one line in components/component_list.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "arch/address_order.hpp"
#include "arch/dram_timing.hpp"
#include "arch/energy_table.hpp"
#include "arch/machine.hpp"
#include "base/source_file.hpp"
#include "base/units.hpp"

namespace einloom {

enum class ParameterType {
  choice,           // one of the parameter's `choices`
  flag,             // true or false
  dram_timing,      // name of a document of dram_timings
  address_order,    // text (address_order.hpp)
  count,            // integer or expression over the machine's parameters
  bytes,            // `16 MiB`, or {bytes: <expression>}
  cycles,           // `2 cycles`, or {cycles: <expression>}
  bandwidth,        // `400 GiB/s`, or {bytes_per_second: <expression>}
  memory_energy,    // name of an entry under `memories` of the technology
  register_energy,  // name of an entry under `registers` of the technology
  operations,       // map op → issue cycles, or {issue_cycles, actions}
  controller        // {engines, instructions: map name → {next, busy, waits}}
};

struct ComponentParameter {
  std::string key;
  ParameterType type = ParameterType::count;
  bool required = false;
  std::string required_if{}, required_value{};  // required where the choice `required_if` has this value
  std::int64_t minimum = 0;                     // in the type's unit (bytes, cycles, bytes per second)
  std::optional<std::int64_t> default_value{};  // flag: 0 or 1
  std::string default_text{};                   // choice, address_order; "": none
  std::vector<std::string> choices{};
  std::string doc;
};

// An event that costs energy.
struct ComponentAction {
  std::string name;
  std::string doc;
};

using OperationTable = std::map<std::string, OperationCost>;
// count, bytes, cycles and flag are the integer, choice is the text.
using ParameterValue =
    std::variant<std::int64_t, BytesPerSecond, const MemoryEntry*, const RegisterEntry*, OperationTable, std::string,
                 AddressOrder, std::shared_ptr<const DramTiming>, Controller>;

// The values of one component of a document. A parameter that is absent without default, or was reported as wrong,
// has no value.
class ComponentValues {
 public:
  std::string name;
  Span span;                                // of the component's name
  const EnergyTable* technology = nullptr;  // nullptr when the technology could not be read
  std::map<std::string, ParameterValue> values;
  std::map<std::string, Span> spans;  // of the values the document states

  // nullptr when there is no value. InternalError when the parameter has another type.
  template <class T>
  [[nodiscard]] const T* find(const std::string& key) const {
    const auto found = values.find(key);
    if (found == values.end()) return nullptr;
    const T* value = std::get_if<T>(&found->second);
    ensure(value != nullptr, "component parameter read as another type than declared");
    return value;
  }
  // `fallback` when there is no value: the component was reported and its machine is never handed out.
  [[nodiscard]] std::int64_t integer(const std::string& key, std::int64_t fallback = 0) const;
  [[nodiscard]] Span span_of(const std::string& key) const;  // the component's when the document does not state it
};

struct ComponentDescription {
  std::string kind;
  std::string doc;
  std::vector<ComponentParameter> parameters;  // sorted by key
  std::vector<ComponentAction> actions;
  // Rules between the component's own values; called when every one of them was read.
  void (*check)(const ComponentValues& values, Diagnostics& diagnostics) = nullptr;
  void (*build)(const ComponentValues& values, Machine& machine) = nullptr;  // appends the component
};

// Every kind, sorted by name.
[[nodiscard]] const std::vector<ComponentDescription>& component_descriptions();
[[nodiscard]] const ComponentDescription* find_component_description(const std::string& kind);  // nullptr when absent
[[nodiscard]] std::vector<std::string> component_kinds();

// One Markdown table per kind (key, value, default, meaning), as arch/README.md shows it.
[[nodiscard]] std::string print_component_kinds();

}  // namespace einloom
