// SPDX-License-Identifier: Apache-2.0
// One DRAM channel and its controller: which command goes next.
//
// Every cycle one column command (read, write) and one row command (activate, precharge, refresh) may be issued where
// the standard has a bus for each, otherwise one of both. First-ready first-come: of the commands that no constraint
// forbids, column commands (row hits) before row commands, then the older request. Reads go first; writes collect in
// a queue of their own and are drained when it is four fifths full, down to one fifth, or when no read waits. Page
// policy `open` leaves a row open until a request needs another one; `closed` lets the last access that waits for it
// close it. A refresh that is due comes before new work: its rank serves what it has opened rows for, closes all
// banks and refreshes. (The queue mechanics are those of Ramulator 2's generic controller.)
//
// Nothing bounds how long row hits may hold up an older request for another row of their bank, as in that controller.
//
// Contract: time is in cycles of the DRAM's clock. step(now) acts in cycle `now` and returns the next cycle in which
// it may have something to do; only the cycles before that may be skipped. Every datum of the state is here, in
// BankClocks or in RequestQueues; append_state writes it down relative to now. Nothing is allocated after construction.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "arch/banked_dram.hpp"
#include "sim/dram/bank_clocks.hpp"
#include "sim/dram/dram_counters.hpp"
#include "sim/dram/ready_banks.hpp"
#include "sim/dram/request_queues.hpp"

namespace einloom {

// What a channel tells: requests served, and every command when it is asked to.
class DramListener {
 public:
  virtual ~DramListener() = default;
  // The last data of request `tag` is on the bus in the cycle before `at`.
  virtual void served(std::int64_t tag, std::int64_t arrival, std::int64_t at) = 0;
  virtual void issued(const DramCommand& command, std::int64_t now) {
    static_cast<void>(command);
    static_cast<void>(now);
  }
};

class DramChannel {
 public:
  // `listener` outlives the channel; told of commands only when `traced`.
  DramChannel(const BankedDram& dram, int index, DramListener* listener, bool traced);

  [[nodiscard]] bool accepts(DramDirection direction) const { return queues_.accepts(direction); }
  // Requires accepts(direction). `bank` of the channel as in DramCommand. Seen by the next step.
  void add(DramDirection direction, int bank, std::int64_t row, std::int64_t tag, std::int64_t now);
  // kNoCycle when nothing will happen before another request comes.
  std::int64_t step(std::int64_t now);

  [[nodiscard]] bool idle() const { return queues_.empty(); }
  [[nodiscard]] const DramCounters& counters() const { return counters_; }
  [[nodiscard]] const BankClocks& clocks() const { return clocks_; }
  [[nodiscard]] const RequestQueues& queues() const { return queues_; }

  void shift_time(std::int64_t cycles);
  // Rows are called otherwise from now on; equal ones stay equal, others different.
  template <class RowOf>
  void map_rows(RowOf&& row_of) {
    clocks_.map_rows(row_of);
    queues_.map_rows(row_of);
  }
  // Everything the future depends on, relative to `now`; rows and tags as `row_of(row)` and `tag_of(tag)` put them.
  template <class RowOf, class TagOf>
  void append_state(std::int64_t now, RowOf&& row_of, TagOf&& tag_of, std::vector<std::int64_t>& state) const {
    clocks_.append_state(now, state);
    for (int bank = 0; bank < clocks_.banks(); ++bank) {
      const std::int64_t row = clocks_.bank(bank).row;
      state.push_back(row == kNoRow ? kNoRow : row_of(bank, row));
    }
    queues_.each_by_age([&](const RequestQueues::Request& request, DramDirection direction) {
      state.insert(state.end(),
                   {static_cast<std::int64_t>(direction), request.bank, row_of(request.bank, request.row),
                    request.arrival - now, tag_of(request.tag), request.activated ? 1 : 0, request.precharged ? 1 : 0});
    });
    state.insert(state.end(), {static_cast<std::int64_t>(mode_), std::max<std::int64_t>(0, row_bus_at_ - now),
                               refresh_ ? refresh_due_ - now : 0});
    state.insert(state.end(), refreshes_owed_.begin(), refreshes_owed_.end());
  }

  static constexpr std::int64_t kNoCycle = std::int64_t{1} << 60;

 private:
  struct Choice {
    std::int64_t age = DramChannel::kNoCycle;
    int bank = -1;
    DramDirection direction = DramDirection::read;
    bool opens = false;
  };

  [[nodiscard]] BankMask rank_mask(int rank) const { return rank_bits_ << (rank * rank_size_); }
  void settle_mode();
  bool step_column(std::int64_t now, std::int64_t& next);
  bool step_row(std::int64_t now, std::int64_t& next);
  bool step_refresh(std::int64_t now, std::int64_t& next);
  void consider_columns(int rank, DramDirection direction, BankMask banks, std::int64_t now, Choice& best,
                        std::int64_t& next) const;
  void consider_rows(int rank, std::int64_t now, Choice& best, std::int64_t& next) const;
  void issue(DramCommandKind kind, int rank, int bank, std::int64_t row, std::int64_t now);

  DramTiming timing_;
  PagePolicy page_;
  bool refresh_;
  int index_;  // among the channels
  DramListener* listener_;
  bool traced_;
  BankClocks clocks_;
  RequestQueues queues_;
  ReadyBanks ready_;
  int rank_size_;
  BankMask rank_bits_;
  BankMask open_ = 0;  // banks with an open row
  DramDirection mode_ = DramDirection::read;
  std::int64_t row_bus_at_ = 0;               // first cycle in which the row bus is free
  std::int64_t refresh_due_ = kNoCycle;       // next refresh of every rank
  std::vector<std::int64_t> refreshes_owed_;  // by rank: due and not issued
  std::int64_t owed_ = 0;
  DramCounters counters_;
};

}  // namespace einloom
