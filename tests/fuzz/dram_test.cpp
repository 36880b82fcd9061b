// SPDX-License-Identifier: Apache-2.0
// Random requests on random banked DRAMs: no command breaks a constraint, every request is served exactly once at its
// place, refreshes come often enough, two runs are the same, and so is a run that is shifted in time on its way.
#include <catch2/catch.hpp>

#include <map>
#include <random>
#include <set>
#include <tuple>

#include "support/dram_trace_checker.hpp"

namespace einloom::test {
namespace {

class RandomDram {
 public:
  explicit RandomDram(std::uint64_t seed) : random_(seed) {}

  BankedDram dram() {
    BankedDram dram;
    static const std::vector<std::string> names = {"hbm2", "ddr4_2400", "ddr4_3200", "lpddr4_3200"};
    dram.timing = timing_of(names[between(0, 3)]);
    if (between(0, 1) == 0) invent(dram.timing);
    if (!dram.timing.pseudo_channels && between(0, 1) == 0) dram.timing.ranks = 2;
    static const std::vector<std::string> orders = {"RoBaRaCoCh", "MOP4CLXOR", "ChRaBaRoCo", "RoCoBaBgRaCh^Ro",
                                                    "RoRaBgBaCoCh"};
    dram.order = order_of(orders[between(0, orders.size() - 1)]);
    dram.channels = std::int64_t{1} << between(0, 2);
    dram.queue_depth = static_cast<std::int64_t>(between(1, 40));
    dram.page = between(0, 1) == 0 ? PagePolicy::open : PagePolicy::closed;
    dram.refresh = between(0, 3) != 0;
    return dram;
  }

  std::vector<TraceRequest> trace(const BankedDram& dram, std::size_t count) {
    std::vector<TraceRequest> trace(count);
    const auto footprint = static_cast<std::uint64_t>(std::uint64_t{1} << between(4, 20));
    const std::uint64_t sequential = between(0, 4), writes = between(0, 4), idle = between(0, 3);
    std::int64_t at = 0, arrival = 0;
    for (TraceRequest& request : trace) {
      at = between(1, 4) <= sequential ? at + 1 : static_cast<std::int64_t>(random_() % footprint);
      if (idle != 0 && between(0, 50) == 0) arrival += static_cast<std::int64_t>(between(0, 4000));
      request = {at * dram.timing.access_bytes, between(1, 8) <= writes, arrival};
    }
    return trace;
  }

  std::uint64_t between(std::uint64_t low, std::uint64_t high) { return low + random_() % (high - low + 1); }

 private:
  void invent(DramTiming& t) {
    const auto pick = [&](std::int64_t low, std::int64_t high) {
      return static_cast<std::int64_t>(between(static_cast<std::uint64_t>(low), static_cast<std::uint64_t>(high)));
    };
    t.bl = pick(1, 8);
    t.cl = pick(1, 30);
    t.cwl = pick(1, 20);
    t.rcd_read = pick(1, 30);
    t.rcd_write = pick(1, 30);
    t.rp = pick(1, 30);
    t.ras = pick(1, 60);
    t.rc = pick(1, 90);
    t.ccd_s = pick(1, 8);
    t.ccd_l = pick(1, 10);
    t.rrd_s = pick(1, 8);
    t.rrd_l = pick(1, 10);
    t.faw = pick(1, 50);
    t.wtr_s = pick(0, 9);
    t.wtr_l = pick(0, 12);
    t.wr = pick(0, 24);
    t.rtp = pick(0, 12);
    t.turnaround = pick(0, 4);
    t.rank_switch = pick(0, 3);
    t.separate_command_buses = between(0, 1) == 0;
    t.act_command_cycles = pick(1, 4);
  }

  std::mt19937_64 random_;
};

TEST_CASE("no command of a random run breaks a constraint, and every request is served once") {
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    RandomDram random(seed);
    const BankedDram dram = random.dram();
    const std::vector<TraceRequest> trace = random.trace(dram, 3000);
    const RecordedDram run = play(dram, trace, true);
    INFO("seed " << seed << ": " << dram.timing.name << " " << dram.order.text << ", queue " << dram.queue_depth);
    DramTraceChecker checker(dram);
    const std::vector<std::string> faults = checker.check(run.commands);
    CHECK(faults == std::vector<std::string>{});

    const AddressMap map(dram);
    std::multiset<std::tuple<int, int, std::int64_t, bool>> asked, done;
    for (std::size_t i = 0; i < trace.size(); ++i) {
      const DramPlace place = map.place(trace[i].address);
      asked.insert({place.channel, place.bank, place.row, trace[i].is_write});
      REQUIRE(run.times_served[i] == 1);
      REQUIRE(run.served_at[i] > trace[i].arrival);
    }
    std::map<std::pair<int, int>, std::int64_t> refreshes;
    for (const IssuedCommand& each : run.commands) {
      const bool writes =
          each.command.kind == DramCommandKind::write || each.command.kind == DramCommandKind::write_precharge;
      if (writes || each.command.kind == DramCommandKind::read ||
          each.command.kind == DramCommandKind::read_precharge) {
        done.insert({each.command.channel, each.command.bank, each.command.row, writes});
      }
      if (each.command.kind == DramCommandKind::refresh) ++refreshes[{each.command.channel, each.command.rank}];
    }
    CHECK(asked == done);
    CHECK(run.counters.row_hits + run.counters.row_misses + run.counters.row_conflicts ==
          static_cast<std::int64_t>(trace.size()));
    // The channel whose data ended last kept up with its refreshes, but for one that was under way.
    std::int64_t most = 0;
    for (const auto& [rank, count] : refreshes) most = std::max(most, count);
    if (dram.refresh) CHECK(most >= run.end / dram.timing.refi - 1);
    if (!dram.refresh) CHECK(refreshes.empty());

    const RecordedDram again = play(dram, trace, true);
    REQUIRE(again.commands.size() == run.commands.size());
    CHECK(again.served_at == run.served_at);
  }
}

TEST_CASE("the checker sees a command that comes one cycle early") {
  BankedDram dram;
  dram.timing = timing_of("ddr4_2400");
  dram.order = order_of("RoBaRaCoCh");
  std::vector<TraceRequest> trace;
  for (std::int64_t i = 0; i < 64; ++i) trace.push_back({.address = i * 7919 * 64, .is_write = i % 3 == 0});
  const RecordedDram run = play(dram, trace, true);
  CHECK(DramTraceChecker(dram).check(run.commands).empty());
  // Every timing one cycle longer than what the run was made with is broken somewhere.
  const std::vector<std::int64_t DramTiming::*> parts = {&DramTiming::rcd_read, &DramTiming::rcd_write, &DramTiming::rp,
                                                         &DramTiming::faw, &DramTiming::rrd_s};
  for (const auto part : parts) {
    BankedDram longer = dram;
    longer.timing.*part += 1;
    CHECK_FALSE(DramTraceChecker(longer).check(run.commands).empty());
  }
}

// What fast-forward relies on: the future depends on the state relative to now, not on the time.
TEST_CASE("a controller shifted in time goes on as it would have") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    RandomDram random(1000 + seed);
    const BankedDram dram = random.dram();
    const std::vector<TraceRequest> trace = random.trace(dram, 600);
    RecordedDram straight, shifted;
    for (RecordedDram* run : {&straight, &shifted}) {
      run->served_at.assign(trace.size(), -1);
      run->times_served.assign(trace.size(), 0);
    }
    constexpr std::int64_t kShift = 123'457;
    const auto drive = [&](RecordedDram& run, std::int64_t shift) {
      DramController controller(dram, &run, true);
      std::int64_t now = 0;
      std::vector<std::int64_t> state;
      for (std::size_t i = 0; i < trace.size(); ++i) {
        if (i == trace.size() / 2) {
          controller.append_state(
              now, [](int, int, std::int64_t row) { return row; }, [](std::int64_t tag) { return tag; }, state);
          controller.shift_time(shift);
          now += shift;
          std::vector<std::int64_t> after;
          controller.append_state(
              now, [](int, int, std::int64_t row) { return row; }, [](std::int64_t tag) { return tag; }, after);
          CHECK(after == state);
        }
        const DramPlace place = controller.addresses().place(trace[i].address);
        const DramDirection direction = trace[i].is_write ? DramDirection::write : DramDirection::read;
        static_cast<void>(controller.step(now));
        while (!controller.accepts(place, direction)) static_cast<void>(controller.step(++now));
        controller.add(place, direction, static_cast<std::int64_t>(i), now);
        if (i % 7 == 0) ++now;
      }
      while (!controller.idle()) static_cast<void>(controller.step(++now));
    };
    drive(straight, 0);
    drive(shifted, kShift);
    REQUIRE(straight.commands.size() == shifted.commands.size());
    INFO("seed " << seed);
    bool same = true;
    for (std::size_t i = 0; i < straight.commands.size(); ++i) {
      const IssuedCommand& a = straight.commands[i];
      const IssuedCommand& b = shifted.commands[i];
      const std::int64_t apart = b.at - a.at;
      same = same && a.command.kind == b.command.kind && a.command.bank == b.command.bank &&
             a.command.row == b.command.row && (apart == 0 || apart == kShift);
    }
    CHECK(same);
    CHECK(straight.counters.refreshes == shifted.counters.refreshes);
  }
}

}  // namespace
}  // namespace einloom::test
