// SPDX-License-Identifier: Apache-2.0
// All channels of a banked DRAM: takes requests by address and lets every channel act when it has something to do.
// Contract: time is in cycles of the DRAM's clock and never runs backwards. A request added at `now` is seen from
// now + 1 on. Channels that only have refreshes to do are caught up with when somebody asks, so that an idle DRAM has
// no next event.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "arch/banked_dram.hpp"
#include "sim/dram/address_map.hpp"
#include "sim/dram/dram_channel.hpp"

namespace einloom {

class DramController {
 public:
  static constexpr std::int64_t kNoCycle = DramChannel::kNoCycle;

  // `listener` outlives the controller; told of commands only when `traced`.
  DramController(const BankedDram& dram, DramListener* listener, bool traced = false);

  [[nodiscard]] const AddressMap& addresses() const { return map_; }
  [[nodiscard]] bool accepts(const DramPlace& place, DramDirection direction) const {
    return channel(place.channel).accepts(direction);
  }
  // Requires accepts(place, direction), and that step(now) was called.
  void add(const DramPlace& place, DramDirection direction, std::int64_t tag, std::int64_t now);
  // Lets every channel act in each cycle up to `now` in which it has something to do. Returns the next cycle in which
  // one that has requests may; kNoCycle when none has.
  std::int64_t step(std::int64_t now);

  [[nodiscard]] bool idle() const;
  [[nodiscard]] int channels() const { return static_cast<int>(channels_.size()); }
  [[nodiscard]] const DramChannel& channel(int c) const { return channels_[static_cast<std::size_t>(c)].channel; }
  [[nodiscard]] DramCounters counters() const;  // over all channels

  void shift_time(std::int64_t cycles);
  template <class RowOf>
  void map_rows(RowOf&& row_of) {
    for (Scheduled& each : channels_) each.channel.map_rows(row_of);
  }
  // As DramChannel::append_state; row_of(channel, bank, row). Requires that step(now) was called.
  template <class RowOf, class TagOf>
  void append_state(std::int64_t now, RowOf&& row_of, TagOf&& tag_of, std::vector<std::int64_t>& state) const {
    for (int c = 0; c < channels(); ++c) {
      channel(c).append_state(
          now, [&](int bank, std::int64_t row) { return row_of(c, bank, row); }, tag_of, state);
    }
  }

 private:
  struct Scheduled {
    DramChannel channel;
    std::int64_t next = 0;
  };

  AddressMap map_;
  std::vector<Scheduled> channels_;
};

}  // namespace einloom
