// SPDX-License-Identifier: Apache-2.0
#include "mappings/estimate.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace einloom {

Totals totals_of(const Program& program, std::vector<std::vector<std::int64_t>> instances) {
  Totals totals;
  totals.instances = std::move(instances);
  totals.busy_cycles.assign(program.statements.size(), 0);
  totals.busy_pe_cycles.assign(program.statements.size(), 0);
  totals.operations.resize(program.arrays.size());
  totals.comparisons.resize(program.arrays.size());
  totals.bytes.assign(program.memories.size(),
                      std::vector<std::pair<std::int64_t, std::int64_t>>(program.tensors.size()));
  totals.registers.resize(program.arrays.size());
  totals.registers_all.resize(program.arrays.size());
  for (std::size_t s = 0; s < program.statements.size(); ++s) {
    const Statement& statement = program.statements[s];
    for (std::size_t v = 0; v < statement.variants.size(); ++v) {
      const Work& work = statement.variants[v];
      const std::int64_t count = totals.instances[s][v];
      for (const MemoryAccess& access : work.accesses) {
        auto& [read, written] =
            totals.bytes[static_cast<std::size_t>(access.memory)][static_cast<std::size_t>(access.tensor)];
        read += count * access.read_bytes;
        written += count * access.write_bytes;
      }
      if (statement.kind != StatementKind::operation) continue;
      const auto a = static_cast<std::size_t>(statement.array);
      totals.busy_cycles[s] += count * work.duration_cycles;
      totals.busy_pe_cycles[s] += count * work.duration_cycles * work.slot_pes;
      for (const auto& [op, per_point] : statement.operations_per_point) {
        totals.operations[a][op] += count * work.points * per_point;
      }
      for (std::size_t i = 0; i < work.outer_points.size(); ++i) {
        totals.operations[a][statement.outer_operations[i].op] += count * work.outer_points[i];
      }
      if (statement.gather_array >= 0 && work.gathered > 0) {
        totals.operations[static_cast<std::size_t>(statement.gather_array)][kGather] += count * work.gathered;
      }
      if (statement.scatter_array >= 0 && work.scattered > 0) {
        totals.operations[static_cast<std::size_t>(statement.scatter_array)][kScatter] += count * work.scattered;
      }
      if (statement.selection) totals.comparisons[a][statement.selection->op] += count * work.comparisons;
      totals.registers[a].first += count * work.register_reads;
      totals.registers[a].second += count * work.register_writes;
      const double pes = static_cast<double>(work.pes);
      totals.registers_all[a].first += static_cast<double>(count * work.register_reads) * pes;
      totals.registers_all[a].second += static_cast<double>(count * work.register_writes) * pes;
    }
  }
  return totals;
}

Totals estimate_totals(const Program& program) {
  std::vector<std::vector<std::int64_t>> instances;
  for (const Statement& statement : program.statements) instances.push_back(program.instances_by_variant(statement));
  return totals_of(program, std::move(instances));
}

double dram_cycles(const Program& program, const Machine& machine, const Totals& totals) {
  double cycles = 0;
  for (std::size_t m = 0; m < program.memories.size(); ++m) {
    const Memory& memory = machine.memories[m];
    if (memory.kind != MemoryKind::dram) continue;
    double bytes = 0;
    for (const auto& [read, written] : totals.bytes[m])
      bytes += static_cast<double>(read) + static_cast<double>(written);
    cycles += bytes * machine.clock.value() / memory.bandwidth.value();
  }
  return cycles;
}

std::vector<CycleBound> cycle_bounds(const Program& program, const Machine& machine, const Totals& totals) {
  std::vector<CycleBound> bounds;
  for (std::size_t a = 0; a < program.arrays.size(); ++a) {
    double busy = 0;
    for (std::size_t s = 0; s < program.statements.size(); ++s) {
      if (program.statements[s].array == static_cast<int>(a)) busy += static_cast<double>(totals.busy_cycles[s]);
    }
    bounds.push_back({fmt::format("{} issue slots", program.arrays[a]), busy, false});
  }
  for (std::size_t m = 0; m < program.memories.size(); ++m) {
    const Memory& memory = machine.memories[m];
    if (memory.kind == MemoryKind::dram) {
      bounds.push_back({fmt::format("{} bandwidth", memory.name), dram_cycles(program, machine, totals), false});
      continue;
    }
    double read = 0, written = 0;
    for (const auto& [tensor_read, tensor_written] : totals.bytes[m]) {
      read += static_cast<double>(tensor_read);
      written += static_cast<double>(tensor_written);
    }
    // A run lasts until the ports have served every access.
    const double accesses = (read + written) / static_cast<double>(memory.access_width.value());
    bounds.push_back({fmt::format("{} ports", memory.name), accesses / static_cast<double>(memory.ports), true});
  }
  std::stable_sort(bounds.begin(), bounds.end(),
                   [](const CycleBound& a, const CycleBound& b) { return a.cycles > b.cycles; });
  return bounds;
}

}  // namespace einloom
