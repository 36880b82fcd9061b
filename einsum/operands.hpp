// SPDX-License-Identifier: Apache-2.0
// What an Einsum must have at hand to be computed: what it reads, and the index tensors of predicates that it inherits
// from its operands (Cascade::domain). Who reads a masked tensor has to know which of its points are absent.
#pragma once

#include <vector>

#include "einsum/cascade.hpp"

namespace einloom {

// Einsum::reads(), then each further way of reading an index tensor once, outer before inner.
[[nodiscard]] std::vector<const Access*> operand_accesses(const Cascade& cascade, int einsum);

// Do two accesses read the same elements at every point?
[[nodiscard]] bool reads_alike(const Access& a, const Access& b);

// Does a comparison of a domain depend on data? Bounds of gathered indices do not count.
[[nodiscard]] bool is_data_predicate(const Comparison& comparison);

// Do predicates of the Einsum, its own or inherited, depend on data? Bounds of gathered indices do not count.
[[nodiscard]] bool has_data_predicate(const Cascade& cascade, int einsum);

}  // namespace einloom
