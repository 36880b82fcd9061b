// SPDX-License-Identifier: Apache-2.0
#include "sim/dram/dram_controller.hpp"

namespace einloom {

DramController::DramController(const BankedDram& dram, DramListener* listener, bool traced) : map_(dram) {
  channels_.reserve(static_cast<std::size_t>(dram.channels));
  for (std::int64_t c = 0; c < dram.channels; ++c)
    channels_.push_back({DramChannel(dram, static_cast<int>(c), listener, traced), 0});
}

void DramController::add(const DramPlace& place, DramDirection direction, std::int64_t tag, std::int64_t now) {
  Scheduled& at = channels_[static_cast<std::size_t>(place.channel)];
  at.channel.add(direction, place.bank, place.row, tag, now);
  at.next = std::min(at.next, now + 1);
}

std::int64_t DramController::step(std::int64_t now) {
  std::int64_t next = kNoCycle;
  for (Scheduled& each : channels_) {
    while (each.next <= now) each.next = each.channel.step(each.next);
    if (!each.channel.idle()) next = std::min(next, each.next);
  }
  return next;
}

bool DramController::idle() const {
  return std::all_of(channels_.begin(), channels_.end(), [](const Scheduled& each) { return each.channel.idle(); });
}

DramCounters DramController::counters() const {
  DramCounters sum;
  for (const Scheduled& each : channels_) sum += each.channel.counters();
  return sum;
}

void DramController::shift_time(std::int64_t cycles) {
  for (Scheduled& each : channels_) {
    each.channel.shift_time(cycles);
    if (each.next != kNoCycle) each.next += cycles;
  }
}

}  // namespace einloom
