// SPDX-License-Identifier: Apache-2.0
// A machine: memories, arrays of PEs and links under one clock, with energy per action and area per component.
// Values only; a Machine that exists has passed validation (arch/validator).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arch/banked_dram.hpp"
#include "base/source_file.hpp"
#include "base/units.hpp"
#include "base/yaml_reader.hpp"

namespace einloom {

// What one operation costs on a PE: FuseMax's exp is 6 issue cycles and 6 mac actions.
struct OperationCost {
  std::int64_t issue_cycles = 1;
  std::map<std::string, std::int64_t> actions;  // technology actions per operation (mac: 6)
  Span span;
};

// A named energy or area number of the technology, with where it comes from.
struct ActionEnergy {
  double energy_pj = 0;
  std::string source;
};

// One instruction of an array's controller, from its accept on; cycles.
struct Instruction {
  std::int64_t next_cycles = 1;  // until it no longer conflicts with the instruction behind it
  std::int64_t busy_cycles = 1;  // its engine is free for another one busy_cycles + 1 later
  bool waits = false;            // accepted only when every engine is idle
  Span span;
};

// Issues the instructions of an array in program order, to its engines in turn. Rules: sim/README.md.
struct Controller {
  std::int64_t engines = 1;
  std::map<std::string, Instruction> instructions;
  Span span;
  // Cycles from an instruction's accept to the earliest accept of the one behind it, when that does not wait.
  [[nodiscard]] std::int64_t hold_cycles(const Instruction& instruction) const {
    const std::int64_t idle = instruction.busy_cycles + 1;
    return engines > 1 && instruction.next_cycles < idle ? instruction.next_cycles : idle;
  }
};

enum class MemoryKind { dram, buffer };

struct Memory {
  std::string name;
  MemoryKind kind = MemoryKind::buffer;
  std::optional<Bytes> capacity;  // unset: unbounded (dram)
  Bytes access_width{1};          // bytes per access; energy is charged per access of this width
  std::int64_t ports = 1;         // buffer: accesses served per cycle
  std::int64_t banks = 1;
  std::int64_t queue_accesses = 1024;  // buffer: accesses that may wait at the ports before operations hold back
  Cycles latency{0};
  BytesPerSecond bandwidth{0};         // dram: peak; buffer: 0 (ports × access_width per cycle)
  std::optional<BankedDram> banked{};  // dram of model `banked`; unset: `simple`
  double read_energy_pj = 0;           // per access
  double write_energy_pj = 0;
  double area_um2 = 0;
  std::string energy_source, area_source;
  Span span;           // of the component
  Span capacity_span;  // of its capacity, for notes
};

struct PeArray {
  std::string name;
  std::int64_t rows = 1;
  std::int64_t columns = 1;
  std::map<std::string, OperationCost> operations;  // keys: op names of the cascade language, and `mac`
  std::int64_t registers = 0;                       // per PE; 0: not stated
  double register_read_energy_pj = 0, register_write_energy_pj = 0;
  std::string register_source;                        // where the register energies come from
  std::map<std::string, ActionEnergy> action_energy;  // energy of each action its operations use
  double pe_area_um2 = 0;                             // one PE, registers included
  std::string area_source;
  std::optional<Controller> controller;  // set: it works on instructions, not on single operations
  Span span;
  Span rows_span, columns_span;
  [[nodiscard]] std::int64_t pes() const { return rows * columns; }
};

// A connection between two components. Array → array links carry reductions leaving and broadcasts entering.
struct Link {
  std::string from, to;
  Cycles latency{0};
  Span span;
};

class Machine {
 public:
  std::string name, description;
  std::string source;                                      // where the machine comes from; may be empty
  std::vector<std::pair<std::string, double>> parameters;  // in document order; dim → 256
  Hertz clock{0};
  std::vector<Memory> memories;  // outermost (dram) first
  std::vector<PeArray> arrays;
  std::vector<Link> links;
  std::string technology;
  Span span;

  [[nodiscard]] const Memory* find_memory(const std::string& memory_name) const;  // nullptr when absent
  [[nodiscard]] const PeArray* find_array(const std::string& array_name) const;
  // Latency of the direct link; nullopt when there is none.
  [[nodiscard]] std::optional<Cycles> link_latency(const std::string& from, const std::string& to) const;
  [[nodiscard]] SquareMicrometres total_area() const;
  [[nodiscard]] std::vector<std::string> component_names() const;

  // Numbers a plan's expressions may use: `array2d.rows`, `array2d.columns`, `array2d.pes`, `global_buffer.capacity`
  // (bytes), `global_buffer.access_width`, `dram.bandwidth` (bytes/s), `clock` (Hz), `parameters.dim`. nullopt when
  // there is no such number (an unbounded memory has no capacity). property_names() lists exactly the names that have a
  // value.
  [[nodiscard]] std::optional<double> property(const std::string& dotted_name) const;
  [[nodiscard]] std::vector<std::string> property_names() const;
};

// Reads and validates a machine document; throws UserError with all errors of it and of its technology (arch/README.md
// lists the codes). `technology` documents are found by name through `find_document("technologies", name)`.
using FindTechnology = std::function<YamlNode(const std::string& name, const Span& asked_at)>;
// Timing sets of banked DRAM likewise; may be left out where machines have none.
using FindDramTiming = FindTechnology;
[[nodiscard]] Machine load_machine(const YamlNode& document, const FindTechnology& find_technology,
                                   const FindDramTiming& find_dram_timing = {});
[[nodiscard]] std::string print_machine(const Machine& machine);  // readable description for `einloom describe`

}  // namespace einloom
