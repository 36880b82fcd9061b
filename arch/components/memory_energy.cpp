// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>

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
  if (entry.listed.empty()) return;
  if (const auto* capacity = values.find<std::int64_t>("capacity")) {
    check_numbers_at(entry, *capacity, values, "energy", entry.span, diagnostics);
  } else {
    diagnostics
        .error("capacity-not-stated", values.span_of("energy"),
               fmt::format("`energy` of `{}` lists its numbers by capacity; `{}` states no `capacity`", values.name,
                           values.name))
        .note("listed here", entry.span);
  }
}

void check_numbers_at(const NumbersBySize& numbers, std::int64_t size, const ComponentValues& values,
                      const std::string& key, const Span& listed_at, Diagnostics& diagnostics) {
  const StorageNumbers found = numbers.at(size);
  const auto check = [&](const char* what, double number, const char* unit) {
    if (std::isfinite(number) && number >= 0) return;
    diagnostics
        .error("extrapolation-out-of-range", values.span_of(key),
               fmt::format("`{}` of `{}` gives {} of {:.6g} {} at {} {}, {}; it must be a finite number of at least 0",
                           key, values.name, what, number, unit, size, numbers.size_unit, numbers.how_found(size)))
        .note("listed here", listed_at);
  };
  check("a read energy", found.read_energy_pj, "pJ");
  check("a write energy", found.write_energy_pj, "pJ");
  check("an area", found.area_um2, "um^2");
}

void set_memory_energy(const ComponentValues& values, Memory& memory) {
  memory.name = values.name;
  memory.span = values.span;
  memory.access_width = Bytes(values.integer("access_width", memory.access_width.value()));
  const auto* entry = values.find<const MemoryEntry*>("energy");
  if (entry == nullptr) return;
  const MemoryEntry& energy = **entry;
  const std::int64_t capacity_bytes = memory.capacity ? memory.capacity->value() : 1;
  const StorageNumbers numbers = energy.at(capacity_bytes);
  memory.read_energy_pj = numbers.read_energy_pj;
  memory.write_energy_pj = numbers.write_energy_pj;
  memory.area_um2 = numbers.area_um2;

  const std::string how_found = energy.how_found(capacity_bytes);
  const auto source_of = [&](bool is_listed) {
    if (is_listed) return how_found.empty() ? energy.source : energy.source + "; " + how_found;
    if (!energy.capacity || energy.capacity == memory.capacity) return energy.source;
    return energy.source + fmt::format("; stated for {} bytes", energy.capacity->value());
  };
  memory.energy_source = source_of(energy.energy_listed);
  memory.area_source = energy.area_stated ? source_of(energy.area_listed) : "not stated";
}

}  // namespace einloom
