// SPDX-License-Identifier: Apache-2.0
// Reads one component of a machine document through its description, with counts over the machine's parameters and
// names looked up in the technology.
// Contract: every error is reported once; a component that had one still appears in the machine, under its name.
#pragma once

#include <string>

#include "arch/component.hpp"
#include "arch/machine_parameters.hpp"
#include "base/diagnostic.hpp"
#include "base/yaml_reader.hpp"

namespace einloom {

class ComponentReader {
 public:
  // `technology` is nullptr when it could not be found: its names are then not looked up. All outlive the reader.
  ComponentReader(const MachineParameters& parameters, const EnergyTable* technology,
                  const FindDramTiming& find_dram_timing, Diagnostics& diagnostics)
      : parameters_(parameters),
        technology_(technology),
        find_dram_timing_(find_dram_timing),
        diagnostics_(diagnostics) {}

  // Appends the component to `machine`. False when its kind is unknown and nothing was appended.
  // Reports address-order, component-choice, component-name, component-unknown-kind, technology-unknown-entry,
  // operation-unknown, action-unknown, operation-without-actions, and what the description checks.
  bool read(const YamlEntry& entry, Machine& machine) const;

 private:
  [[nodiscard]] std::optional<ParameterValue> read_value(const ComponentParameter& parameter, const YamlNode& node,
                                                         const std::string& component) const;
  [[nodiscard]] std::optional<ParameterValue> read_choice(const ComponentParameter& parameter, const YamlNode& node,
                                                          const std::string& what) const;
  [[nodiscard]] std::optional<ParameterValue> read_dram_timing(const YamlNode& node, const std::string& what) const;
  [[nodiscard]] std::optional<ParameterValue> read_address_order(const YamlNode& node, const std::string& what) const;
  [[nodiscard]] OperationTable read_operations(const YamlNode& node, const std::string& component) const;
  [[nodiscard]] OperationCost read_operation(const YamlEntry& entry, const std::string& component) const;
  template <class Entry>
  [[nodiscard]] std::optional<ParameterValue> look_up(const YamlNode& node, const std::string& what,
                                                      const std::string& sort,
                                                      const std::map<std::string, Entry>& entries) const;

  const MachineParameters& parameters_;
  const EnergyTable* technology_;
  const FindDramTiming& find_dram_timing_;
  Diagnostics& diagnostics_;
};

}  // namespace einloom
