// SPDX-License-Identifier: Apache-2.0
#include "sim/simulate.hpp"

#include <algorithm>
#include <cmath>

#include "base/diagnostic.hpp"
#include "mappings/estimate.hpp"
#include "sim/accounts.hpp"
#include "sim/conservation.hpp"
#include "sim/energy.hpp"
#include "sim/kernel.hpp"
#include "sim/pe_level/pe_budget.hpp"
#include "sim/pe_level/pe_machine.hpp"
#include "sim/pe_level/space_time.hpp"
#include "sim/waterfall.hpp"

namespace einloom {
namespace {

void add_memories(Report& report, const Program& program, const Machine& machine, const Totals& totals) {
  for (std::size_t m = 0; m < program.memories.size(); ++m) {
    MemoryReport memory;
    memory.name = program.memories[m];
    for (std::size_t t = 0; t < program.tensors.size(); ++t) {
      const auto& [read, written] = totals.bytes[m][t];
      if (read == 0 && written == 0) continue;
      report.traffic.push_back({memory.name, program.tensors[t], read, written});
      memory.read_bytes += read;
      memory.write_bytes += written;
    }
    const double width = static_cast<double>(machine.memories[m].access_width.value());
    memory.read_accesses = static_cast<double>(memory.read_bytes) / width;
    memory.write_accesses = static_cast<double>(memory.write_bytes) / width;
    report.memories.push_back(memory);
  }
}

void add_arrays(Report& report, const Program& program, const Machine& machine, const Totals& totals) {
  for (std::size_t a = 0; a < program.arrays.size(); ++a) {
    ArrayReport array;
    array.name = program.arrays[a];
    const double pe_cycles = static_cast<double>(report.cycles.value()) * static_cast<double>(machine.arrays[a].pes());
    for (std::size_t s = 0; s < program.statements.size(); ++s) {
      if (program.statements[s].array != static_cast<int>(a)) continue;
      const double share = static_cast<double>(totals.busy_pe_cycles[s]) / pe_cycles;
      array.busy[program.statements[s].name] = share;
      array.busy_cycles[program.statements[s].name] = Cycles(totals.busy_cycles[s]);
      array.utilisation += share;
    }
    report.arrays.push_back(array);
  }
}

void add_drams(Report& report, const Machine& machine, const DramCounters& counters) {
  for (const Memory& memory : machine.memories) {
    if (!memory.banked) continue;
    DramReport dram;
    dram.name = memory.name;
    dram.reads = counters.reads;
    dram.writes = counters.writes;
    dram.access_bytes = memory.banked->timing.access_bytes;
    dram.row_hits = counters.row_hits;
    dram.row_misses = counters.row_misses;
    dram.row_conflicts = counters.row_conflicts;
    dram.refreshes = counters.refreshes;
    dram.peak_bandwidth = memory.banked->peak_bandwidth();
    const double bytes = static_cast<double>((dram.reads + dram.writes) * dram.access_bytes);
    if (report.latency.value() > 0) dram.bandwidth = bytes / report.latency.value();
    report.drams.push_back(std::move(dram));
  }
}

void add_peaks(Report& report, const Program& program, const RunState& run) {
  for (std::size_t m = 0; m < program.memories.size(); ++m) {
    const Occupancy::Peak& peak = run.occupancy.peak(static_cast<int>(m));
    report.memories[m].peak_bytes = peak.bytes;
    std::size_t at = 0;
    for (const Storage& storage : program.storages) {
      if (storage.memory != static_cast<int>(m)) continue;
      report.memories[m].peak_by_tensor[program.tensors[static_cast<std::size_t>(storage.tensor)]] +=
          peak.by_storage[at++];
    }
  }
}

// Busy PE-cycles counted one by one are those of all instances. Inside an instruction PEs work by themselves, not for
// as long as the controller's table says.
void check_pe_cycles(const Program& program, const Machine& machine, const Totals& totals,
                     const std::vector<std::int64_t>& counted) {
  for (std::size_t a = 0; a < program.arrays.size(); ++a) {
    std::int64_t expected = 0;
    for (std::size_t s = 0; s < program.statements.size(); ++s) {
      const Statement& statement = program.statements[s];
      if (statement.array != static_cast<int>(a)) continue;
      if (statement.instruction.empty()) expected += totals.busy_pe_cycles[s];
      if (statement.instruction.empty() || place_along(statement, Place::Axis::rows) == nullptr) continue;
      for (std::size_t v = 0; v < statement.variants.size(); ++v) {
        const SpaceTime map = space_time_of(statement, machine.arrays[a], static_cast<unsigned>(v));
        expected += totals.instances[s][v] * map.rows * map.columns * map.cycles();
      }
    }
    ensure(counted[a] == expected, "the PEs of " + program.arrays[a] + " were busy as long as its operations take");
  }
}

void tell_end(RunState& run, const RunResult& result) {
  for (RunListener* listener : run.listeners) {
    for (std::size_t a = 0; a < result.last_end.size(); ++a) {
      const std::int64_t from = result.last_end[a];
      if (from < result.cycles) {
        listener->stalls(run, {Stall::Reason::drain, static_cast<int>(a), from, result.cycles, -1, -1});
      }
    }
    listener->ends(run, result);
  }
}

}  // namespace

const ArrayReport* Report::find_array(const std::string& name) const {
  const auto found = std::find_if(arrays.begin(), arrays.end(), [&](const ArrayReport& a) { return a.name == name; });
  return found == arrays.end() ? nullptr : &*found;
}

const MemoryReport* Report::find_memory(const std::string& name) const {
  const auto found =
      std::find_if(memories.begin(), memories.end(), [&](const MemoryReport& m) { return m.name == name; });
  return found == memories.end() ? nullptr : &*found;
}

Report simulate(const Program& program, const Machine& machine, const SimulationOptions& options) {
  const Totals estimated = estimate_totals(program);
  Report report;
  report.fidelity = options.fidelity;
  for (const auto& [name, value] : program.shape.values()) report.shape[name] = value;
  for (const auto& [name, value] : program.tile_extents) report.shape[name] = value;
  for (const CycleBound& bound : cycle_bounds(program, machine, estimated)) {
    report.bounds.push_back({bound.what, bound.cycles, bound.of_ports});
  }
  for (const Statement& statement : program.statements) {
    const std::int64_t issued = Program::issued(statement);
    const bool operation = statement.kind == StatementKind::operation;
    if (operation) report.tile_operations += issued;
    (operation ? report.tiles_skipped : report.moves_skipped) += statement.instances - issued;
  }
  report.iterations = program.iterations;
  report.masks_from_data.assign(program.deciding.begin(), program.deciding.end());
  report.data_seed = program.data_seed;
  report.dense = program.dense;
  RunState run(program, machine);
  Totals totals = estimated;
  if (options.fidelity != Fidelity::waterfall) {
    PeRunResult pes;
    if (options.fidelity == Fidelity::pe) {
      ensure(options.cascade != nullptr, "fidelity pe is given the cascade");
      check_pe_budget(program, machine, report.bounds, options.pe_cycle_budget);
      pes = run_pe_machine(run, *options.cascade, options.observer, options.values);
      report.pe_cycles_simulated = pes.pe_cycles;
    } else {
      run.observer = options.observer;
      run.listeners = options.listeners;
      for (RunListener* listener : run.listeners) listener->begins(run);
      pes.run = run_machine(run, {options.fast_forward, options.step_until, options.max_idle_cycles});
      tell_end(run, pes.run);
    }
    const RunResult& result = pes.run;
    report.cycles = Cycles(result.cycles);
    report.tile_operations_simulated = run.operations_stepped;
    std::vector<std::vector<std::int64_t>> instances(program.statements.size());
    for (std::size_t s = 0; s < program.statements.size(); ++s) {
      for (std::size_t v = 0; v < program.statements[s].variants.size(); ++v) {
        instances[s].push_back(run.counters.instances(static_cast<int>(s), static_cast<unsigned>(v)));
      }
    }
    totals = totals_of(program, std::move(instances));
    if (options.fidelity == Fidelity::pe) check_pe_cycles(program, machine, totals, pes.busy_pe_cycles);
    add_arrays(report, program, machine, totals);
    for (std::size_t a = 0; a < report.arrays.size(); ++a) {
      report.arrays[a].accounts = accounts_of(run, result, totals, static_cast<int>(a));
    }
    report.excess = excess_of(run, result, report.arrays);
  } else {
    report.phases = waterfall_phases(program, machine, totals);
    std::int64_t phases = 0;
    for (const PhaseReport& phase : report.phases) phases += phase.cycles.value() + phase.stall.value();
    const auto memory = static_cast<std::int64_t>(std::ceil(dram_cycles(program, machine, totals)));
    report.memory_bound = memory > phases;
    report.cycles = Cycles(std::max(phases, memory));
    add_arrays(report, program, machine, totals);
  }
  report.latency = duration(report.cycles, machine.clock);
  add_memories(report, program, machine, totals);
  if (options.fidelity != Fidelity::waterfall) {
    add_peaks(report, program, run);
    add_drams(report, machine, run.counters.dram());
  }
  for (const auto& by_op : totals.operations) {
    for (const auto& [op, count] : by_op) report.operations[op] += count;
  }
  for (const auto& by_op : totals.comparisons) {
    for (const auto& [op, count] : by_op) report.comparisons[op] += count;
  }
  report.energy = energy_of(program, machine, totals);
  report.area_mm2 = machine.total_area().value() / 1e6;
  check_conservation(program, machine, totals, estimated, report);
  return report;
}

}  // namespace einloom
