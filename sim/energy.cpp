// SPDX-License-Identifier: Apache-2.0
#include "sim/energy.hpp"

namespace einloom {

EnergyReport energy_of(const Program& program, const Machine& machine, const Totals& totals) {
  EnergyReport energy;
  for (std::size_t m = 0; m < program.memories.size(); ++m) {
    const Memory& memory = machine.memories[m];
    const double width = static_cast<double>(memory.access_width.value());
    double& component = energy.by_component_pj[memory.name];
    for (const auto& [read, written] : totals.bytes[m]) {
      component += static_cast<double>(read) / width * memory.read_energy_pj +
                   static_cast<double>(written) / width * memory.write_energy_pj;
    }
  }
  for (std::size_t a = 0; a < program.arrays.size(); ++a) {
    const PeArray& array = machine.arrays[a];
    double& component = energy.by_component_pj[array.name];
    for (const auto& [op, operations] : totals.operations[a]) {
      const auto compared = totals.comparisons[a].find(op);  // a selection's price is that of one comparison
      const std::int64_t count = compared == totals.comparisons[a].end() ? operations : compared->second;
      for (const auto& [action, times] : array.operations.at(op).actions) {
        component += static_cast<double>(count) * static_cast<double>(times) * array.action_energy.at(action).energy_pj;
      }
    }
    const double one_pe = static_cast<double>(totals.registers[a].first) * array.register_read_energy_pj +
                          static_cast<double>(totals.registers[a].second) * array.register_write_energy_pj;
    energy.registers_one_pe_pj += one_pe;
    energy.registers_uniform_pj += one_pe * static_cast<double>(array.pes());
    energy.registers_all_pj += totals.registers_all[a].first * array.register_read_energy_pj +
                               totals.registers_all[a].second * array.register_write_energy_pj;
  }
  double without_registers = 0;
  for (const auto& [component, picojoules] : energy.by_component_pj) without_registers += picojoules;
  energy.total_pj = without_registers + energy.registers_all_pj;
  energy.total_uniform_pj = without_registers + energy.registers_uniform_pj;
  energy.total_one_pe_pj = without_registers + energy.registers_one_pe_pj;
  return energy;
}

}  // namespace einloom
