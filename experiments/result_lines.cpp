// SPDX-License-Identifier: Apache-2.0
#include "experiments/result_lines.hpp"

#include <algorithm>

namespace einloom {

namespace {

// The element called like `part`; appended empty when there is none.
template <class Part>
Part& named(std::vector<Part>& parts, const std::string& name) {
  const auto found = std::find_if(parts.begin(), parts.end(), [&](const Part& one) { return one.name == name; });
  if (found != parts.end()) return *found;
  parts.emplace_back().name = name;
  return parts.back();
}

Account& account_like(std::vector<Account>& accounts, const Account& like) {
  for (Account& one : accounts) {
    if (one.kind == like.kind && one.subject == like.subject) return one;
  }
  accounts.push_back({like.kind, like.subject, Cycles(0)});
  return accounts.back();
}

TrafficReport& traffic_like(std::vector<TrafficReport>& traffic, const TrafficReport& like) {
  for (TrafficReport& one : traffic) {
    if (one.memory == like.memory && one.tensor == like.tensor) return one;
  }
  traffic.push_back({like.memory, like.tensor});
  return traffic.back();
}

void add_memories(const Report& stage, std::int64_t repeat, Report& total) {
  for (const MemoryReport& memory : stage.memories) {
    MemoryReport& sum = named(total.memories, memory.name);
    sum.read_bytes += repeat * memory.read_bytes;
    sum.write_bytes += repeat * memory.write_bytes;
    sum.read_accesses += static_cast<double>(repeat) * memory.read_accesses;
    sum.write_accesses += static_cast<double>(repeat) * memory.write_accesses;
    sum.peak_bytes = std::max(sum.peak_bytes, memory.peak_bytes);
  }
  for (const TrafficReport& one : stage.traffic) {
    TrafficReport& sum = traffic_like(total.traffic, one);
    sum.read_bytes += repeat * one.read_bytes;
    sum.write_bytes += repeat * one.write_bytes;
  }
}

void add_energy(const EnergyReport& stage, double repeat, EnergyReport& total) {
  for (const auto& [component, energy] : stage.by_component_pj) total.by_component_pj[component] += repeat * energy;
  total.registers_all_pj += repeat * stage.registers_all_pj;
  total.registers_one_pe_pj += repeat * stage.registers_one_pe_pj;
  total.registers_uniform_pj += repeat * stage.registers_uniform_pj;
  total.total_uniform_pj += repeat * stage.total_uniform_pj;
  total.total_pj += repeat * stage.total_pj;
  total.total_one_pe_pj += repeat * stage.total_one_pe_pj;
}

template <class Component, class Area>
void merge_components(const std::vector<Component>& from, const Area& area, std::vector<Component>& into) {
  for (const Component& one : from) {
    Component& known = named(into, one.name);
    if (area(known) <= area(one)) known = one;
  }
}

std::shared_ptr<const Machine> merged_machine(const std::vector<const Point*>& stages) {
  const std::shared_ptr<const Machine>& first = stages.front()->machine;
  if (std::all_of(stages.begin(), stages.end(), [&](const Point* one) { return one->machine == first; })) return first;
  auto merged = std::make_shared<Machine>(*first);
  for (const Point* stage : stages) {
    merge_components(
        stage->machine->memories, [](const Memory& one) { return one.area_um2; }, merged->memories);
    merge_components(
        stage->machine->arrays, [](const PeArray& one) { return one.pe_area_um2 * static_cast<double>(one.pes()); },
        merged->arrays);
    if (stage->machine->name != merged->name) merged->name = "";
  }
  return merged;
}

}  // namespace

Point total_point(const std::vector<const Point*>& stages) {
  Point total = *stages.front();
  total.stage = kTotal;
  total.repeat = 1;
  total.cascade = nullptr;
  total.plan = nullptr;
  total.machine = merged_machine(stages);
  total.workload = Shape();
  total.content.clear();
  for (const Point* stage : stages) {
    std::erase_if(total.extents, [&](const auto& extent) {
      const auto other = stage->extents.find(extent.first);
      return other == stage->extents.end() || other->second != extent.second;
    });
    std::erase_if(total.derived, [&](const auto& one) {
      return std::find(stage->derived.begin(), stage->derived.end(), one) == stage->derived.end();
    });
    if (stage->seq_len != total.seq_len) total.seq_len.reset();
  }
  return total;
}

Report total_report(const std::vector<ResultLine>& stages) {
  Report total;
  total.fidelity = stages.front().result->report->fidelity;
  std::int64_t cycles = 0;
  double latency_s = 0;
  for (const ResultLine& stage : stages) {
    const Report& report = *stage.result->report;
    const std::int64_t repeat = stage.point->repeat;
    const double weight = static_cast<double>(repeat) * static_cast<double>(report.cycles.value());
    cycles += repeat * report.cycles.value();
    latency_s += static_cast<double>(repeat) * report.latency.value();
    total.memory_bound = total.memory_bound || report.memory_bound;
    for (const ArrayReport& array : report.arrays) {
      ArrayReport& sum = named(total.arrays, array.name);
      sum.utilisation += weight * array.utilisation;
      for (const Account& account : array.accounts) {
        Account& line = account_like(sum.accounts, account);
        line.cycles = Cycles(line.cycles.value() + repeat * account.cycles.value());
      }
    }
    add_memories(report, repeat, total);
    for (const auto& [kind, count] : report.operations) total.operations[kind] += repeat * count;
    for (const auto& [kind, count] : report.comparisons) total.comparisons[kind] += repeat * count;
    add_energy(report.energy, static_cast<double>(repeat), total.energy);
    total.area_mm2 = std::max(total.area_mm2, report.area_mm2);
    total.iterations += repeat * report.iterations;
    total.tiles_skipped += repeat * report.tiles_skipped;
    total.moves_skipped += repeat * report.moves_skipped;
    const auto join = [](const std::vector<std::string>& names, std::vector<std::string>& into) {
      for (const std::string& name : names) {
        if (std::find(into.begin(), into.end(), name) == into.end()) into.push_back(name);
      }
    };
    join(report.masks_from_data, total.masks_from_data);
    if (report.data_seed) total.data_seed = report.data_seed;
    join(report.dense, total.dense);
    total.tile_operations += repeat * report.tile_operations;
    total.tile_operations_simulated += report.tile_operations_simulated;
    total.pe_cycles_simulated += report.pe_cycles_simulated;
    total.check.values += report.check.values;
    total.check.max_abs_error = std::max(total.check.max_abs_error, report.check.max_abs_error);
    total.check.max_rel_error = std::max(total.check.max_rel_error, report.check.max_rel_error);
    total.check.passed = total.check.passed && report.check.passed;
  }
  total.cycles = Cycles(cycles);
  total.latency = Seconds(latency_s);
  for (ArrayReport& array : total.arrays) array.utilisation /= std::max(1.0, static_cast<double>(cycles));
  return total;
}

ResultLines::ResultLines(const std::vector<Point>& points, const std::vector<PointResult>& results) {
  for (std::size_t begin = 0, end = 0; begin < points.size(); begin = end) {
    while (end < points.size() && points[end].group == points[begin].group) ++end;
    std::vector<ResultLine> stages;
    for (std::size_t i = begin; i < end; ++i) {
      if (results[i].report) stages.push_back({&points[i], &results[i]});
    }
    lines_.insert(lines_.end(), stages.begin(), stages.end());
    if (stages.size() < end - begin || points[begin].stage.empty()) continue;
    std::vector<const Point*> parts;
    PointResult total;
    for (const ResultLine& stage : stages) {
      parts.push_back(stage.point);
      total.wall_s += stage.result->wall_s;
    }
    total.report = total_report(stages);
    lines_.push_back({&total_points_.emplace_back(total_point(parts)), &total_results_.emplace_back(std::move(total))});
  }
}

}  // namespace einloom
