// SPDX-License-Identifier: Apache-2.0
// What one run found out: cycles and where they went, use of arrays, buffers and links, energy, and the checks made.
// Plain values; printing is experiments/'s business.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/units.hpp"

namespace einloom {

enum class Fidelity { cycle, pe, waterfall };

// One line of an array's account of cycles. All lines of an array add up to the cycles of the run.
struct Account {
  std::string
      kind;  // busy, wait_data, wait_dependence, wait_transit, wait_slot, wait_iteration, wait_port, fill, drain
  std::string subject;  // Einsum, tensor or memory it is about; "" for fill and drain
  Cycles cycles{0};
};

struct ArrayReport {
  std::string name;
  double utilisation = 0;                     // busy PE-cycles / (PEs · cycles)
  std::map<std::string, double> busy;         // by Einsum: share of PE-cycles
  std::map<std::string, Cycles> busy_cycles;  // by Einsum: issue-slot cycles
  std::vector<Account> accounts;              // empty at fidelity waterfall
};

struct TrafficReport {
  std::string memory, tensor;
  std::int64_t read_bytes = 0, write_bytes = 0;
};

struct MemoryReport {
  std::string name;
  std::int64_t read_bytes = 0, write_bytes = 0;
  double read_accesses = 0, write_accesses = 0;
  std::int64_t peak_bytes = 0;                         // 0 for DRAM
  std::map<std::string, std::int64_t> peak_by_tensor;  // at the moment of the peak
};

// What a DRAM of model `banked` did.
struct DramReport {
  std::string name;
  std::int64_t reads = 0,
               writes = 0;  // accesses of access_bytes, more than the tiles' bytes where their runs are ragged
  std::int64_t access_bytes = 0;
  std::int64_t row_hits = 0, row_misses = 0, row_conflicts = 0, refreshes = 0;
  double bandwidth = 0, peak_bandwidth = 0;  // bytes per second over the whole run
};

struct EnergyReport {
  std::map<std::string, double> by_component_pj;  // without registers
  double registers_all_pj = 0;                    // every PE's registers
  double registers_one_pe_pj = 0;                 // the published accounting: one PE of each array
  double registers_uniform_pj = 0;                // every PE of each array at that one's accesses, idle or not
  double total_pj = 0;                            // with every PE's registers, as far as it takes part
  double total_one_pe_pj = 0;
  double total_uniform_pj = 0;
};

// A lower bound on cycles and what sets it.
struct Bound {
  std::string what;  // "array1d issue slots", "dram bandwidth", …
  double cycles = 0;
  bool of_ports = false;  // an on-chip memory's ports: fidelity waterfall leaves them out and may be faster
};

// Where the cycles beyond the busiest array's own work went; the parts add up to `excess`.
struct Excess {
  std::string array;
  Cycles work{0};
  Cycles excess{0};
  std::vector<Account> parts;  // fill split into dram_latency, dram_transfer and upstream; drain; waits
};

// A phase of fidelity waterfall: its longest array over the whole run, and the stall charged besides.
struct PhaseReport {
  std::string what;  // "array2d QK + LM"
  Cycles cycles{0}, stall{0};
};

struct CheckReport {
  std::int64_t values = 0;  // output values compared; 0: not checked
  double max_abs_error = 0;
  double max_rel_error = 0;  // |x - r| / (1 + |r|)
  double tolerance = 0;      // on max_rel_error
  std::string description;   // which shape, against what
  bool passed = true;
  std::string first_mismatch;  // window with coordinates when !passed
};

struct Report {
  Fidelity fidelity = Fidelity::cycle;
  Cycles cycles{0};
  Seconds latency{0};
  bool memory_bound = false;  // waterfall: DRAM time exceeded the phases
  std::vector<ArrayReport> arrays;
  std::vector<MemoryReport> memories;
  std::vector<TrafficReport> traffic;
  std::vector<DramReport> drams;                    // of model `banked`, fidelity cycle
  std::map<std::string, std::int64_t> operations;   // all arrays, by kind
  std::map<std::string, std::int64_t> comparisons;  // … those that selections are made of
  EnergyReport energy;
  double area_mm2 = 0;
  std::vector<Bound> bounds;        // largest first
  Excess excess;                    // fidelity cycle
  std::vector<PhaseReport> phases;  // fidelity waterfall
  std::int64_t iterations = 0;      // executions of the innermost bodies: tiles
  CheckReport check;
  std::int64_t tiles_skipped = 0, moves_skipped = 0;  // without points, and so neither issued nor made
  std::vector<std::string> masks_from_data;  // tensors by whose values tiles were skipped: inputs, or what is computed
  std::optional<std::uint64_t> data_seed;    // … with which these inputs were drawn
  std::vector<std::string> dense;    // Einsums of which all tiles are issued that their predicates on data could leave
  std::int64_t tile_operations = 0;  // executed in the modelled machine
  std::int64_t tile_operations_simulated = 0;  // stepped one by one; the rest was fast-forwarded
  std::int64_t pe_cycles_simulated = 0;        // fidelity pe: PEs · cycles, every one stepped
  std::map<std::string, std::int64_t> shape;   // every rank extent and tile extent used

  [[nodiscard]] const ArrayReport* find_array(const std::string& name) const;
  [[nodiscard]] const MemoryReport* find_memory(const std::string& name) const;
};

}  // namespace einloom
