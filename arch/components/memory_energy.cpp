// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "arch/components/component_list.hpp"

namespace einloom {

void check_memory(const ComponentValues& values, Diagnostics& diagnostics) {
  const std::int64_t access_width = values.integer("access_width");
  if (const auto* capacity = values.find<std::int64_t>("capacity");
      capacity != nullptr && *capacity % access_width != 0) {
    diagnostics
        .error("capacity-not-whole-accesses", values.span_of("capacity"),
               fmt::format("`capacity` of `{}` is {} B; it must be a multiple of its `access_width`, {} B", values.name,
                           *capacity, access_width))
        .note("access width given here", values.span_of("access_width"))
        .with_help(fmt::format("the next multiple is {} B", (*capacity / access_width + 1) * access_width));
  }
  const auto* found = values.find<const MemoryEntry*>("energy");
  if (found == nullptr) return;
  const MemoryEntry& entry = **found;
  if (entry.access_width && entry.access_width->value() != access_width) {
    diagnostics
        .error("technology-access-width", values.span_of("access_width"),
               fmt::format("`access_width` of `{}` is {} B; its energy is stated per access of {} B and does not scale",
                           values.name, access_width, entry.access_width->value()))
        .note("energy stated for this width", entry.access_width_span);
  }
}

void set_memory_energy(const ComponentValues& values, Memory& memory) {
  memory.name = values.name;
  memory.span = values.span;
  memory.access_width = Bytes(values.integer("access_width", memory.access_width.value()));
  const auto* entry = values.find<const MemoryEntry*>("energy");
  if (entry == nullptr) return;
  const MemoryEntry& energy = **entry;
  memory.read_energy_pj = energy.read_energy_pj;
  memory.write_energy_pj = energy.write_energy_pj;
  memory.energy_source = energy.source;
  if (energy.capacity && energy.capacity != memory.capacity) {
    memory.energy_source += fmt::format("; stated for {} bytes", energy.capacity->value());
  }
  memory.area_um2 = energy.area_um2;
  memory.area_source = energy.area_stated ? memory.energy_source : "not stated";
}

}  // namespace einloom
