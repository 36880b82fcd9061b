// SPDX-License-Identifier: Apache-2.0
#include "arch/controller_reader.hpp"

#include <fmt/format.h>

namespace einloom {
namespace {

bool read_flag(const YamlNode& node, const std::string& what, Diagnostics& diagnostics) {
  if (!node.defined()) return false;
  const std::string text = read_string(node, what, diagnostics);
  if (text != "true" && text != "false") {
    diagnostics.error("value-unknown", node.span(), fmt::format("{} is `{}`; it must be true or false", what, text));
  }
  return text == "true";
}

Instruction read_instruction(const YamlEntry& entry, const std::string& array, const MachineParameters& parameters,
                             Diagnostics& diagnostics) {
  Instruction instruction;
  instruction.span = entry.key_span;
  const std::string what = fmt::format("instruction `{}` of `{}`", entry.key, array);
  YamlMap map(entry.value, what, diagnostics);
  if (const YamlNode next = map.require("next"); next.defined()) {
    instruction.next_cycles = parameters.read_count(next, fmt::format("`next` of {}", what), 1).value_or(1);
  }
  if (const YamlNode busy = map.require("busy"); busy.defined()) {
    instruction.busy_cycles = parameters.read_count(busy, fmt::format("`busy` of {}", what), 1).value_or(1);
  }
  instruction.waits = read_flag(map.optional("waits"), fmt::format("`waits` of {}", what), diagnostics);
  map.finish();
  return instruction;
}

}  // namespace

Controller read_controller(const YamlNode& node, const std::string& array, const MachineParameters& parameters,
                           Diagnostics& diagnostics) {
  Controller controller;
  controller.span = node.span();
  YamlMap map(node, fmt::format("`controller` of `{}`", array), diagnostics);
  if (const YamlNode engines = map.optional("engines"); engines.defined()) {
    controller.engines = parameters.read_count(engines, fmt::format("`engines` of `{}`", array), 1).value_or(1);
  }
  const YamlNode table = map.require("instructions");
  if (table.defined()) {
    const YamlMap check(table, fmt::format("`instructions` of `{}`", array), diagnostics);  // reports yaml-type
    for (const YamlEntry& entry : table.entries()) {
      controller.instructions.emplace(entry.key, read_instruction(entry, array, parameters, diagnostics));
    }
    if (table.is_map() && table.entries().empty()) {
      diagnostics.error("controller-no-instructions", table.span(),
                        fmt::format("the controller of `{}` has no instructions; it needs at least one", array));
    }
  }
  map.finish();
  return controller;
}

}  // namespace einloom
