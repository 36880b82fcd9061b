// SPDX-License-Identifier: Apache-2.0
// A Program's totals in closed form, without running it: what a simulation must find too. Operations, bytes at every
// memory, busy cycles of every array, and lower bounds on the cycles.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "arch/machine.hpp"
#include "mappings/program.hpp"

namespace einloom {

// Totals over all instances of a run.
struct Totals {
  std::vector<std::vector<std::int64_t>> instances;                       // by statement, by variant
  std::vector<std::int64_t> busy_cycles;                                  // by statement; 0 for moves
  std::vector<std::int64_t> busy_pe_cycles;                               // by statement: cycles × PEs that take part
  std::vector<std::map<std::string, std::int64_t>> operations;            // by array, by op
  std::vector<std::map<std::string, std::int64_t>> comparisons;           // by array, by op: those of selections
  std::vector<std::vector<std::pair<std::int64_t, std::int64_t>>> bytes;  // by memory, by tensor: read, written
  std::vector<std::pair<std::int64_t, std::int64_t>> registers;           // by array: one PE's reads, writes
  std::vector<std::pair<double, double>> registers_all;                   // by array: all PEs' reads, writes
};

// From the number of instances of each variant.
[[nodiscard]] Totals totals_of(const Program& program, std::vector<std::vector<std::int64_t>> instances);
// The same with the instances in closed form.
[[nodiscard]] Totals estimate_totals(const Program& program);

struct CycleBound {
  std::string what;
  double cycles = 0;
  bool of_ports = false;  // an on-chip memory's ports, which fidelity waterfall leaves out
};
// Time DRAM needs for its bytes at peak bandwidth.
[[nodiscard]] double dram_cycles(const Program& program, const Machine& machine, const Totals& totals);
// No run can take fewer cycles than the largest of these; largest first.
[[nodiscard]] std::vector<CycleBound> cycle_bounds(const Program& program, const Machine& machine,
                                                   const Totals& totals);

}  // namespace einloom
