// SPDX-License-Identifier: Apache-2.0
// What a machine cannot beat for a cascade, whatever the plan: the time to issue its operations and to move the bytes
// that no schedule avoids. It is here and not in einsum/ or arch/ because it needs both.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "arch/machine.hpp"
#include "einsum/counts.hpp"
#include "einsum/traffic.hpp"

namespace einloom {

// One array on its own, doing every operation that it can do.
struct ArrayRate {
  std::string array;
  double cycles = 0;                // to issue them, all PEs busy
  double operations_per_cycle = 0;  // of this mix at that time, a MAC counted as two
  std::vector<std::string> lacks;   // operations it cannot do
};

struct Roofline {
  std::vector<ArrayRate> arrays;
  std::vector<std::string> lacks;  // operations that no array does: they count in no bound
  double issue_cycles = 0;         // no split of the operations over the arrays takes fewer
  double dram_cycles = 0;          // compulsory bytes at peak bandwidth
  double dram_bytes_per_cycle = 0;
  // Operations per byte at which both bounds are equal for this mix of operations.
  double ridge = 0;

  [[nodiscard]] bool bound_by_dram() const { return dram_cycles > issue_cycles; }
  [[nodiscard]] double bound_cycles() const { return bound_by_dram() ? dram_cycles : issue_cycles; }
};

// issue_cycles is exact for one and two arrays, and a lower bound that may be too low for more. A selection counts as
// one comparison a value, the fewest there are.
[[nodiscard]] Roofline roofline(const OperationCounts& operations, const CompulsoryTraffic& traffic,
                                const Machine& machine);

}  // namespace einloom
