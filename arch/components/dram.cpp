// SPDX-License-Identifier: Apache-2.0
#include "arch/components/component_list.hpp"

namespace einloom {
namespace {

void build(const ComponentValues& values, Machine& machine) {
  Memory memory;
  memory.kind = MemoryKind::dram;
  if (const auto* capacity = values.find<std::int64_t>("capacity")) memory.capacity = Bytes(*capacity);
  memory.capacity_span = values.span_of("capacity");
  if (const auto* bandwidth = values.find<BytesPerSecond>("bandwidth")) memory.bandwidth = *bandwidth;
  memory.latency = Cycles(values.integer("latency"));
  set_memory_energy(values, memory);
  machine.memories.push_back(std::move(memory));
}

}  // namespace

ComponentDescription describe_dram() {
  return {
      .kind = "dram",
      .doc = "The memory outside the chip, `simple` model: a latency and a peak bandwidth shared by everyone.",
      .parameters =
          {
              {.key = "access_width",
               .type = ParameterType::bytes,
               .required = true,
               .minimum = 1,
               .doc = "bytes of one access; energy is charged per access"},
              {.key = "bandwidth",
               .type = ParameterType::bandwidth,
               .required = true,
               .minimum = 1,
               .doc = "peak bytes per second, reads and writes together"},
              {.key = "capacity",
               .type = ParameterType::bytes,
               .minimum = 1,
               .doc = "bytes it holds; unbounded when not stated"},
              {.key = "energy",
               .type = ParameterType::memory_energy,
               .required = true,
               .doc = "technology entry with energy per access"},
              {.key = "latency",
               .type = ParameterType::cycles,
               .required = true,
               .doc = "cycles (of the machine's clock) from a request to its first byte"},
          },
      .actions = {{"read", "one access of `access_width`, read"}, {"write", "one access of `access_width`, written"}},
      .check = check_memory,
      .build = build,
  };
}

}  // namespace einloom
