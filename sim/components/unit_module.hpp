// SPDX-License-Identifier: Apache-2.0
// A SystemC module around a unit: one SC_METHOD that calls step(now) whenever it is woken, nothing else.
#pragma once

#include <cstdint>
#include <systemc>

#include "sim/units.hpp"

namespace einloom {

// Simulated time in cycles: SystemC's own plus what fast-forward has skipped. One cycle is one SC_NS.
class CycleClock {
 public:
  [[nodiscard]] std::int64_t now() const {
    return static_cast<std::int64_t>(sc_core::sc_time_stamp().value() / cycle_.value()) + skipped_;
  }
  [[nodiscard]] sc_core::sc_time delay(std::int64_t cycles) const { return cycle_ * static_cast<double>(cycles); }
  void skip(std::int64_t cycles) { skipped_ += cycles; }

 private:
  sc_core::sc_time cycle_{1, sc_core::SC_NS};
  std::int64_t skipped_ = 0;
};

// Unit: ArrayUnit or ChannelUnit.
template <class Unit>
class UnitModule : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(UnitModule);
  UnitModule(const sc_core::sc_module_name& name, Unit unit, const CycleClock& clock, const Wake& wake)
      : sc_module(name), unit_(std::move(unit)), clock_(clock), wake_others_(wake) {
    SC_METHOD(act);
    sensitive << look_;
  }
  [[nodiscard]] Unit& unit() { return unit_; }

  // Look again at `time` (after now).
  void wake_at(std::int64_t time) { look_.notify(clock_.delay(time - clock_.now())); }

 private:
  void act() {
    const std::int64_t now = clock_.now();
    if (unit_.run().is_idle(now)) {
      sc_core::sc_pause();  // the kernel gives up
      return;
    }
    const std::int64_t next = unit_.step(now, wake_others_);
    if (next != kNever) wake_at(next);
  }

  Unit unit_;
  const CycleClock& clock_;
  const Wake& wake_others_;
  sc_core::sc_event look_;
};

}  // namespace einloom
