// SPDX-License-Identifier: Apache-2.0
#include "sim/accounts.hpp"

#include <algorithm>
#include <map>

namespace einloom {

std::pair<std::string, std::string> wait_name(const Program& program, const Dependence& edge) {
  const Statement& producer = program.statements[static_cast<std::size_t>(edge.producer)];
  switch (edge.kind) {
    case DependenceKind::data:
      if (producer.kind == StatementKind::operation) return {"wait_dependence", producer.name};
      return {"wait_data", program.tensors[static_cast<std::size_t>(edge.tensor)] + "@" +
                               program.memories[static_cast<std::size_t>(producer.from)]};
    case DependenceKind::slot: {
      const Storage& storage = program.storages[static_cast<std::size_t>(edge.storage)];
      const std::string place =
          storage.memory >= 0 ? program.memories[static_cast<std::size_t>(storage.memory)] : std::string("registers");
      return {"wait_slot", program.tensors[static_cast<std::size_t>(edge.tensor)] + "@" + place};
    }
    case DependenceKind::iteration:
      return {"wait_iteration", producer.name};
    case DependenceKind::engine:
      return {"wait_engine", producer.instruction};
  }
  return {};
}

std::pair<std::string, std::string> account_name(const Program& program, const Stall& stall) {
  switch (stall.reason) {
    case Stall::Reason::fill:
      return {"fill", ""};
    case Stall::Reason::drain:
      return {"drain", ""};
    case Stall::Reason::port:
      return {"wait_port", program.memories[static_cast<std::size_t>(stall.memory)]};
    case Stall::Reason::dependence:
      return wait_name(program, program.dependences[static_cast<std::size_t>(stall.dependence)]);
    case Stall::Reason::transit: {
      const Dependence& edge = program.dependences[static_cast<std::size_t>(stall.dependence)];
      return {"wait_transit", program.statements[static_cast<std::size_t>(edge.producer)].name};
    }
  }
  return {};
}

std::vector<Account> accounts_of(RunState& run, const RunResult& result, const Totals& totals, int array) {
  const Program& program = run.program;
  std::vector<Account> accounts;
  for (std::size_t s = 0; s < program.statements.size(); ++s) {
    if (program.statements[s].array != array) continue;
    const Statement& statement = program.statements[s];
    if (statement.instruction.empty()) {
      accounts.push_back({"busy", statement.name, Cycles(totals.busy_cycles[s])});
    } else if (totals.busy_cycles[s] > 0) {  // one Einsum of each holds the issue slot
      accounts.push_back({"busy", statement.instruction, Cycles(totals.busy_cycles[s])});
    }
  }
  std::map<std::pair<std::string, std::string>, std::int64_t> waits;
  for (std::size_t d = 0; d < program.dependences.size(); ++d) {
    const Dependence& edge = program.dependences[d];
    if (program.statements[static_cast<std::size_t>(edge.consumer)].array != array) continue;
    waits[wait_name(program, edge)] += run.counters.waiting(static_cast<int>(d));
    const std::string& producer = program.statements[static_cast<std::size_t>(edge.producer)].name;
    waits[{"wait_transit", producer}] += run.counters.in_transit(static_cast<int>(d));
  }
  for (std::size_t m = 0; m < program.memories.size(); ++m) {
    waits[{"wait_port", program.memories[m]}] += run.counters.port_wait(array, static_cast<int>(m));
  }
  std::vector<Account> sorted;
  for (const auto& [name, cycles] : waits) {
    if (cycles != 0) sorted.push_back({name.first, name.second, Cycles(cycles)});
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Account& a, const Account& b) { return a.cycles > b.cycles; });
  accounts.insert(accounts.end(), sorted.begin(), sorted.end());
  accounts.push_back({"fill", "", Cycles(run.counters.fill(array))});
  accounts.push_back({"drain", "", Cycles(result.cycles - result.last_end[static_cast<std::size_t>(array)])});
  return accounts;
}

Excess excess_of(RunState& run, const RunResult& result, const std::vector<ArrayReport>& arrays) {
  Excess excess;
  std::size_t busiest = 0;
  std::int64_t most = -1;
  for (std::size_t a = 0; a < arrays.size(); ++a) {
    std::int64_t busy = 0;
    for (const auto& [einsum, cycles] : arrays[a].busy_cycles) busy += cycles.value();
    if (busy <= most) continue;
    most = busy;
    busiest = a;
  }
  excess.array = arrays[busiest].name;
  excess.work = Cycles(most);
  excess.excess = Cycles(result.cycles - most);
  // Loads come first everywhere: the first array to start has waited for DRAM only.
  std::int64_t first = kNever;
  for (std::size_t a = 0; a < arrays.size(); ++a) {
    if (!arrays[a].busy_cycles.empty()) first = std::min(first, result.first_start[a]);
  }
  std::int64_t dram_latency = 0;
  for (const Memory& memory : run.machine.memories) {
    if (memory.kind == MemoryKind::dram) dram_latency = memory.latency.value();
  }
  for (const Account& account : arrays[busiest].accounts) {
    if (account.kind == "busy") continue;
    if (account.kind != "fill") {
      if (account.cycles.value() != 0) excess.parts.push_back(account);
      continue;
    }
    const std::int64_t latency = std::min(first, dram_latency);
    excess.parts.push_back({"fill", "dram_latency", Cycles(latency)});
    excess.parts.push_back({"fill", "dram_transfer", Cycles(first - latency)});
    excess.parts.push_back({"fill", "upstream", Cycles(account.cycles.value() - first)});
  }
  return excess;
}

}  // namespace einloom
