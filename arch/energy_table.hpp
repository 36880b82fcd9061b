// SPDX-License-Identifier: Apache-2.0
// A technology document: energy per action and area of memories, operation units and register files, each number
// with where it comes from.
// Contract: an entry whose numbers are wrong is reported and still present, so that nobody calls it unknown as well.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "arch/numbers_by_size.hpp"
#include "base/diagnostic.hpp"
#include "base/units.hpp"
#include "base/yaml_reader.hpp"

namespace einloom {

// Energy is per access of the whole `access_width`, which it does not scale with; sizes are capacities in bytes.
struct MemoryEntry : NumbersBySize {
  bool area_stated = false;           // false: the document gives none, area_um2 is 0
  std::optional<Bytes> access_width;  // stated: a component must have exactly this one
  std::optional<Bytes> capacity;      // the capacity of the numbers stated once; information only
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

// The registers of one PE; energy per access of one word; sizes are counts of registers.
struct RegisterEntry : NumbersBySize {
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

// Reports every error of the document into `diagnostics` (base's reader codes, source-empty,
// sizes-too-few, sizes-not-ascending).
[[nodiscard]] EnergyTable load_energy_table(const YamlNode& document, Diagnostics& diagnostics);

}  // namespace einloom
