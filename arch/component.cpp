// SPDX-License-Identifier: Apache-2.0
#include "arch/component.hpp"

#include <fmt/format.h>

namespace einloom {
namespace {

std::string value_of_type(ParameterType type) {
  switch (type) {
    case ParameterType::choice:
      return "choice";
    case ParameterType::flag:
      return "true or false";
    case ParameterType::dram_timing:
      return "name in `dram_timings`";
    case ParameterType::address_order:
      return "address order";
    case ParameterType::count:
      return "count";
    case ParameterType::bytes:
      return "bytes";
    case ParameterType::cycles:
      return "cycles";
    case ParameterType::bandwidth:
      return "bytes per second";
    case ParameterType::memory_energy:
      return "name in `memories`";
    case ParameterType::register_energy:
      return "name in `registers`";
    case ParameterType::operations:
      return "map of operations";
    case ParameterType::controller:
      return "controller";
  }
  throw InternalError("parameter type without a name");
}

std::string default_of(const ComponentParameter& parameter) {
  if (parameter.required) return "required";
  if (!parameter.required_if.empty()) {
    return fmt::format("required for {} `{}`", parameter.required_if, parameter.required_value);
  }
  if (!parameter.default_text.empty()) return parameter.default_text;
  if (!parameter.default_value) return "none";
  if (parameter.type == ParameterType::flag) return *parameter.default_value != 0 ? "true" : "false";
  return fmt::format("{}", *parameter.default_value);
}

}  // namespace

std::int64_t ComponentValues::integer(const std::string& key, std::int64_t fallback) const {
  const auto* value = find<std::int64_t>(key);
  return value == nullptr ? fallback : *value;
}

Span ComponentValues::span_of(const std::string& key) const {
  const auto found = spans.find(key);
  return found == spans.end() ? span : found->second;
}

const ComponentDescription* find_component_description(const std::string& kind) {
  for (const ComponentDescription& description : component_descriptions()) {
    if (description.kind == kind) return &description;
  }
  return nullptr;
}

std::vector<std::string> component_kinds() {
  std::vector<std::string> kinds;
  for (const ComponentDescription& description : component_descriptions()) kinds.push_back(description.kind);
  return kinds;
}

std::string print_component_kinds() {
  std::string text;
  for (const ComponentDescription& description : component_descriptions()) {
    text += fmt::format("#### `{}`\n{}\n\n", description.kind, description.doc);
    text += "| key | value | default | meaning |\n|---|---|---|---|\n";
    for (const ComponentParameter& parameter : description.parameters) {
      text += fmt::format("| `{}` | {} | {} | {} |\n", parameter.key, value_of_type(parameter.type),
                          default_of(parameter), parameter.doc);
    }
    text += "\nActions: ";
    std::string separator;
    for (const ComponentAction& action : description.actions) {
      text += fmt::format("{}`{}` ({})", separator, action.name, action.doc);
      separator = ", ";
    }
    text += ".\n\n";
  }
  return text;
}

}  // namespace einloom
