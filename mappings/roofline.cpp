// SPDX-License-Identifier: Apache-2.0
// The split over arrays is a linear program; its dual gives the bound: with prices y of an array's time that add up to
// one machine-cycle, the operations cost at least what they cost where they are cheapest.
#include "mappings/roofline.hpp"

#include <algorithm>

#include "base/diagnostic.hpp"

namespace einloom {
namespace {

// PE-cycles of one operation on an array; nullptr when it cannot do it.
const OperationCost* cost_on(const PeArray& array, const std::string& op) {
  const auto found = array.operations.find(op);
  return found == array.operations.end() ? nullptr : &found->second;
}

// Cycles of the machine that the operations need at these prices of a PE-cycle, one per array.
double cost_at(const OperationCounts& operations, const Machine& machine, const std::vector<double>& prices) {
  double budget = 0, cost = 0;
  for (std::size_t a = 0; a < prices.size(); ++a) budget += prices[a] * static_cast<double>(machine.arrays[a].pes());
  if (budget <= 0) return 0;
  for (const auto& [op, count] : operations) {
    double cheapest = -1;
    for (std::size_t a = 0; a < prices.size(); ++a) {
      const OperationCost* each = cost_on(machine.arrays[a], op);
      if (!each) continue;
      const double here = prices[a] * static_cast<double>(each->issue_cycles);
      if (cheapest < 0 || here < cheapest) cheapest = here;
    }
    if (cheapest > 0) cost += cheapest * static_cast<double>(count);
  }
  return cost / budget;
}

// The largest cost over prices at which two arrays are equally good for some operation. With two arrays the optimum of
// the dual is at one of them, or where one array is free.
double largest_cost(const OperationCounts& operations, const Machine& machine) {
  const std::size_t arrays = machine.arrays.size();
  double largest = 0;
  for (std::size_t a = 0; a < arrays; ++a) {
    std::vector<double> prices(arrays, 0);
    prices[a] = 1;
    largest = std::max(largest, cost_at(operations, machine, prices));
  }
  // Prices relative to the first array's; each other array takes every ratio of costs in turn, the others the same.
  std::vector<double> ratios{1};
  for (const auto& [op, count] : operations) {
    for (std::size_t a = 0; a < arrays; ++a) {
      for (std::size_t b = 0; b < arrays; ++b) {
        const OperationCost* here = cost_on(machine.arrays[a], op);
        const OperationCost* there = cost_on(machine.arrays[b], op);
        if (here && there && here->issue_cycles > 0 && there->issue_cycles > 0) {
          ratios.push_back(static_cast<double>(here->issue_cycles) / static_cast<double>(there->issue_cycles));
        }
      }
    }
  }
  std::sort(ratios.begin(), ratios.end());
  ratios.erase(std::unique(ratios.begin(), ratios.end()), ratios.end());
  for (std::size_t a = 0; a < arrays; ++a) {
    for (const double ratio : ratios) {
      std::vector<double> prices(arrays, 1);
      prices[a] = ratio;
      largest = std::max(largest, cost_at(operations, machine, prices));
    }
  }
  return largest;
}

}  // namespace

Roofline roofline(const OperationCounts& operations, const CompulsoryTraffic& traffic, const Machine& machine) {
  Roofline result;
  for (const PeArray& array : machine.arrays) {
    ArrayRate rate{array.name, 0, 0, {}};
    OperationCounts able;
    for (const auto& [op, count] : operations) {
      const OperationCost* cost = cost_on(array, op);
      if (!cost) {
        rate.lacks.push_back(op);
        continue;
      }
      able[op] = count;
      rate.cycles += static_cast<double>(count) * static_cast<double>(cost->issue_cycles);
    }
    rate.cycles /= static_cast<double>(array.pes());
    if (rate.cycles > 0) rate.operations_per_cycle = static_cast<double>(total_operations(able)) / rate.cycles;
    result.arrays.push_back(std::move(rate));
  }
  for (const auto& [op, count] : operations) {
    const bool somewhere =
        std::any_of(machine.arrays.begin(), machine.arrays.end(),
                    [&, name = op](const PeArray& array) { return cost_on(array, name) != nullptr; });
    if (!somewhere) result.lacks.push_back(op);
  }
  result.issue_cycles = largest_cost(operations, machine);
  const auto dram = std::find_if(machine.memories.begin(), machine.memories.end(),
                                 [](const Memory& memory) { return memory.kind == MemoryKind::dram; });
  ensure(dram != machine.memories.end(), "a machine without dram");
  result.dram_bytes_per_cycle = dram->bandwidth.value() / machine.clock.value();
  result.dram_cycles = static_cast<double>(traffic.total_bytes()) / result.dram_bytes_per_cycle;
  if (result.issue_cycles > 0) {
    result.ridge =
        static_cast<double>(total_operations(operations)) / (result.issue_cycles * result.dram_bytes_per_cycle);
  }
  return result;
}

}  // namespace einloom
