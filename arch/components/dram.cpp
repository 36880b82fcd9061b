// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <bit>

#include "arch/components/component_list.hpp"

namespace einloom {
namespace {

const std::string kSimple = "simple";
const std::string kBanked = "banked";

bool is_banked(const ComponentValues& values) {
  const auto* model = values.find<std::string>("model");
  return model != nullptr && *model == kBanked;
}

void reject(const ComponentValues& values, const std::string& key, const std::string& rule, const std::string& help,
            Diagnostics& diagnostics) {
  if (values.spans.count(key) == 0) return;
  diagnostics.error("dram-model-key", values.span_of(key), fmt::format("`{}` of `{}` {}", key, values.name, rule))
      .with_help(help);
}

void check_banked(const ComponentValues& values, Diagnostics& diagnostics) {
  reject(values, "bandwidth", "is given; the bandwidth of model `banked` follows from `timing` and `channels`",
         "remove it, or say `model: simple`", diagnostics);
  const std::int64_t channels = values.integer("channels", 1);
  if (!std::has_single_bit(static_cast<std::uint64_t>(channels))) {
    diagnostics.error("dram-organisation", values.span_of("channels"),
                      fmt::format("`channels` of `{}` is {}; the parts of a DRAM are powers of two, so that bits of an "
                                  "address choose them",
                                  values.name, channels));
    return;
  }
  const auto* timing = values.find<std::shared_ptr<const DramTiming>>("timing");
  const auto* order = values.find<AddressOrder>("address_order");
  if (timing == nullptr || order == nullptr) return;
  const std::pair<AddressField, std::int64_t> parts[] = {
      {AddressField::channel, channels},
      {AddressField::rank, (*timing)->ranks},
      {AddressField::bank_group, (*timing)->bank_groups},
      {AddressField::bank, (*timing)->banks},
      {AddressField::row, (*timing)->rows},
      {AddressField::column, (*timing)->columns},
  };
  for (const auto& [field, count] : parts) {
    int stated = 0;
    for (const AddressOrder::Part& part : order->parts) stated += part.field == field ? part.bits : 0;
    const int bits = std::countr_zero(static_cast<std::uint64_t>(count));
    if (stated <= bits) continue;
    diagnostics.error("address-order", values.span_of("address_order"),
                      fmt::format("`address_order` of `{}` is `{}`, which splits off {} bits of a part that has {}",
                                  values.name, order->text, stated, bits));
  }
}

void check(const ComponentValues& values, Diagnostics& diagnostics) {
  check_memory(values, diagnostics);
  if (is_banked(values)) {
    check_banked(values, diagnostics);
    return;
  }
  for (const char* key : {"timing", "channels", "address_order", "queue", "page", "refresh"}) {
    reject(values, key, "belongs to model `banked`; this one is `simple`", "add `model: banked`", diagnostics);
  }
}

void build(const ComponentValues& values, Machine& machine) {
  Memory memory;
  memory.kind = MemoryKind::dram;
  if (const auto* capacity = values.find<std::int64_t>("capacity")) memory.capacity = Bytes(*capacity);
  memory.capacity_span = values.span_of("capacity");
  if (const auto* bandwidth = values.find<BytesPerSecond>("bandwidth")) memory.bandwidth = *bandwidth;
  memory.latency = Cycles(values.integer("latency"));
  const auto* timing = values.find<std::shared_ptr<const DramTiming>>("timing");
  const auto* order = values.find<AddressOrder>("address_order");
  if (is_banked(values) && timing != nullptr && order != nullptr) {
    BankedDram banked;
    banked.timing = **timing;
    banked.order = *order;
    banked.channels = values.integer("channels", banked.channels);
    banked.queue_depth = values.integer("queue", banked.queue_depth);
    const auto* page = values.find<std::string>("page");
    banked.page = page != nullptr && *page == "closed" ? PagePolicy::closed : PagePolicy::open;
    banked.refresh = values.integer("refresh", 1) != 0;
    memory.bandwidth = BytesPerSecond(banked.peak_bandwidth());
    memory.banked = std::move(banked);
  }
  set_memory_energy(values, memory);
  machine.memories.push_back(std::move(memory));
}

}  // namespace

ComponentDescription describe_dram() {
  return {
      .kind = "dram",
      .doc =
          "The memory outside the chip. Model `simple`: a latency and a peak bandwidth shared by everyone. Model "
          "`banked`: channels of banks with rows, every command at its time (sim/README.md).",
      .parameters =
          {
              {.key = "access_width",
               .type = ParameterType::bytes,
               .required = true,
               .minimum = 1,
               .doc = "bytes of one access; energy is charged per access"},
              {.key = "address_order",
               .type = ParameterType::address_order,
               .default_text = "RoBaRaCoCh",
               .doc = "banked: which bits of an address choose channel, rank, bank, row and column "
                      "(address_order.hpp)"},
              {.key = "bandwidth",
               .type = ParameterType::bandwidth,
               .required_if = "model",
               .required_value = kSimple,
               .minimum = 1,
               .doc = "simple: peak bytes per second, reads and writes together"},
              {.key = "capacity",
               .type = ParameterType::bytes,
               .minimum = 1,
               .doc = "bytes it holds; unbounded when not stated"},
              {.key = "channels",
               .minimum = 1,
               .default_value = BankedDram{}.channels,
               .doc = "banked: independent channels, a power of two"},
              {.key = "energy",
               .type = ParameterType::memory_energy,
               .required = true,
               .doc = "technology entry with energy per access"},
              {.key = "latency",
               .type = ParameterType::cycles,
               .required_if = "model",
               .required_value = kSimple,
               .minimum = 0,
               .doc = "cycles (of the machine's clock) from a request to its first byte; banked: the way "
                      "between chip and controllers, on top of the DRAM's own time, 0 when not stated"},
              {.key = "model",
               .type = ParameterType::choice,
               .default_text = kSimple,
               .choices = {kBanked, kSimple},
               .doc = "`simple` or `banked`"},
              {.key = "page",
               .type = ParameterType::choice,
               .default_text = "open",
               .choices = {"closed", "open"},
               .doc = "banked: `open` leaves rows open, `closed` closes a row with the last access that waits for it"},
              {.key = "queue",
               .minimum = 1,
               .default_value = BankedDram{}.queue_depth,
               .doc = "banked: reads, and likewise writes, that wait in one channel"},
              {.key = "refresh", .type = ParameterType::flag, .default_value = 1, .doc = "banked: refresh or not"},
              {.key = "timing",
               .type = ParameterType::dram_timing,
               .required_if = "model",
               .required_value = kBanked,
               .doc = "banked: timing set"},
          },
      .actions = {{"read", "one access of `access_width`, read"}, {"write", "one access of `access_width`, written"}},
      .check = check,
      .build = build,
  };
}

}  // namespace einloom
