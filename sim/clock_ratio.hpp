// SPDX-License-Identifier: Apache-2.0
// Cycles of the machine's clock ↔ cycles of the DRAM's, as a ratio of whole numbers: nothing drifts, nothing is rounded
// but up or down to a whole cycle.
// Contract: both clocks are whole numbers of Hz (rounded to the nearest) and start together at 0; times are >= 0.
#pragma once

#include <cmath>
#include <cstdint>
#include <numeric>

#include "base/units.hpp"

namespace einloom {

class ClockRatio {
 public:
  ClockRatio(Hertz machine, Hertz dram) : dram_(std::llround(dram.value())), machine_(std::llround(machine.value())) {
    const std::int64_t common = std::gcd(dram_, machine_);
    dram_ /= common;
    machine_ /= common;
  }
  // The first DRAM cycle that starts in machine cycle m or later.
  [[nodiscard]] std::int64_t dram_at(std::int64_t m) const { return ceil_of(m, dram_, machine_); }
  // The machine cycle in which DRAM cycle d starts.
  [[nodiscard]] std::int64_t machine_of(std::int64_t d) const {
    return static_cast<std::int64_t>(static_cast<Wide>(d) * machine_ / dram_);
  }
  // The first machine cycle that starts when DRAM cycle d does, or later.
  [[nodiscard]] std::int64_t machine_at(std::int64_t d) const { return ceil_of(d, machine_, dram_); }
  // How far into a DRAM cycle machine cycle m starts; equal phases, equal future.
  [[nodiscard]] std::int64_t phase(std::int64_t m) const {
    return static_cast<std::int64_t>(static_cast<Wide>(m) * dram_ % machine_);
  }

 private:
  __extension__ using Wide = __int128;
  static std::int64_t ceil_of(std::int64_t value, std::int64_t times, std::int64_t over) {
    return static_cast<std::int64_t>((static_cast<Wide>(value) * times + over - 1) / over);
  }

  std::int64_t dram_, machine_;  // cycles in the same time, without common factor
};

}  // namespace einloom
