// SPDX-License-Identifier: Apache-2.0
// What a selection (topk, argsort, sort, argmax, argmin) costs on a PE: it keeps the best values it has seen in a
// sorted list of registers, finds a value's place there by binary search, and lets the list leave entry by entry,
// merged with its neighbour's where the selected index is spread over the array. The rule and its sources:
// sim/README.md.
#pragma once

#include <cstdint>
#include <optional>

#include "arch/machine.hpp"
#include "einsum/expression.hpp"
#include "mappings/program.hpp"

namespace einloom {

// nullopt: the Einsum selects nothing.
[[nodiscard]] std::optional<SelectionShape> selection_of(const Einsum& einsum);

// To find a value's place in a sorted list of so many entries: ceil(log2(entries + 1)).
[[nodiscard]] std::int64_t comparisons_in_list(std::int64_t entries);

// Of one tile operation.
struct SelectionCost {
  std::int64_t comparisons_of_value = 1;  // binary search in the list
  std::int64_t cycles_of_value = 1;       // those comparisons
  std::int64_t registers_of_value = 0;
  // On each PE, of all its lists, for the entries that leave behind the first one.
  std::int64_t leaving_cycles = 0;
  std::int64_t leaving_registers = 0;
  std::int64_t merging_comparisons = 0;
};

// Of the tile with this set of partial extents; box, places and selection of the statement are known. nullopt: it
// selects nothing.
[[nodiscard]] std::optional<SelectionCost> selection_cost(const Statement& statement, const PeArray& array,
                                                          unsigned set);

}  // namespace einloom
