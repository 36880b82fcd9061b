// SPDX-License-Identifier: Apache-2.0
// The component kinds, one function per file of this folder.
// Contract: each returns a complete description; component_list.cpp names them in sorted order.
#pragma once

#include "arch/component.hpp"

namespace einloom {

[[nodiscard]] ComponentDescription describe_buffer();
[[nodiscard]] ComponentDescription describe_dram();
[[nodiscard]] ComponentDescription describe_pe_array();

// For kinds that are memories, over the parameters `access_width`, `capacity` and `energy`.
// Reports technology-access-width, capacity-not-whole-accesses, capacity-not-stated and extrapolation-out-of-range.
void check_memory(const ComponentValues& values, Diagnostics& diagnostics);
void set_memory_energy(const ComponentValues& values, Memory& memory);  // after its capacity is set

// The numbers that the entry under parameter `key` has at `size` are numbers a component can have.
// Reports extrapolation-out-of-range.
void check_numbers_at(const NumbersBySize& numbers, std::int64_t size, const ComponentValues& values,
                      const std::string& key, const Span& listed_at, Diagnostics& diagnostics);

}  // namespace einloom
