// SPDX-License-Identifier: Apache-2.0
#include "sim/dram/dram_channel.hpp"

#include <algorithm>

namespace einloom {
namespace {

DramDirection opposite(DramDirection direction) {
  return direction == DramDirection::read ? DramDirection::write : DramDirection::read;
}

}  // namespace

DramChannel::DramChannel(const BankedDram& dram, int index, DramListener* listener, bool traced)
    : timing_(dram.timing),
      page_(dram.page),
      refresh_(dram.refresh),
      index_(index),
      listener_(listener),
      traced_(traced),
      clocks_(timing_),
      queues_(static_cast<int>(timing_.banks_of_channel()), dram.queue_depth),
      ready_(static_cast<int>(timing_.banks_of_channel())),
      rank_size_(static_cast<int>(timing_.banks_of_rank())),
      rank_bits_(rank_size_ == 64 ? ~BankMask{0} : (BankMask{1} << rank_size_) - 1),
      refresh_due_(refresh_ ? timing_.refi : kNoCycle),
      refreshes_owed_(static_cast<std::size_t>(timing_.ranks), 0) {}

void DramChannel::add(DramDirection direction, int bank, std::int64_t row, std::int64_t tag, std::int64_t now) {
  queues_.add(direction, bank, row, tag, now, clocks_.bank(bank).row);
}

std::int64_t DramChannel::step(std::int64_t now) {
  while (refresh_due_ <= now) {
    for (std::int64_t& owed : refreshes_owed_) ++owed;
    owed_ += timing_.ranks;
    refresh_due_ += timing_.refi;
  }
  ready_.advance(now);
  settle_mode();
  std::int64_t next = refresh_due_;
  bool issued = step_column(now, next);
  if (!issued || timing_.separate_command_buses) issued = step_row(now, next) || issued;
  return issued ? now + 1 : next;
}

// Writes are drained between two marks (four fifths and one fifth of the queue), or when no read waits.
void DramChannel::settle_mode() {
  const std::int64_t writes = queues_.waiting(DramDirection::write);
  const std::int64_t reads = queues_.waiting(DramDirection::read);
  if (mode_ == DramDirection::read) {
    if (5 * writes > 4 * queues_.depth() || (reads == 0 && writes > 0)) mode_ = DramDirection::write;
  } else if (5 * writes < queues_.depth() && reads > 0) {
    mode_ = DramDirection::read;
  }
}

void DramChannel::consider_columns(int rank, DramDirection direction, BankMask banks, std::int64_t now, Choice& best,
                                   std::int64_t& next) const {
  banks &= rank_mask(rank);
  if (banks == 0) return;
  const bool reads = direction == DramDirection::read;
  const std::int64_t from = reads ? clocks_.rank(rank).read : clocks_.rank(rank).write;
  if (from > now) {
    next = std::min(next, from);
    return;
  }
  each_bank(banks, [&](int bank) {
    const std::int64_t at = reads ? clocks_.read_at(bank) : clocks_.write_at(bank);
    if (at > now) {
      next = std::min(next, at);
      return;
    }
    const std::int64_t age = queues_.oldest_hit(direction, bank).age;
    if (age < best.age) best = {.age = age, .bank = bank, .direction = direction};
  });
}

bool DramChannel::step_column(std::int64_t now, std::int64_t& next) {
  if (!timing_.separate_command_buses && row_bus_at_ > now) {
    next = std::min(next, row_bus_at_);
    return false;
  }
  const DramDirection other = opposite(mode_);
  if ((queues_.hits(mode_) | queues_.activated(other)) == 0) return false;
  Choice best;
  for (int rank = 0; rank < clocks_.ranks(); ++rank) {
    // While a refresh is owed, only what rows were opened for.
    const BankMask hits = owed_ > 0 ? queues_.activated(mode_) : queues_.hits(mode_);
    consider_columns(rank, mode_, hits, now, best, next);
    consider_columns(rank, other, queues_.activated(other), now, best, next);
  }
  if (best.bank < 0) return false;
  const RequestQueues::Request request = queues_.take_hit(best.direction, best.bank);
  const bool reads = best.direction == DramDirection::read;
  bool closes = false;
  if (page_ == PagePolicy::closed) {
    const BankMask bit = BankMask{1} << best.bank;
    closes = ((queues_.hits(DramDirection::read) | queues_.hits(DramDirection::write)) & bit) == 0;
    if (closes) open_ &= ~bit;
  }
  const DramCommandKind kind = reads ? (closes ? DramCommandKind::read_precharge : DramCommandKind::read)
                                     : (closes ? DramCommandKind::write_precharge : DramCommandKind::write);
  issue(kind, clocks_.rank_of(best.bank), best.bank, request.row, now);
  ++(reads ? counters_.reads : counters_.writes);
  ++(request.precharged ? counters_.row_conflicts : request.activated ? counters_.row_misses : counters_.row_hits);
  listener_->served(request.tag, request.arrival, now + (reads ? timing_.cl : timing_.cwl) + timing_.bl);
  return true;
}

// A rank that owes a refresh holds up the row commands of all: the first that may close its banks or refresh does.
bool DramChannel::step_refresh(std::int64_t now, std::int64_t& next) {
  for (int rank = 0; rank < clocks_.ranks(); ++rank) {
    std::int64_t& owed = refreshes_owed_[static_cast<std::size_t>(rank)];
    if (owed == 0) continue;
    const BankMask banks = rank_mask(rank);
    if (((queues_.activated(DramDirection::read) | queues_.activated(DramDirection::write)) & banks) != 0) continue;
    const bool closed = (open_ & banks) == 0;
    const std::int64_t at = closed ? clocks_.rank(rank).refresh : clocks_.pre_all_at(rank);
    if (at > now) {
      next = std::min(next, at);
      continue;
    }
    if (closed) {
      --owed;
      --owed_;
      ++counters_.refreshes;
      issue(DramCommandKind::refresh, rank, 0, 0, now);
    } else {
      issue(DramCommandKind::precharge_all, rank, 0, 0, now);
      each_bank(open_ & banks, [&](int bank) { queues_.closed(bank); });
      open_ &= ~banks;
    }
    return true;
  }
  return false;
}

void DramChannel::consider_rows(int rank, std::int64_t now, Choice& best, std::int64_t& next) const {
  const BankMask waiting = queues_.banks(mode_) & rank_mask(rank);
  const BankMask activated = queues_.activated(DramDirection::read) | queues_.activated(DramDirection::write);
  BankMask opens = waiting & ~open_;
  const BankMask closes = waiting & open_ & ~queues_.oldest_hits(mode_) & ~activated;
  if (const std::int64_t from = clocks_.rank(rank).act; opens != 0 && from > now) {
    next = std::min(next, from);
    opens = 0;
  }
  each_bank(opens & ready_.mask(), [&](int bank) {
    const std::int64_t age = queues_.oldest_age(mode_, bank);
    if (age >= best.age) return;
    if (const std::int64_t at = clocks_.group_of(bank).act; at > now) {
      next = std::min(next, at);
      return;
    }
    best = {.age = age, .bank = bank, .direction = mode_, .opens = true};
  });
  each_bank(closes & ready_.mask(), [&](int bank) {
    const std::int64_t age = queues_.oldest_age(mode_, bank);
    if (age < best.age) best = {.age = age, .bank = bank, .direction = mode_, .opens = false};
  });
  if (best.bank >= 0) return;
  each_bank((opens | closes) & ~ready_.mask(), [&](int bank) { next = std::min(next, ready_.at(bank)); });
}

bool DramChannel::step_row(std::int64_t now, std::int64_t& next) {
  if (row_bus_at_ > now) {
    next = std::min(next, row_bus_at_);
    return false;
  }
  if (owed_ > 0) return step_refresh(now, next);
  Choice best;
  for (int rank = 0; rank < clocks_.ranks(); ++rank) consider_rows(rank, now, best, next);
  if (best.bank < 0) return false;
  const BankMask bit = BankMask{1} << best.bank;
  const int rank = clocks_.rank_of(best.bank);
  if (best.opens) {
    const std::int64_t row = queues_.oldest(best.direction, best.bank).row;
    issue(DramCommandKind::activate, rank, best.bank, row, now);
    queues_.activated_for_oldest(best.direction, best.bank);
    open_ |= bit;
    row_bus_at_ = now + timing_.act_command_cycles;
  } else {
    issue(DramCommandKind::precharge, rank, best.bank, 0, now);
    queues_.closed_for_oldest(best.direction, best.bank);
    open_ &= ~bit;
  }
  return true;
}

void DramChannel::issue(DramCommandKind kind, int rank, int bank, std::int64_t row, std::int64_t now) {
  const DramCommand command{kind, index_, rank, bank, row};
  clocks_.issue(command, now);
  const auto again = [&](int b) {
    const BankClocks::Bank& bank = clocks_.bank(b);
    ready_.set(b, bank.row == kNoRow ? bank.act : bank.pre);
  };
  if (command.kind == DramCommandKind::precharge_all) {
    each_bank(rank_mask(command.rank), again);
  } else if (command.kind != DramCommandKind::refresh) {
    again(command.bank);
  }
  if (traced_) listener_->issued(command, now);
}

void DramChannel::shift_time(std::int64_t cycles) {
  clocks_.shift_time(cycles);
  ready_.shift_time(cycles);
  queues_.shift_time(cycles);
  row_bus_at_ += cycles;
  if (refresh_) refresh_due_ += cycles;
}

}  // namespace einloom
