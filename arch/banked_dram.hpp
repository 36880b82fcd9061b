// SPDX-License-Identifier: Apache-2.0
// A DRAM of model `banked`: channels of one timing set, an address order, and what its controllers do.
// Values only; what they mean for time is sim/dram's business.
#pragma once

#include <cstdint>

#include "arch/address_order.hpp"
#include "arch/dram_timing.hpp"

namespace einloom {

enum class PagePolicy : std::uint8_t {
  open,   // a row stays open until a request needs another row of its bank
  closed  // the last access that waits for a row closes it
};

struct BankedDram {
  DramTiming timing;
  std::int64_t channels = 1;  // a power of two
  AddressOrder order;
  std::int64_t queue_depth = 32;  // requests of one direction that wait in one channel
  PagePolicy page = PagePolicy::open;
  bool refresh = true;

  // Bytes per second of all channels with every data bus always busy.
  [[nodiscard]] double peak_bandwidth() const { return static_cast<double>(channels) * timing.peak_bandwidth(); }
};

}  // namespace einloom
