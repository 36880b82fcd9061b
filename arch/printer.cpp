// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>

#include "arch/machine.hpp"

namespace einloom {
namespace {

// Columns wide enough for their longest cell; the first one left-aligned, numbers right-aligned. One line per row.
class Table {
 public:
  explicit Table(std::vector<std::string> header) { rows_.push_back(std::move(header)); }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

  [[nodiscard]] std::string print() const {
    std::vector<std::size_t> widths(rows_[0].size(), 0);
    for (const auto& row : rows_) {
      for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    std::string text;
    for (const auto& row : rows_) {
      std::string line = fmt::format("  {:<{}}", row[0], widths[0]);
      for (std::size_t i = 1; i < row.size(); ++i) line += fmt::format("  {:>{}}", row[i], widths[i]);
      text += line + "\n";
    }
    return text;
  }

 private:
  std::vector<std::vector<std::string>> rows_;
};

// The largest unit that keeps the number whole; base units otherwise.
std::string print_bytes(std::int64_t bytes) {
  static constexpr std::array<const char*, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (unit + 1 < kUnits.size() && bytes >= 1024 && bytes % 1024 == 0) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{} {}", bytes, kUnits[unit]);
}

std::string print_bandwidth(const Memory& memory) {
  if (memory.kind != MemoryKind::dram) return print_bytes(memory.ports * memory.access_width.value()) + "/cycle";
  if (memory.banked) {
    return fmt::format("{:.6g} GiB/s ({} × {})", memory.bandwidth.value() / (1 << 30), memory.banked->channels,
                       memory.banked->timing.name);
  }
  return fmt::format("{:.6g} GiB/s", memory.bandwidth.value() / (1 << 30));
}

std::string print_memories(const Machine& machine) {
  Table table({"memory", "kind", "capacity", "access", "ports", "banks", "bandwidth", "latency", "read pJ", "write pJ",
               "area mm^2"});
  for (const Memory& memory : machine.memories) {
    const bool buffer = memory.kind == MemoryKind::buffer;
    table.add({memory.name, buffer ? "buffer" : "dram",
               memory.capacity ? print_bytes(memory.capacity->value()) : "unbounded",
               print_bytes(memory.access_width.value()), buffer ? fmt::format("{}", memory.ports) : "-",
               buffer ? fmt::format("{}", memory.banks) : "-", print_bandwidth(memory),
               fmt::format("{}", memory.latency.value()), fmt::format("{:.8g}", memory.read_energy_pj),
               fmt::format("{:.8g}", memory.write_energy_pj), fmt::format("{:.6g}", memory.area_um2 * 1e-6)});
  }
  return table.print();
}

std::string print_arrays(const Machine& machine) {
  Table table({"array", "rows", "columns", "PEs", "registers/PE", "register read pJ", "register write pJ", "PE um^2",
               "area mm^2"});
  for (const PeArray& array : machine.arrays) {
    table.add({array.name, fmt::format("{}", array.rows), fmt::format("{}", array.columns),
               fmt::format("{}", array.pes()), array.registers == 0 ? "-" : fmt::format("{}", array.registers),
               fmt::format("{:.8g}", array.register_read_energy_pj),
               fmt::format("{:.8g}", array.register_write_energy_pj), fmt::format("{:.8g}", array.pe_area_um2),
               fmt::format("{:.6g}", array.pe_area_um2 * static_cast<double>(array.pes()) * 1e-6)});
  }
  return table.print();
}

std::string print_operations(const Machine& machine) {
  Table table({"operation", "issue cycles", "actions", "energy pJ"});
  for (const PeArray& array : machine.arrays) {
    for (const auto& [op, cost] : array.operations) {
      std::vector<std::string> actions;
      double energy_pj = 0;
      for (const auto& [action, count] : cost.actions) {
        actions.push_back(fmt::format("{} {}", count, action));
        energy_pj += static_cast<double>(count) * array.action_energy.at(action).energy_pj;
      }
      table.add({array.name + "." + op, fmt::format("{}", cost.issue_cycles),
                 fmt::format("{}", fmt::join(actions, " + ")), fmt::format("{:.8g}", energy_pj)});
    }
  }
  return table.print();
}

std::string print_instructions(const Machine& machine) {
  Table table({"instruction", "engines", "next", "busy", "waits"});
  bool any = false;
  for (const PeArray& array : machine.arrays) {
    if (!array.controller) continue;
    for (const auto& [name, instruction] : array.controller->instructions) {
      any = true;
      table.add({array.name + "." + name, fmt::format("{}", array.controller->engines),
                 fmt::format("{}", instruction.next_cycles), fmt::format("{}", instruction.busy_cycles),
                 instruction.waits ? "yes" : "no"});
    }
  }
  return any ? "\ninstructions (cycles from the accept)\n" + table.print() : "";
}

std::string print_links(const Machine& machine) {
  Table table({"link", "latency"});
  for (const Link& link : machine.links) {
    table.add({fmt::format("{} -> {}", link.from, link.to), fmt::format("{}", link.latency.value())});
  }
  return table.print();
}

std::string print_sources(const Machine& machine) {
  std::vector<std::pair<std::string, std::string>> sources;
  for (const Memory& memory : machine.memories) {
    sources.emplace_back(memory.name + " energy", memory.energy_source);
    if (memory.area_source != memory.energy_source) sources.emplace_back(memory.name + " area", memory.area_source);
  }
  for (const PeArray& array : machine.arrays) {
    std::set<std::string> energy_sources = {array.register_source};
    for (const auto& [action, energy] : array.action_energy) energy_sources.insert(energy.source);
    sources.emplace_back(array.name + " energy", fmt::format("{}", fmt::join(energy_sources, "; ")));
    sources.emplace_back(array.name + " area", array.area_source);
  }
  std::size_t width = 0;
  for (const auto& [what, source] : sources) width = std::max(width, what.size());
  std::string text;
  for (const auto& [what, source] : sources) text += fmt::format("  {:<{}}  {}\n", what, width, source);
  return text;
}

}  // namespace

std::string print_machine(const Machine& machine) {
  std::string text = fmt::format("machine {}\n", machine.name);
  const auto line = [&text](const char* key, const std::string& value) {
    if (!value.empty()) text += fmt::format("  {:<12}{}\n", key, value);
  };
  line("description", machine.description);
  line("source", machine.source);
  std::vector<std::string> parameters;
  for (const auto& [name, value] : machine.parameters) parameters.push_back(fmt::format("{} = {}", name, value));
  line("parameters", fmt::format("{}", fmt::join(parameters, ", ")));
  line("clock", fmt::format("{:.6g} MHz", machine.clock.value() * 1e-6));
  line("technology", machine.technology);
  line("area", fmt::format("{:.6g} mm^2", machine.total_area().value() * 1e-6));
  text += "\nmemories (latency in cycles, energy per access)\n" + print_memories(machine);
  text += "\narrays (registers: energy per word)\n" + print_arrays(machine);
  text += "\noperations (of one PE)\n" + print_operations(machine);
  text += print_instructions(machine);
  text += "\nlinks (latency in cycles)\n" + print_links(machine);
  text += "\nsources\n" + print_sources(machine);
  return text;
}

}  // namespace einloom
