// SPDX-License-Identifier: Apache-2.0
#include "experiments/report_json.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/diagnostic.hpp"
#include "experiments/setting.hpp"

namespace einloom {

namespace {

Json from_number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

double to_number(const Json& json) {
  if (!json.is_string()) return json.get<double>();
  if (json == "nan") return std::numeric_limits<double>::quiet_NaN();
  return json == "inf" ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();
}

Cycles to_cycles(const Json& json) { return Cycles(json.get<std::int64_t>()); }

template <class Value>
Json from_map(const std::map<std::string, Value>& map) {
  Json json = Json::object();
  for (const auto& [key, value] : map) {
    if constexpr (std::is_same_v<Value, Cycles>) {
      json[key] = value.value();
    } else if constexpr (std::is_same_v<Value, double>) {
      json[key] = from_number(value);
    } else {
      json[key] = value;
    }
  }
  return json;
}

template <class Value>
std::map<std::string, Value> to_map(const Json& json) {
  std::map<std::string, Value> map;
  for (const auto& [key, value] : json.items()) {
    if constexpr (std::is_same_v<Value, Cycles>) {
      map[key] = to_cycles(value);
    } else if constexpr (std::is_same_v<Value, double>) {
      map[key] = to_number(value);
    } else {
      map[key] = value.template get<Value>();
    }
  }
  return map;
}

Json from_accounts(const std::vector<Account>& accounts) {
  Json json = Json::array();
  for (const Account& account : accounts) {
    json.push_back({{"kind", account.kind}, {"subject", account.subject}, {"cycles", account.cycles.value()}});
  }
  return json;
}

std::vector<Account> to_accounts(const Json& json) {
  std::vector<Account> accounts;
  for (const Json& account : json) {
    accounts.push_back({account.at("kind"), account.at("subject"), to_cycles(account.at("cycles"))});
  }
  return accounts;
}

Json from_array(const ArrayReport& array) {
  return {{"name", array.name},
          {"utilisation", from_number(array.utilisation)},
          {"busy", from_map(array.busy)},
          {"busy_cycles", from_map(array.busy_cycles)},
          {"accounts", from_accounts(array.accounts)}};
}

ArrayReport to_array(const Json& json) {
  return {json.at("name"), to_number(json.at("utilisation")), to_map<double>(json.at("busy")),
          to_map<Cycles>(json.at("busy_cycles")), to_accounts(json.at("accounts"))};
}

Json from_memory(const MemoryReport& memory) {
  return {{"name", memory.name},
          {"read_bytes", memory.read_bytes},
          {"write_bytes", memory.write_bytes},
          {"read_accesses", from_number(memory.read_accesses)},
          {"write_accesses", from_number(memory.write_accesses)},
          {"peak_bytes", memory.peak_bytes},
          {"peak_by_tensor_bytes", from_map(memory.peak_by_tensor)}};
}

MemoryReport to_memory(const Json& json) {
  return {json.at("name"),
          json.at("read_bytes"),
          json.at("write_bytes"),
          to_number(json.at("read_accesses")),
          to_number(json.at("write_accesses")),
          json.at("peak_bytes"),
          to_map<std::int64_t>(json.at("peak_by_tensor_bytes"))};
}

Json from_energy(const EnergyReport& energy) {
  return {{"by_component_pj", from_map(energy.by_component_pj)},
          {"registers_all_pj", from_number(energy.registers_all_pj)},
          {"registers_one_pe_pj", from_number(energy.registers_one_pe_pj)},
          {"registers_uniform_pj", from_number(energy.registers_uniform_pj)},
          {"total_pj", from_number(energy.total_pj)},
          {"total_one_pe_pj", from_number(energy.total_one_pe_pj)},
          {"total_uniform_pj", from_number(energy.total_uniform_pj)}};
}

EnergyReport to_energy(const Json& json) {
  return {to_map<double>(json.at("by_component_pj")),
          to_number(json.at("registers_all_pj")),
          to_number(json.at("registers_one_pe_pj")),
          to_number(json.at("registers_uniform_pj")),
          to_number(json.at("total_pj")),
          to_number(json.at("total_one_pe_pj")),
          to_number(json.at("total_uniform_pj"))};
}

}  // namespace

Json to_json(const CheckReport& check) {
  return {{"values", check.values},
          {"max_abs_error", from_number(check.max_abs_error)},
          {"max_rel_error", from_number(check.max_rel_error)},
          {"tolerance", from_number(check.tolerance)},
          {"description", check.description},
          {"passed", check.passed},
          {"first_mismatch", check.first_mismatch}};
}

CheckReport check_from_json(const Json& json) {
  return {json.at("values"),
          to_number(json.at("max_abs_error")),
          to_number(json.at("max_rel_error")),
          to_number(json.at("tolerance")),
          json.at("description"),
          json.at("passed"),
          json.at("first_mismatch")};
}

Json to_json(const Report& report) {
  Json arrays = Json::array(), memories = Json::array(), traffic = Json::array(), bounds = Json::array();
  for (const ArrayReport& array : report.arrays) arrays.push_back(from_array(array));
  for (const MemoryReport& memory : report.memories) memories.push_back(from_memory(memory));
  for (const TrafficReport& one : report.traffic) {
    traffic.push_back({{"memory", one.memory},
                       {"tensor", one.tensor},
                       {"read_bytes", one.read_bytes},
                       {"write_bytes", one.write_bytes}});
  }
  for (const Bound& bound : report.bounds) {
    bounds.push_back({{"what", bound.what}, {"cycles", from_number(bound.cycles)}, {"of_ports", bound.of_ports}});
  }
  Json drams = Json::array();
  for (const DramReport& dram : report.drams) {
    drams.push_back({{"name", dram.name},
                     {"reads", dram.reads},
                     {"writes", dram.writes},
                     {"access_bytes", dram.access_bytes},
                     {"row_hits", dram.row_hits},
                     {"row_misses", dram.row_misses},
                     {"row_conflicts", dram.row_conflicts},
                     {"refreshes", dram.refreshes},
                     {"bandwidth_bytes_per_s", from_number(dram.bandwidth)},
                     {"peak_bandwidth_bytes_per_s", from_number(dram.peak_bandwidth)}});
  }
  Json phases = Json::array();
  for (const PhaseReport& phase : report.phases) {
    phases.push_back({{"what", phase.what}, {"cycles", phase.cycles.value()}, {"stall_cycles", phase.stall.value()}});
  }
  return {{"fidelity", name_of(report.fidelity)},
          {"cycles", report.cycles.value()},
          {"latency_s", from_number(report.latency.value())},
          {"memory_bound", report.memory_bound},
          {"arrays", arrays},
          {"memories", memories},
          {"traffic", traffic},
          {"drams", drams},
          {"operations", from_map(report.operations)},
          {"comparisons", from_map(report.comparisons)},
          {"energy", from_energy(report.energy)},
          {"area_mm2", from_number(report.area_mm2)},
          {"bounds", bounds},
          {"excess",
           {{"array", report.excess.array},
            {"work", report.excess.work.value()},
            {"excess", report.excess.excess.value()},
            {"parts", from_accounts(report.excess.parts)}}},
          {"phases", phases},
          {"iterations", report.iterations},
          {"check", to_json(report.check)},
          {"tiles_skipped", report.tiles_skipped},
          {"moves_skipped", report.moves_skipped},
          {"masks_from_data", report.masks_from_data},
          {"data_seed", report.data_seed ? Json(*report.data_seed) : Json()},
          {"dense", report.dense},
          {"tile_operations", report.tile_operations},
          {"tile_operations_simulated", report.tile_operations_simulated},
          {"pe_cycles_simulated", report.pe_cycles_simulated},
          {"shape", from_map(report.shape)}};
}

namespace {

Fidelity to_fidelity(const std::string& name) {
  const auto found = std::find(fidelity_names().begin(), fidelity_names().end(), name);
  ensure(found != fidelity_names().end(), "a stored report has a known fidelity");
  return static_cast<Fidelity>(found - fidelity_names().begin());
}

}  // namespace

Report report_from_json(const Json& json) {
  Report report;
  report.fidelity = to_fidelity(json.at("fidelity"));
  report.cycles = to_cycles(json.at("cycles"));
  report.latency = Seconds(to_number(json.at("latency_s")));
  report.memory_bound = json.at("memory_bound");
  for (const Json& array : json.at("arrays")) report.arrays.push_back(to_array(array));
  for (const Json& memory : json.at("memories")) report.memories.push_back(to_memory(memory));
  for (const Json& one : json.at("drams")) {
    report.drams.push_back({one.at("name"), one.at("reads"), one.at("writes"), one.at("access_bytes"),
                            one.at("row_hits"), one.at("row_misses"), one.at("row_conflicts"), one.at("refreshes"),
                            to_number(one.at("bandwidth_bytes_per_s")),
                            to_number(one.at("peak_bandwidth_bytes_per_s"))});
  }
  for (const Json& one : json.at("traffic")) {
    report.traffic.push_back({one.at("memory"), one.at("tensor"), one.at("read_bytes"), one.at("write_bytes")});
  }
  report.operations = to_map<std::int64_t>(json.at("operations"));
  report.comparisons = to_map<std::int64_t>(json.at("comparisons"));
  report.energy = to_energy(json.at("energy"));
  report.area_mm2 = to_number(json.at("area_mm2"));
  for (const Json& bound : json.at("bounds"))
    report.bounds.push_back({bound.at("what"), to_number(bound.at("cycles")), bound.at("of_ports")});
  for (const Json& phase : json.at("phases")) {
    report.phases.push_back({phase.at("what"), to_cycles(phase.at("cycles")), to_cycles(phase.at("stall_cycles"))});
  }
  report.iterations = json.at("iterations");
  const Json& excess = json.at("excess");
  report.excess = {excess.at("array"), to_cycles(excess.at("work")), to_cycles(excess.at("excess")),
                   to_accounts(excess.at("parts"))};
  report.check = check_from_json(json.at("check"));
  report.tiles_skipped = json.at("tiles_skipped");
  report.moves_skipped = json.at("moves_skipped");
  report.masks_from_data = json.at("masks_from_data").get<std::vector<std::string>>();
  if (!json.at("data_seed").is_null()) report.data_seed = json.at("data_seed").get<std::uint64_t>();
  report.dense = json.at("dense").get<std::vector<std::string>>();
  report.tile_operations = json.at("tile_operations");
  report.tile_operations_simulated = json.at("tile_operations_simulated");
  report.pe_cycles_simulated = json.at("pe_cycles_simulated");
  report.shape = to_map<std::int64_t>(json.at("shape"));
  return report;
}

}  // namespace einloom
