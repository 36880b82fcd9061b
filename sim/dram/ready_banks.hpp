// SPDX-License-Identifier: Apache-2.0
// Which banks' own clocks allow their next row command (activate when closed, precharge when open), kept up to date
// as time passes: a ring of 64 cycles holds the banks that become ready in each.
// Contract: advance(now) before mask(); time never runs backwards. Derived from the banks' clocks: no state of its own.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

namespace einloom {

// Banks of a channel as bits; arch allows at most 64.
using BankMask = std::uint64_t;

template <class Visit>
void each_bank(BankMask mask, Visit&& visit) {
  for (; mask != 0; mask &= mask - 1) visit(std::countr_zero(mask));
}

class ReadyBanks {
 public:
  explicit ReadyBanks(int banks) : at_(static_cast<std::size_t>(banks), 0) {
    ready_ = banks == 64 ? ~BankMask{0} : (BankMask{1} << banks) - 1;
  }
  // The bank is ready from `at` on. `now` is the cycle last advanced to.
  void set(int bank, std::int64_t at) {
    at_[static_cast<std::size_t>(bank)] = at;
    const BankMask bit = BankMask{1} << bank;
    if (at <= now_) {
      ready_ |= bit;
      return;
    }
    ready_ &= ~bit;
    ring_[slot(std::min(at, now_ + 63))] |= bit;
  }
  void advance(std::int64_t now) {
    for (std::int64_t end = std::min(now, now_ + 64); now_ < end;) drain(++now_, now);
    now_ = now;
  }
  [[nodiscard]] BankMask mask() const { return ready_; }
  [[nodiscard]] std::int64_t at(int bank) const { return at_[static_cast<std::size_t>(bank)]; }
  void shift_time(std::int64_t cycles) {
    for (std::int64_t& at : at_) at += cycles;
    now_ += cycles;
    ring_.fill(0);
    for (std::size_t bank = 0; bank < at_.size(); ++bank) set(static_cast<int>(bank), at_[bank]);
  }

 private:
  static std::size_t slot(std::int64_t time) { return static_cast<std::size_t>(time & 63); }
  // A bank may have been given another time since it was put into the ring, or lies beyond it: asked again.
  void drain(std::int64_t time, std::int64_t now) {
    BankMask due = ring_[slot(time)];
    if (due == 0) return;
    ring_[slot(time)] = 0;
    each_bank(due, [&](int bank) {
      const std::int64_t at = at_[static_cast<std::size_t>(bank)];
      if (at <= now) {
        ready_ |= BankMask{1} << bank;
      } else {
        ring_[slot(std::min(at, time + 63))] |= BankMask{1} << bank;
      }
    });
  }

  std::vector<std::int64_t> at_;
  std::array<BankMask, 64> ring_{};
  BankMask ready_ = 0;
  std::int64_t now_ = 0;
};

}  // namespace einloom
