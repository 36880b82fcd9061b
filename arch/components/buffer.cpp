// SPDX-License-Identifier: Apache-2.0
#include "arch/components/component_list.hpp"

namespace einloom {
namespace {

void build(const ComponentValues& values, Machine& machine) {
  Memory memory;
  memory.kind = MemoryKind::buffer;
  memory.capacity = Bytes(values.integer("capacity"));
  memory.capacity_span = values.span_of("capacity");
  memory.ports = values.integer("ports", memory.ports);
  memory.banks = values.integer("banks", memory.banks);
  memory.queue_accesses = values.integer("queue_accesses", memory.queue_accesses);
  memory.latency = Cycles(values.integer("latency"));
  set_memory_energy(values, memory);
  machine.memories.push_back(std::move(memory));
}

}  // namespace

ComponentDescription describe_buffer() {
  return {
      .kind = "buffer",
      .doc = "An on-chip memory; serves `ports` accesses of `access_width` per cycle.",
      .parameters =
          {
              {.key = "access_width",
               .type = ParameterType::bytes,
               .required = true,
               .minimum = 1,
               .doc = "bytes of one access; energy is charged per access"},
              {.key = "banks", .minimum = 1, .default_value = Memory{}.banks, .doc = "independent banks"},
              {.key = "capacity",
               .type = ParameterType::bytes,
               .required = true,
               .minimum = 1,
               .doc = "bytes it holds; a multiple of `access_width`"},
              {.key = "energy",
               .type = ParameterType::memory_energy,
               .required = true,
               .doc = "technology entry with energy per access and area"},
              {.key = "latency",
               .type = ParameterType::cycles,
               .default_value = Memory{}.latency.value(),
               .doc = "cycles from an access to its data"},
              {.key = "ports", .minimum = 1, .default_value = Memory{}.ports, .doc = "accesses served per cycle"},
              {.key = "queue_accesses",
               .minimum = 1,
               .default_value = Memory{}.queue_accesses,
               .doc = "accesses that may wait at the ports before operations hold back"},
          },
      .actions = {{"read", "one access of `access_width`, read"}, {"write", "one access of `access_width`, written"}},
      .check = check_memory,
      .build = build,
  };
}

}  // namespace einloom
