// SPDX-License-Identifier: Apache-2.0
// Judges a stream of DRAM commands by the constraints alone: looks back from every command at those before it. Knows
// nothing of the controller and keeps no clocks of "earliest times".
#pragma once

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "support/dram_runs.hpp"

namespace einloom::test {

class DramTraceChecker {
 public:
  explicit DramTraceChecker(const BankedDram& dram) : dram_(dram), t_(dram.timing) {}

  // What is wrong, one line each; empty when nothing is.
  std::vector<std::string> check(const std::vector<IssuedCommand>& commands) {
    std::vector<std::vector<IssuedCommand>> by_channel(static_cast<std::size_t>(dram_.channels));
    for (const IssuedCommand& each : commands)
      by_channel[static_cast<std::size_t>(each.command.channel)].push_back(each);
    for (const auto& channel : by_channel) check_channel(channel);
    return faults_;
  }

 private:
  enum class Scope { bank, group, rank, other_ranks };
  using K = DramCommandKind;

  static bool is_read(K k) { return k == K::read || k == K::read_precharge; }
  static bool is_write(K k) { return k == K::write || k == K::write_precharge; }
  static bool is_column(K k) { return is_read(k) || is_write(k); }
  [[nodiscard]] int group(int bank) const { return bank / static_cast<int>(t_.banks); }

  void fault(const IssuedCommand& at, const std::string& what) {
    if (faults_.size() > 10) return;
    std::ostringstream text;
    text << what << " at " << at.at << ", bank " << at.command.bank << ", rank " << at.command.rank;
    faults_.push_back(text.str());
  }

  void apart(const IssuedCommand& before, const IssuedCommand& now, std::int64_t cycles, const char* what) {
    if (now.at - before.at < cycles) fault(now, what);
  }

  // All pairs that any constraint can reach.
  void check_channel(const std::vector<IssuedCommand>& commands) {
    const std::int64_t reach = std::max({t_.rc, t_.rfc, t_.faw, t_.cwl + t_.bl + std::max(t_.wr, t_.wtr_l) + t_.rp,
                                         t_.ras + t_.rp, t_.cl + t_.bl + t_.turnaround + t_.rank_switch}) +
                               8;
    std::map<int, std::int64_t> open;       // bank → row
    std::map<int, std::int64_t> closed_at;  // bank → precharge, for banks that close by themselves too
    std::map<int, IssuedCommand> opened;    // bank → its ACT
    std::size_t oldest = 0;
    std::int64_t row_bus = -1, column_bus = -1;  // last cycle taken
    for (std::size_t i = 0; i < commands.size(); ++i) {
      const IssuedCommand& now = commands[i];
      const K kind = now.command.kind;
      const int bank = now.command.bank, rank = now.command.rank;
      std::int64_t& bus = is_column(kind) || !t_.separate_command_buses ? column_bus : row_bus;
      if (now.at <= bus) fault(now, "command bus taken twice");
      bus = now.at + (kind == K::activate ? t_.act_command_cycles - 1 : 0);

      std::vector<int> closing;
      if (kind == K::activate && open.count(bank) != 0) fault(now, "ACT of an open bank");
      if (is_column(kind) && (open.count(bank) == 0 || open[bank] != now.command.row))
        fault(now, "access to a closed row");
      if (kind == K::precharge && open.count(bank) == 0) fault(now, "PRE of a closed bank");
      if (kind == K::precharge) closing = {bank};
      const int first = rank * static_cast<int>(t_.banks_of_rank());
      for (int b = first; b < first + static_cast<int>(t_.banks_of_rank()); ++b) {
        if (kind == K::refresh && open.count(b) != 0) fault(now, "REF with an open bank");
        if (kind == K::refresh && closed_at.count(b) != 0 && now.at - closed_at[b] < t_.rp)
          fault(now, "nRP before REF");
        if (kind == K::precharge_all && open.count(b) != 0) closing.push_back(b);
      }
      if (kind == K::activate && closed_at.count(bank) != 0 && now.at - closed_at[bank] < t_.rp) fault(now, "nRP");

      while (now.at - commands[oldest].at > reach) ++oldest;
      int acts_in_window = 0;
      for (std::size_t j = oldest; j < i; ++j) {
        const IssuedCommand& before = commands[j];
        check_pair(before, now, closing);
        if (kind == K::activate && before.command.kind == K::activate && before.command.rank == rank &&
            now.at - before.at < t_.faw) {
          ++acts_in_window;
        }
      }
      if (acts_in_window >= 4) fault(now, "nFAW");

      for (int b : closing) {
        open.erase(b);
        closed_at[b] = now.at;
      }
      if (kind == K::activate) {
        open[bank] = now.command.row;
        opened[bank] = now;
        closed_at.erase(bank);
      }
      if (kind == K::read_precharge || kind == K::write_precharge) {
        open.erase(bank);
        std::int64_t at = std::max(now.at + (is_read(kind) ? t_.rtp : t_.cwl + t_.bl + t_.wr),
                                   opened[bank].at + t_.act_command_cycles - 1 + t_.ras);
        for (std::size_t j = oldest; j < i; ++j) {  // an earlier write may still be on its way into the row
          const IssuedCommand& before = commands[j];
          if (before.command.bank != bank || before.at < opened[bank].at) continue;
          if (is_write(before.command.kind)) at = std::max(at, before.at + t_.cwl + t_.bl + t_.wr);
          if (is_read(before.command.kind)) at = std::max(at, before.at + t_.rtp);
        }
        closed_at[bank] = at;
      }
    }
  }

  void check_pair(const IssuedCommand& before, const IssuedCommand& now, const std::vector<int>& closing) {
    const K a = before.command.kind, b = now.command.kind;
    const bool same_bank = before.command.bank == now.command.bank;
    const bool same_group = group(before.command.bank) == group(now.command.bank);
    const bool same_rank = before.command.rank == now.command.rank;
    const std::int64_t opening = t_.act_command_cycles - 1;
    if (a == K::activate && b == K::activate && same_rank) {
      apart(before, now, t_.rrd_s, "nRRDS");
      if (same_group) apart(before, now, t_.rrd_l, "nRRDL");
      if (same_bank) apart(before, now, t_.rc, "nRC");
    }
    if (a == K::activate && same_bank && is_read(b)) apart(before, now, opening + t_.rcd_read, "nRCDRD");
    if (a == K::activate && same_bank && is_write(b)) apart(before, now, opening + t_.rcd_write, "nRCDWR");
    if (std::find(closing.begin(), closing.end(), before.command.bank) != closing.end()) {
      if (a == K::activate) apart(before, now, opening + t_.ras, "nRAS");
      if (is_read(a)) apart(before, now, t_.rtp, "nRTP");
      if (is_write(a)) apart(before, now, t_.cwl + t_.bl + t_.wr, "nWR");
    }
    if (a == K::refresh && same_rank && (b == K::activate || b == K::refresh)) apart(before, now, t_.rfc, "nRFC");
    if (!is_column(a) || !is_column(b)) return;
    if (same_rank) {
      if (is_read(a) == is_read(b)) {
        apart(before, now, std::max(t_.ccd_s, t_.bl), "nCCDS");
        if (same_group) apart(before, now, t_.ccd_l, "nCCDL");
      } else if (is_read(a)) {
        apart(before, now, t_.cl + t_.bl + t_.turnaround - t_.cwl, "RD → WR");
      } else {
        apart(before, now, t_.cwl + t_.bl + t_.wtr_s, "nWTRS");
        if (same_group) apart(before, now, t_.cwl + t_.bl + t_.wtr_l, "nWTRL");
      }
    } else if (!t_.pseudo_channels) {  // data of two ranks must not meet on the bus
      const std::int64_t first = before.at + (is_read(a) ? t_.cl : t_.cwl) + t_.bl;
      const std::int64_t second = now.at + (is_read(b) ? t_.cl : t_.cwl);
      if (second - first < t_.rank_switch) fault(now, "data of two ranks meet");
    }
  }

  const BankedDram& dram_;
  const DramTiming& t_;
  std::vector<std::string> faults_;
};

}  // namespace einloom::test
