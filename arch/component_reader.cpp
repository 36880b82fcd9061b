// SPDX-License-Identifier: Apache-2.0
#include "arch/component_reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "arch/controller_reader.hpp"
#include "base/suggest.hpp"

namespace einloom {
namespace {

template <class Entry>
std::vector<std::string> keys_of(const std::map<std::string, Entry>& entries) {
  std::vector<std::string> keys;
  for (const auto& [key, entry] : entries) keys.push_back(key);
  return keys;
}

template <class Unit>
std::optional<ParameterValue> integer_value(std::optional<Unit> quantity) {
  if (!quantity) return std::nullopt;
  return ParameterValue(quantity->value());
}

}  // namespace

bool ComponentReader::read(const YamlEntry& entry, Machine& machine) const {
  const auto errors_before = diagnostics_.size();
  if (!is_identifier(entry.key)) {
    diagnostics_.error(
        "component-name", entry.key_span,
        fmt::format("component `{}`; a name is letters, digits and _, not starting with a digit", entry.key));
  }
  YamlMap map(entry.value, fmt::format("component `{}`", entry.key), diagnostics_);
  if (!entry.value.is_map()) return false;
  const YamlNode kind_node = map.require("kind");
  if (!kind_node.defined()) return false;
  const auto errors_before_kind = diagnostics_.size();
  const std::string kind = read_string(kind_node, fmt::format("`kind` of `{}`", entry.key), diagnostics_);
  if (diagnostics_.size() != errors_before_kind) return false;
  const ComponentDescription* description = find_component_description(kind);
  if (description == nullptr) {
    diagnostics_
        .error("component-unknown-kind", kind_node.span(),
               fmt::format("component `{}` is of unknown kind `{}`", entry.key, kind))
        .with_help(suggestion(kind, component_kinds()));
    return false;
  }

  ComponentValues values;
  values.name = entry.key;
  values.span = entry.key_span;
  values.technology = technology_;
  for (const ComponentParameter& parameter : description->parameters) {
    const YamlNode node = parameter.required ? map.require(parameter.key) : map.optional(parameter.key);
    if (node.defined()) {
      values.spans[parameter.key] = node.span();
      if (auto value = read_value(parameter, node, entry.key)) values.values.emplace(parameter.key, *std::move(value));
    } else if (parameter.type == ParameterType::address_order) {
      std::string problem;
      values.values.emplace(parameter.key, parse_address_order(parameter.default_text, problem).value());
    } else if (!parameter.default_text.empty()) {
      values.values.emplace(parameter.key, parameter.default_text);
    } else if (!parameter.required && parameter.default_value) {
      values.values.emplace(parameter.key, *parameter.default_value);
    }
  }
  for (const ComponentParameter& parameter : description->parameters) {
    if (parameter.required_if.empty() || map.optional(parameter.key).defined()) continue;
    const auto* choice = values.find<std::string>(parameter.required_if);
    if (choice != nullptr && *choice == parameter.required_value) static_cast<void>(map.require(parameter.key));
  }
  map.finish();
  if (description->check != nullptr && diagnostics_.size() == errors_before) description->check(values, diagnostics_);
  description->build(values, machine);
  return true;
}

std::optional<ParameterValue> ComponentReader::read_value(const ComponentParameter& parameter, const YamlNode& node,
                                                          const std::string& component) const {
  const std::string what = fmt::format("`{}` of `{}`", parameter.key, component);
  switch (parameter.type) {
    case ParameterType::choice:
      return read_choice(parameter, node, what);
    case ParameterType::flag: {
      const auto errors_before = diagnostics_.size();
      const bool value = read_bool(node, what, diagnostics_, false);
      if (diagnostics_.size() != errors_before) return std::nullopt;
      return ParameterValue(std::int64_t{value ? 1 : 0});
    }
    case ParameterType::dram_timing:
      return read_dram_timing(node, what);
    case ParameterType::address_order:
      return read_address_order(node, what);
    case ParameterType::count:
      if (const auto count = parameters_.read_count(node, what, parameter.minimum)) return ParameterValue(*count);
      return std::nullopt;
    case ParameterType::bytes:
      return integer_value(parameters_.read_bytes(node, what, parameter.minimum));
    case ParameterType::cycles:
      return integer_value(parameters_.read_cycles(node, what, parameter.minimum));
    case ParameterType::bandwidth:
      if (const auto rate = parameters_.read_bandwidth(node, what, static_cast<double>(parameter.minimum))) {
        return ParameterValue(*rate);
      }
      return std::nullopt;
    case ParameterType::memory_energy:
      return technology_ == nullptr ? std::nullopt : look_up(node, what, "memory", technology_->memories);
    case ParameterType::register_energy:
      return technology_ == nullptr ? std::nullopt : look_up(node, what, "registers", technology_->registers);
    case ParameterType::operations:
      return ParameterValue(read_operations(node, component));
    case ParameterType::controller:
      return ParameterValue(read_controller(node, component, parameters_, diagnostics_));
  }
  throw InternalError("component parameter of a type nobody reads");
}

template <class Entry>
std::optional<ParameterValue> ComponentReader::look_up(const YamlNode& node, const std::string& what,
                                                       const std::string& sort,
                                                       const std::map<std::string, Entry>& entries) const {
  const auto errors_before = diagnostics_.size();
  const std::string name = read_string(node, what, diagnostics_);
  if (diagnostics_.size() != errors_before) return std::nullopt;
  const auto found = entries.find(name);
  if (found != entries.end()) return ParameterValue(&found->second);
  if (!technology_->complete) return std::nullopt;
  diagnostics_
      .error("technology-unknown-entry", node.span(),
             fmt::format("{} is `{}`; technology `{}` has no {} of that name", what, name, technology_->name, sort))
      .with_help(suggestion(name, keys_of(entries)));
  return std::nullopt;
}

std::optional<ParameterValue> ComponentReader::read_choice(const ComponentParameter& parameter, const YamlNode& node,
                                                           const std::string& what) const {
  const auto errors_before = diagnostics_.size();
  const std::string text = read_string(node, what, diagnostics_);
  if (diagnostics_.size() != errors_before) return std::nullopt;
  if (std::find(parameter.choices.begin(), parameter.choices.end(), text) != parameter.choices.end()) return text;
  diagnostics_
      .error("component-choice", node.span(),
             fmt::format("{} is `{}`; it is one of {}", what, text, fmt::join(parameter.choices, ", ")))
      .with_help(suggestion(text, parameter.choices));
  return std::nullopt;
}

std::optional<ParameterValue> ComponentReader::read_dram_timing(const YamlNode& node, const std::string& what) const {
  const auto errors_before = diagnostics_.size();
  const std::string name = read_string(node, what, diagnostics_);
  if (diagnostics_.size() != errors_before) return std::nullopt;
  ensure(find_dram_timing_ != nullptr, "whoever loads machines with banked DRAM can find timing sets");
  try {
    DramTiming timing = load_dram_timing(find_dram_timing_(name, node.span()), diagnostics_);
    if (diagnostics_.size() != errors_before) return std::nullopt;
    return std::make_shared<const DramTiming>(std::move(timing));
  } catch (const UserError& error) {
    for (const Diagnostic& diagnostic : error.diagnostics()) diagnostics_.add(diagnostic);
    return std::nullopt;
  }
}

std::optional<ParameterValue> ComponentReader::read_address_order(const YamlNode& node, const std::string& what) const {
  const auto errors_before = diagnostics_.size();
  const std::string text = read_string(node, what, diagnostics_);
  if (diagnostics_.size() != errors_before) return std::nullopt;
  std::string problem;
  if (auto order = parse_address_order(text, problem)) return *std::move(order);
  diagnostics_.error("address-order", node.span(), fmt::format("{} is `{}`, which {}", what, text, problem))
      .with_help("RoBaRaCoCh lets consecutive accesses walk the row of one bank, MOP4CLXOR spreads them over banks");
  return std::nullopt;
}

OperationTable ComponentReader::read_operations(const YamlNode& node, const std::string& component) const {
  OperationTable operations;
  const YamlMap check(node, fmt::format("`operations` of `{}`", component), diagnostics_);  // reports yaml-type
  for (const YamlEntry& entry : node.entries()) operations.emplace(entry.key, read_operation(entry, component));
  return operations;
}

OperationCost ComponentReader::read_operation(const YamlEntry& entry, const std::string& component) const {
  OperationCost cost;
  cost.span = entry.key_span;
  const std::string what = fmt::format("operation `{}` of `{}`", entry.key, component);
  YamlNode actions;
  if (entry.value.is_map()) {
    YamlMap map(entry.value, what, diagnostics_);
    if (const YamlNode issue = map.require("issue_cycles"); issue.defined()) {
      cost.issue_cycles = parameters_.read_count(issue, fmt::format("`issue_cycles` of {}", what), 0).value_or(1);
    }
    actions = map.optional("actions");
    map.finish();
  } else {
    cost.issue_cycles = parameters_.read_count(entry.value, fmt::format("`issue_cycles` of {}", what), 0).value_or(1);
  }

  if (!actions.defined()) {
    cost.actions[entry.key] = 1;
    if (technology_ != nullptr && technology_->complete && technology_->find_operation(entry.key) == nullptr) {
      diagnostics_
          .error("operation-unknown", entry.key_span,
                 fmt::format("{} stands for one action `{}`; technology `{}` has no operation of that name", what,
                             entry.key, technology_->name))
          .with_help(suggestion(entry.key, keys_of(technology_->operations)));
    }
    return cost;
  }
  const YamlMap check(actions, fmt::format("`actions` of {}", what), diagnostics_);  // reports yaml-type
  if (actions.is_map() && actions.entries().empty()) {
    diagnostics_
        .error("operation-without-actions", actions.span(),
               fmt::format("{} has no actions; every operation says what it costs in energy", what))
        .with_help("leave `actions` out for one action of the operation's own name");
  }
  for (const YamlEntry& action : actions.entries()) {
    cost.actions[action.key] =
        parameters_.read_count(action.value, fmt::format("`{}` in `actions` of {}", action.key, what), 1).value_or(1);
    if (technology_ == nullptr || !technology_->complete || technology_->find_operation(action.key) != nullptr)
      continue;
    diagnostics_
        .error("action-unknown", action.key_span,
               fmt::format("{} takes action `{}`; technology `{}` has no operation of that name", what, action.key,
                           technology_->name))
        .with_help(suggestion(action.key, keys_of(technology_->operations)));
  }
  return cost;
}

}  // namespace einloom
