// SPDX-License-Identifier: Apache-2.0
// A technology document: energy per action and area of memories, operation units and register files, each number
// with where it comes from.
// Contract: an entry whose numbers are wrong is reported and still present, so that nobody calls it unknown as well.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.hpp"
#include "base/units.hpp"
#include "base/yaml_reader.hpp"

namespace einloom {

// Energy is per access of the whole `access_width`; it does not scale with bytes or capacity.
struct MemoryEntry {
  double read_energy_pj = 0;
  double write_energy_pj = 0;
  double area_um2 = 0;  // 0 when the document gives none (area_stated tells)
  bool area_stated = false;
  std::optional<Bytes> access_width;  // stated: a component must have exactly this one
  std::optional<Bytes> capacity;      // the capacity the numbers were obtained for; information only
  std::string source;
  Span span;               // of the entry's name
  Span access_width_span;  // when stated
};

// A unit of a PE that performs one action (mac, max, exp …).
struct OperationEntry {
  double energy_pj = 0;
  double area_um2 = 0;  // 0 when another unit's area contains it
  std::string source;
  Span span;
};

// The registers of one PE; energy per access of one word.
struct RegisterEntry {
  double read_energy_pj = 0;
  double write_energy_pj = 0;
  double area_um2 = 0;
  std::string source;
  Span span;
};

class EnergyTable {
 public:
  std::string name, description;
  bool complete = true;  // false: a section was reported as unreadable, so a missing name means nothing
  std::map<std::string, MemoryEntry> memories;
  std::map<std::string, OperationEntry> operations;
  std::map<std::string, RegisterEntry> registers;

  // nullptr when absent.
  [[nodiscard]] const MemoryEntry* find_memory(const std::string& entry) const;
  [[nodiscard]] const OperationEntry* find_operation(const std::string& entry) const;
  [[nodiscard]] const RegisterEntry* find_registers(const std::string& entry) const;
};

// Reports every error of the document into `diagnostics` (base's reader codes and source-empty).
[[nodiscard]] EnergyTable load_energy_table(const YamlNode& document, Diagnostics& diagnostics);

}  // namespace einloom
