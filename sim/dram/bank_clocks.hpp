// SPDX-License-Identifier: Apache-2.0
// When each command may come next, by bank, bank group and rank of one channel, and which row each bank has open.
// Contract: issue() is told what was done and never asks whether it was allowed; *_at() answer with the first cycle
// that breaks no constraint of DramTiming. Whether the bank is open or closed is the caller's business.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "arch/dram_timing.hpp"
#include "sim/dram/command.hpp"

namespace einloom {

inline constexpr std::int64_t kNoRow = -1;

class BankClocks {
 public:
  explicit BankClocks(const DramTiming& timing);

  struct Bank {
    std::int64_t act = 0, pre = 0, read = 0, write = 0;
    std::int64_t row = kNoRow;  // open row
  };
  struct Group {
    std::int64_t act = 0, read = 0, write = 0;
  };
  struct Rank {
    std::int64_t act = 0, read = 0, write = 0, refresh = 0;
    std::array<std::int64_t, 4> acts{};  // the latest four ACTs, a ring
    int oldest_act = 0;
  };

  [[nodiscard]] const Bank& bank(int b) const { return banks_[static_cast<std::size_t>(b)]; }
  [[nodiscard]] const Group& group_of(int b) const { return groups_[static_cast<std::size_t>(b / group_size_)]; }
  [[nodiscard]] const Rank& rank(int r) const { return ranks_[static_cast<std::size_t>(r)]; }
  [[nodiscard]] int rank_of(int b) const { return b / rank_size_; }
  [[nodiscard]] int ranks() const { return static_cast<int>(ranks_.size()); }
  [[nodiscard]] int banks() const { return static_cast<int>(banks_.size()); }

  // Without the rank's own clock, which whoever looks at many banks asks first.
  [[nodiscard]] std::int64_t act_at(int b) const { return std::max(bank(b).act, group_of(b).act); }
  [[nodiscard]] std::int64_t read_at(int b) const { return std::max(bank(b).read, group_of(b).read); }
  [[nodiscard]] std::int64_t write_at(int b) const { return std::max(bank(b).write, group_of(b).write); }
  [[nodiscard]] std::int64_t pre_at(int b) const { return bank(b).pre; }
  [[nodiscard]] std::int64_t pre_all_at(int r) const;  // over the open banks of the rank

  void issue(const DramCommand& command, std::int64_t now);

  void shift_time(std::int64_t cycles);
  // Open rows are called otherwise from now on.
  template <class RowOf>
  void map_rows(RowOf&& row_of) {
    for (Bank& bank : banks_) bank.row = bank.row == kNoRow ? kNoRow : row_of(bank.row);
  }
  // Every clock relative to `now`; clocks that bind no longer all read the same. Open rows are not part of it.
  void append_state(std::int64_t now, std::vector<std::int64_t>& state) const;

 private:
  void activate(const DramCommand& command, std::int64_t now);
  void read(const DramCommand& command, std::int64_t now, bool closes);
  void write(const DramCommand& command, std::int64_t now, bool closes);
  void close(int b, std::int64_t at);
  void other_ranks(int rank, std::int64_t read_from, std::int64_t write_from);
  template <class Visit>
  void each_clock(Visit&& visit);

  DramTiming timing_;
  int group_size_, rank_size_;
  std::vector<Bank> banks_;
  std::vector<Group> groups_;
  std::vector<Rank> ranks_;
};

}  // namespace einloom
