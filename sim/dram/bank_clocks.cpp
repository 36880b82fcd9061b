// SPDX-License-Identifier: Apache-2.0
#include "sim/dram/bank_clocks.hpp"

#include "base/diagnostic.hpp"

namespace einloom {
namespace {

// Long before any run: no earlier command binds.
constexpr std::int64_t kLongAgo = -(std::int64_t{1} << 40);

void raise(std::int64_t& clock, std::int64_t to) { clock = std::max(clock, to); }

}  // namespace

BankClocks::BankClocks(const DramTiming& timing)
    : timing_(timing),
      group_size_(static_cast<int>(timing.banks)),
      rank_size_(static_cast<int>(timing.banks_of_rank())),
      banks_(static_cast<std::size_t>(timing.banks_of_channel())),
      groups_(static_cast<std::size_t>(timing.ranks * timing.bank_groups)),
      ranks_(static_cast<std::size_t>(timing.ranks)) {
  for (Rank& rank : ranks_) rank.acts.fill(kLongAgo);
}

std::int64_t BankClocks::pre_all_at(int r) const {
  std::int64_t at = 0;
  for (int b = r * rank_size_; b < (r + 1) * rank_size_; ++b) {
    if (bank(b).row != kNoRow) at = std::max(at, bank(b).pre);
  }
  return at;
}

void BankClocks::issue(const DramCommand& command, std::int64_t now) {
  switch (command.kind) {
    case DramCommandKind::activate:
      return activate(command, now);
    case DramCommandKind::precharge:
      return close(command.bank, now);
    case DramCommandKind::precharge_all:
      for (int b = command.rank * rank_size_; b < (command.rank + 1) * rank_size_; ++b) {
        if (bank(b).row != kNoRow) close(b, now);
      }
      return;
    case DramCommandKind::read:
      return read(command, now, false);
    case DramCommandKind::read_precharge:
      return read(command, now, true);
    case DramCommandKind::write:
      return write(command, now, false);
    case DramCommandKind::write_precharge:
      return write(command, now, true);
    case DramCommandKind::refresh: {
      Rank& rank = ranks_[static_cast<std::size_t>(command.rank)];
      raise(rank.act, now + timing_.rfc);
      raise(rank.refresh, now + timing_.rfc);
      return;
    }
  }
}

void BankClocks::activate(const DramCommand& command, std::int64_t now) {
  Bank& bank = banks_[static_cast<std::size_t>(command.bank)];
  Group& group = groups_[static_cast<std::size_t>(command.bank / group_size_)];
  Rank& rank = ranks_[static_cast<std::size_t>(command.rank)];
  bank.row = command.row;
  // The command's last cycle opens the row. Two ACTs lie as far apart as their last cycles do.
  const std::int64_t opened = now + timing_.act_command_cycles - 1;
  raise(bank.read, opened + timing_.rcd_read);
  raise(bank.write, opened + timing_.rcd_write);
  raise(bank.pre, opened + timing_.ras);
  raise(bank.act, now + timing_.rc);
  raise(group.act, now + timing_.rrd_l);
  rank.acts[static_cast<std::size_t>(rank.oldest_act)] = now;
  rank.oldest_act = (rank.oldest_act + 1) % 4;
  raise(rank.act, std::max(now + timing_.rrd_s, rank.acts[static_cast<std::size_t>(rank.oldest_act)] + timing_.faw));
}

void BankClocks::read(const DramCommand& command, std::int64_t now, bool closes) {
  Bank& bank = banks_[static_cast<std::size_t>(command.bank)];
  Group& group = groups_[static_cast<std::size_t>(command.bank / group_size_)];
  Rank& rank = ranks_[static_cast<std::size_t>(command.rank)];
  const std::int64_t write_from = now + timing_.cl + timing_.bl + timing_.turnaround - timing_.cwl;
  raise(bank.pre, now + timing_.rtp);
  raise(group.read, now + timing_.ccd_l);
  raise(rank.read, now + std::max(timing_.ccd_s, timing_.bl));
  raise(rank.write, write_from);
  other_ranks(command.rank, now + timing_.bl + timing_.rank_switch,
              now + timing_.cl + timing_.bl + std::max(timing_.turnaround, timing_.rank_switch) - timing_.cwl);
  if (closes) close(command.bank, bank.pre);
}

void BankClocks::write(const DramCommand& command, std::int64_t now, bool closes) {
  Bank& bank = banks_[static_cast<std::size_t>(command.bank)];
  Group& group = groups_[static_cast<std::size_t>(command.bank / group_size_)];
  Rank& rank = ranks_[static_cast<std::size_t>(command.rank)];
  const std::int64_t written = now + timing_.cwl + timing_.bl;
  raise(bank.pre, written + timing_.wr);
  raise(group.write, now + timing_.ccd_l);
  raise(group.read, written + timing_.wtr_l);
  raise(rank.write, now + std::max(timing_.ccd_s, timing_.bl));
  raise(rank.read, written + timing_.wtr_s);
  other_ranks(command.rank, written + timing_.rank_switch - timing_.cl, now + timing_.bl + timing_.rank_switch);
  if (closes) close(command.bank, bank.pre);
}

void BankClocks::close(int b, std::int64_t at) {
  Bank& bank = banks_[static_cast<std::size_t>(b)];
  bank.row = kNoRow;
  raise(bank.act, at + timing_.rp);
  raise(ranks_[static_cast<std::size_t>(rank_of(b))].refresh, at + timing_.rp);
}

void BankClocks::other_ranks(int rank, std::int64_t read_from, std::int64_t write_from) {
  if (timing_.pseudo_channels) return;
  for (int r = 0; r < ranks(); ++r) {
    if (r == rank) continue;
    raise(ranks_[static_cast<std::size_t>(r)].read, read_from);
    raise(ranks_[static_cast<std::size_t>(r)].write, write_from);
  }
}

template <class Visit>
void BankClocks::each_clock(Visit&& visit) {
  for (Bank& bank : banks_) {
    for (std::int64_t* clock : {&bank.act, &bank.pre, &bank.read, &bank.write}) visit(*clock, 0);
  }
  for (Group& group : groups_) {
    for (std::int64_t* clock : {&group.act, &group.read, &group.write}) visit(*clock, 0);
  }
  for (Rank& rank : ranks_) {
    for (std::int64_t* clock : {&rank.act, &rank.read, &rank.write, &rank.refresh}) visit(*clock, 0);
    // Oldest first, so that the ring's position does not matter.
    for (int i = 0; i < 4; ++i) visit(rank.acts[static_cast<std::size_t>((rank.oldest_act + i) % 4)], timing_.faw);
  }
}

void BankClocks::shift_time(std::int64_t cycles) {
  each_clock([&](std::int64_t& clock, std::int64_t) { clock += cycles; });
}

void BankClocks::append_state(std::int64_t now, std::vector<std::int64_t>& state) const {
  const_cast<BankClocks*>(this)->each_clock(
      [&](const std::int64_t& clock, std::int64_t reach) { state.push_back(std::max(clock - now, -reach)); });
}

}  // namespace einloom
