// SPDX-License-Identifier: Apache-2.0
// Every constraint between DRAM commands, alone: with all others as short as they can be, the later command comes in
// the very cycle in which the constraint ends, and one cycle later when the constraint is one cycle longer.
#include <catch2/catch.hpp>

#include <functional>

#include "support/dram_runs.hpp"

namespace einloom::test {
namespace {

// Two ranks of two groups of two banks; four rows of four accesses of 1 B; nothing takes longer than it must.
BankedDram loose_dram() {
  BankedDram dram;
  DramTiming& t = dram.timing;
  t.clock = Hertz(1e9);
  t.ranks = 2;
  t.bank_groups = 2;
  t.banks = 2;
  t.rows = 4;
  t.columns = 4;
  t.access_bytes = 1;
  t.wtr_s = t.wtr_l = t.wr = t.rtp = t.turnaround = t.rank_switch = 0;
  t.refi = 1 << 20;
  dram.order = order_of("RoBaBgRaCoCh");
  return dram;
}

// Addresses in that order: column 2 bits, rank, group, bank, row.
std::int64_t address(std::int64_t rank, std::int64_t group, std::int64_t bank, std::int64_t row, std::int64_t column) {
  return (((row * 2 + bank) * 2 + group) * 2 + rank) * 4 + column;
}

TraceRequest read(std::int64_t at) { return {.address = at}; }
TraceRequest write(std::int64_t at) { return {.address = at, .is_write = true}; }

// Cycles from the first command of one kind to the first later one of the other; `nth`: the nth of the later kind
// after the first command.
std::int64_t gap(const RecordedDram& run, DramCommandKind from, DramCommandKind to, int nth = 1) {
  std::int64_t start = -1;
  for (const IssuedCommand& each : run.commands) {
    if (start < 0) {
      if (each.command.kind == from) start = each.at;
      continue;
    }
    if (each.command.kind == to && --nth == 0) return each.at - start;
  }
  FAIL("the run has no such commands");
  return -1;
}

using K = DramCommandKind;

struct Constraint {
  const char* name;
  std::vector<TraceRequest> trace;
  K from, to;
  int nth = 1;
  std::function<void(DramTiming&, std::int64_t)> set;  // makes the gap this long
};

const std::int64_t kBank = address(0, 0, 0, 0, 0);
const std::int64_t kSameBank = address(0, 0, 0, 0, 1);
const std::int64_t kOtherRow = address(0, 0, 0, 1, 0);
const std::int64_t kSameGroup = address(0, 0, 1, 0, 0);
const std::int64_t kOtherGroup = address(0, 1, 0, 0, 0);
const std::int64_t kOtherRank = address(1, 0, 0, 0, 0);

std::vector<Constraint> constraints() {
  return {
      {"nRCDRD: ACT → RD", {read(kBank)}, K::activate, K::read, 1, [](auto& t, auto n) { t.rcd_read = n; }},
      {"nRCDWR: ACT → WR", {write(kBank)}, K::activate, K::write, 1, [](auto& t, auto n) { t.rcd_write = n; }},
      {"nRAS: ACT → PRE",
       {read(kBank), read(kOtherRow)},
       K::activate,
       K::precharge,
       1,
       [](auto& t, auto n) { t.ras = n; }},
      {"nRC: ACT → ACT",
       {read(kBank), read(kOtherRow)},
       K::activate,
       K::activate,
       1,
       [](auto& t, auto n) { t.rc = n; }},
      {"nRP: PRE → ACT",
       {read(kBank), read(kOtherRow)},
       K::precharge,
       K::activate,
       1,
       [](auto& t, auto n) { t.rp = n; }},
      {"nRTP: RD → PRE", {read(kBank), read(kOtherRow)}, K::read, K::precharge, 1, [](auto& t, auto n) { t.rtp = n; }},
      {"nWR: WR → PRE",
       {write(kBank), write(kOtherRow)},
       K::write,
       K::precharge,
       1,
       [](auto& t, auto n) {
         t.cwl = 3;
         t.bl = 2;
         t.wr = n - 5;
       }},
      {"nCCDL: RD → RD, same bank",
       {read(kBank), read(kSameBank)},
       K::read,
       K::read,
       1,
       [](auto& t, auto n) { t.ccd_l = n; }},
      {"nCCDL: RD → RD, same group",
       {read(kBank), read(kSameGroup)},
       K::read,
       K::read,
       1,
       [](auto& t, auto n) { t.ccd_l = n; }},
      {"nCCDS: RD → RD, other group",
       {read(kBank), read(kOtherGroup)},
       K::read,
       K::read,
       1,
       [](auto& t, auto n) { t.ccd_s = n; }},
      {"nBL: RD → RD, other group",
       {read(kBank), read(kOtherGroup)},
       K::read,
       K::read,
       1,
       [](auto& t, auto n) { t.bl = n; }},
      {"nCCDL: WR → WR, same group",
       {write(kBank), write(kSameGroup)},
       K::write,
       K::write,
       1,
       [](auto& t, auto n) { t.ccd_l = n; }},
      {"nCCDS: WR → WR, other group",
       {write(kBank), write(kOtherGroup)},
       K::write,
       K::write,
       1,
       [](auto& t, auto n) { t.ccd_s = n; }},
      {"nCL + nBL + nRTW − nCWL: RD → WR",
       {read(kBank), write(kOtherGroup)},
       K::read,
       K::write,
       1,
       [](auto& t, auto n) {
         t.bl = 2;
         t.cwl = 4;
         t.turnaround = 3;
         t.cl = n - 1;
       }},
      {"nCWL + nBL + nWTRS: WR → RD, other group",
       {write(kBank), read(kOtherGroup)},
       K::write,
       K::read,
       1,
       [](auto& t, auto n) {
         t.cwl = 3;
         t.bl = 2;
         t.wtr_s = n - 5;
         t.rcd_read = 4;  // the write goes first
       }},
      {"nCWL + nBL + nWTRL: WR → RD, same group",
       {write(kBank), read(kSameGroup)},
       K::write,
       K::read,
       1,
       [](auto& t, auto n) {
         t.cwl = 3;
         t.bl = 2;
         t.wtr_l = n - 5;
         t.rcd_read = 4;
       }},
      {"nRRDL: ACT → ACT, same group",
       {read(kBank), read(kSameGroup)},
       K::activate,
       K::activate,
       1,
       [](auto& t, auto n) { t.rrd_l = n; }},
      {"nRRDS: ACT → ACT, other group",
       {read(kBank), read(kOtherGroup)},
       K::activate,
       K::activate,
       1,
       [](auto& t, auto n) { t.rrd_s = n; }},
      {"nFAW: ACT → the fourth ACT after it",
       {read(kBank), read(kOtherGroup), read(kSameGroup), read(address(0, 1, 1, 0, 0)), read(kOtherRow)},
       K::activate,
       K::activate,
       4,
       [](auto& t, auto n) { t.faw = n; }},
      {"nBL + nRTRS: RD → RD, other rank",
       {read(kBank), read(kOtherRank)},
       K::read,
       K::read,
       1,
       [](auto& t, auto n) {
         t.bl = 4;
         t.rank_switch = n - 4;
       }},
      {"nCWL + nBL + nRTRS − nCL: WR → RD, other rank",
       {write(kBank), read(kOtherRank)},
       K::write,
       K::read,
       1,
       [](auto& t, auto n) {
         t.cwl = 6;
         t.bl = 2;
         t.cl = 3;
         t.rank_switch = n - 5;
         t.rcd_read = 4;
       }},
  };
}

TEST_CASE("each constraint ends in its cycle, not one earlier") {
  for (const Constraint& each : constraints()) {
    for (const std::int64_t cycles : {23, 24}) {
      BankedDram dram = loose_dram();
      each.set(dram.timing, cycles);
      const RecordedDram run = play(dram, each.trace, true);
      INFO(each.name << ", " << cycles);
      CHECK(gap(run, each.from, each.to, each.nth) == cycles);
    }
  }
}

TEST_CASE("a constraint of one scope does not reach beyond it") {
  BankedDram dram = loose_dram();
  dram.timing.ccd_l = dram.timing.rrd_l = 23;
  const RecordedDram other_group = play(dram, {read(kBank), read(kOtherGroup)}, true);
  CHECK(gap(other_group, K::activate, K::activate) < 23);
  CHECK(gap(other_group, K::read, K::read) < 23);
  dram = loose_dram();
  dram.timing.rrd_s = dram.timing.rrd_l = dram.timing.ccd_s = 23;
  const RecordedDram other_rank = play(dram, {read(kBank), read(kOtherRank)}, true);
  CHECK(gap(other_rank, K::activate, K::activate) < 23);
  CHECK(gap(other_rank, K::read, K::read) < 23);
}

TEST_CASE("pseudo channels have data buses of their own") {
  for (const bool pseudo : {false, true}) {
    BankedDram dram = loose_dram();
    dram.timing.pseudo_channels = pseudo;
    dram.timing.bl = 20;
    const RecordedDram run = play(dram, {read(kBank), read(kOtherRank)}, true);
    CHECK((gap(run, K::read, K::read) < 20) == pseudo);
  }
}

TEST_CASE("a refresh: all banks closed, nRP, REF, nRFC, every nREFI") {
  BankedDram dram = loose_dram();
  dram.timing.ranks = 1;
  dram.timing.rp = 7;
  dram.timing.rfc = 31;
  dram.timing.refi = 100;
  dram.order = order_of("RoBaBgRaCoCh");
  // The row of the first request is open when the refresh is due; the second one comes in that cycle.
  const RecordedDram run =
      play(dram, {{.address = 0}, {.address = 1, .arrival = 100}, {.address = 2, .arrival = 300}}, true);
  std::vector<std::pair<K, std::int64_t>> seen;
  for (const IssuedCommand& each : run.commands) seen.emplace_back(each.command.kind, each.at);
  const std::vector<std::pair<K, std::int64_t>> expected = {
      {K::activate, 1},   {K::read, 2},       {K::precharge_all, 100}, {K::refresh, 107},
      {K::activate, 138}, {K::read, 139},     {K::precharge_all, 200}, {K::refresh, 207},
      {K::refresh, 300},  {K::activate, 331}, {K::read, 332},
  };
  CHECK(seen == expected);
  CHECK(run.counters.refreshes == 3);
}

TEST_CASE("a refresh waits for nRP after the bank closed, and for nothing else") {
  for (const std::int64_t rp : {7, 8}) {
    BankedDram dram = loose_dram();
    dram.timing.ranks = 1;
    dram.timing.rp = rp;
    dram.timing.refi = 100;
    const RecordedDram run = play(dram, {{.address = 0}, {.address = 1, .arrival = 120}}, true);
    CHECK(gap(run, K::precharge_all, K::refresh) == rp);
  }
}

TEST_CASE("without refresh none is issued") {
  BankedDram dram = loose_dram();
  dram.timing.refi = 100;
  dram.refresh = false;
  const RecordedDram run = play(dram, {{.address = 0}, {.address = 1, .arrival = 1000}}, true);
  CHECK(run.counters.refreshes == 0);
  CHECK(run.commands.size() == 3);  // ACT, RD, RD
}

TEST_CASE("data ends nCL + nBL after RD and nCWL + nBL after WR") {
  BankedDram dram = loose_dram();
  dram.timing.cl = 14;
  dram.timing.cwl = 5;
  dram.timing.bl = 2;
  const RecordedDram run = play(dram, {read(kBank)}, true);
  CHECK(run.served_at[0] == run.commands.back().at + 16);
  const RecordedDram written = play(dram, {write(kBank)}, true);
  CHECK(written.served_at[0] == written.commands.back().at + 7);
}

TEST_CASE("an ACT of two command cycles holds the row bus and counts from its last cycle") {
  BankedDram dram = loose_dram();
  dram.timing.separate_command_buses = true;
  dram.timing.rcd_read = 10;
  for (const std::int64_t cycles : {1, 2}) {
    dram.timing.act_command_cycles = cycles;
    const RecordedDram run = play(dram, {read(kBank), read(kOtherGroup)}, true);
    CHECK(gap(run, K::activate, K::activate) == cycles);
    CHECK(gap(run, K::activate, K::read) == 10 + cycles - 1);
  }
}

TEST_CASE("separate command buses: a row and a column command in one cycle") {
  for (const bool separate : {false, true}) {
    BankedDram dram = loose_dram();
    dram.timing.separate_command_buses = separate;
    const RecordedDram run = play(dram, {read(kBank), read(kOtherGroup)}, true);
    // ACT 1; RD 2 beside or before the second ACT.
    CHECK(gap(run, K::activate, K::activate) == (separate ? 1 : 2));
  }
}

TEST_CASE("a row hit goes before an older request for another row, a ready one before one that is not") {
  BankedDram dram = loose_dram();
  dram.timing.rtp = 10;
  const RecordedDram run = play(dram, {read(kBank), read(kOtherRow), read(kSameBank)}, true);
  CHECK(run.served_at[2] < run.served_at[1]);
  CHECK(run.counters.row_hits == 1);
  CHECK(run.counters.row_misses == 1);
  CHECK(run.counters.row_conflicts == 1);
}

TEST_CASE("page policies: an open row stays, a closed one goes with its last access") {
  BankedDram dram = loose_dram();
  dram.timing.rp = 20;
  const std::vector<TraceRequest> trace = {
      {.address = kBank}, {.address = kSameBank}, {.address = kOtherRow, .arrival = 100}};
  const RecordedDram open = play(dram, trace, true);
  CHECK(open.commands.back().at == 101 + 20 + 1);  // PRE, ACT, RD
  CHECK(open.counters.row_conflicts == 1);
  dram.page = PagePolicy::closed;
  const RecordedDram closed = play(dram, trace, true);
  CHECK(closed.commands.back().at == 101 + 1);  // ACT, RD
  CHECK(closed.counters.row_conflicts == 0);
  CHECK(closed.counters.row_hits == 1);
  CHECK(closed.commands[1].command.kind == K::read);
  CHECK(closed.commands[2].command.kind == K::read_precharge);
}

TEST_CASE("a row that closes by itself is ready again nRTP + nRP after RD, nWR + nRP after the written data") {
  for (const std::int64_t more : {0, 1}) {
    BankedDram dram = loose_dram();
    dram.page = PagePolicy::closed;
    dram.timing.rp = 6;
    dram.timing.rtp = 9 + more;
    CHECK(gap(play(dram, {read(kBank), read(kOtherRow)}, true), K::read_precharge, K::activate) == 15 + more);
    dram.timing.cwl = 3;
    dram.timing.bl = 2;
    dram.timing.wr = 8 + more;
    CHECK(gap(play(dram, {write(kBank), write(kOtherRow)}, true), K::write_precharge, K::activate) == 19 + more);
  }
}

TEST_CASE("a queue takes as many requests as it is deep, and those whose row was opened no longer count") {
  BankedDram dram = loose_dram();
  dram.queue_depth = 2;
  dram.timing.rcd_read = 50;
  RecordedDram run;
  run.served_at.assign(8, -1);
  run.times_served.assign(8, 0);
  DramController controller(dram, &run, true);
  const DramPlace place = controller.addresses().place(kBank);
  static_cast<void>(controller.step(0));
  controller.add(place, DramDirection::read, 0, 0);
  controller.add(place, DramDirection::read, 1, 0);
  CHECK_FALSE(controller.accepts(place, DramDirection::read));
  CHECK(controller.accepts(place, DramDirection::write));
  static_cast<void>(controller.step(1));  // ACT for the first
  CHECK(controller.accepts(place, DramDirection::read));
}

}  // namespace
}  // namespace einloom::test
