// SPDX-License-Identifier: Apache-2.0
// Runs of a public DRAM simulator (golden/dram_reference.csv) are reproduced within 3 % of their cycles.
#include <catch2/catch.hpp>

#include <cmath>
#include <fstream>
#include <random>
#include <sstream>

#include "support/dram_runs.hpp"

namespace einloom::test {
namespace {

struct ReferenceRun {
  std::string timing, pattern, order;
  double cycles = 0;  // 0: not known
  double latency = 0;
};

std::vector<ReferenceRun> reference_runs() {
  std::ifstream file(std::string(EINLOOM_SOURCE_DIR) + "/tests/golden/dram_reference.csv");
  std::vector<ReferenceRun> runs;
  std::string line;
  bool header = true;
  while (std::getline(file, line)) {
    if (line.empty() || line.front() == '#') continue;
    if (header) {
      header = false;
      continue;
    }
    std::stringstream cells(line);
    ReferenceRun run;
    std::string cycles, latency;
    std::getline(cells, run.timing, ',');
    std::getline(cells, run.pattern, ',');
    std::getline(cells, run.order, ',');
    std::getline(cells, cycles, ',');
    std::getline(cells, latency, ',');
    if (!cycles.empty()) run.cycles = std::stod(cycles);
    run.latency = std::stod(latency);
    runs.push_back(run);
  }
  return runs;
}

std::vector<TraceRequest> trace_of(const std::string& pattern, const DramTiming& timing, std::size_t count) {
  std::mt19937_64 random(1);
  std::vector<TraceRequest> trace(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto access = pattern == "sequential" ? static_cast<std::int64_t>(i)
                                                : static_cast<std::int64_t>(random() % (std::uint64_t{1} << 25));
    trace[i].address = access * timing.access_bytes;
    if (pattern == "every200") trace[i].arrival = static_cast<std::int64_t>(i) * 200;
  }
  return trace;
}

TEST_CASE("the reference runs of DRAM are reproduced within 3 %") {
  constexpr std::size_t kRequests = 1'000'000;
  const std::vector<ReferenceRun> runs = reference_runs();
  REQUIRE(runs.size() == 5);
  for (const ReferenceRun& reference : runs) {
    BankedDram dram;
    dram.timing = timing_of(reference.timing);
    dram.order = order_of(reference.order);
    const RecordedDram run = play(dram, trace_of(reference.pattern, dram.timing, kRequests), false);
    const double latency = run.latency_sum / static_cast<double>(kRequests);
    INFO(reference.timing << " " << reference.pattern << " " << reference.order << ": " << run.end << " cycles, "
                          << latency << " cycles of latency");
    if (reference.cycles > 0) CHECK(std::abs(static_cast<double>(run.end) / reference.cycles - 1) < 0.03);
    CHECK(std::abs(latency / reference.latency - 1) < 0.03);
    CHECK(run.counters.reads == static_cast<std::int64_t>(kRequests));
    CHECK(run.counters.row_hits + run.counters.row_misses + run.counters.row_conflicts ==
          static_cast<std::int64_t>(kRequests));
  }
}

// The standards give nanoseconds with a minimum in cycles; the sets have what that is in cycles of their clock.
TEST_CASE("timing sets of DRAM are the standards' nanoseconds in cycles") {
  struct Rule {
    std::int64_t DramTiming::*cycles;
    std::int64_t least;
    double nanoseconds;
  };
  struct Set {
    const char* name;
    std::vector<Rule> rules;
    double refresh_every;  // ns: at most
  };
  using D = DramTiming;
  // JESD79-4: speed bins 2400R and 3200AA, 8 Gb, pages of 1 KiB. JESD209-4: 3200 Mb/s, 8 Gb per channel; one cycle more
  // from the end of a write, which its rules add.
  const std::vector<Set> sets = {
      {"ddr4_2400",
       {{&D::cl, 16, 13.32},
        {&D::rcd_read, 0, 13.32},
        {&D::rcd_write, 0, 13.32},
        {&D::rp, 0, 13.32},
        {&D::ras, 0, 32},
        {&D::rc, 0, 45.32},
        {&D::ccd_s, 4, 0},
        {&D::ccd_l, 5, 5},
        {&D::rrd_s, 4, 3.3},
        {&D::rrd_l, 4, 4.9},
        {&D::faw, 20, 21},
        {&D::wtr_s, 2, 2.5},
        {&D::wtr_l, 4, 7.5},
        {&D::wr, 0, 15},
        {&D::rtp, 4, 7.5},
        {&D::rfc, 0, 350}},
       7800},
      {"ddr4_3200",
       {{&D::cl, 22, 13.75},
        {&D::rcd_read, 0, 13.75},
        {&D::rcd_write, 0, 13.75},
        {&D::rp, 0, 13.75},
        {&D::ras, 0, 32},
        {&D::rc, 0, 45.75},
        {&D::ccd_s, 4, 0},
        {&D::ccd_l, 5, 5},
        {&D::rrd_s, 4, 2.5},
        {&D::rrd_l, 4, 4.9},
        {&D::faw, 20, 21},
        {&D::wtr_s, 2, 2.5},
        {&D::wtr_l, 4, 7.5},
        {&D::wr, 0, 15},
        {&D::rtp, 4, 7.5},
        {&D::rfc, 0, 350}},
       7800},
      {"lpddr4_3200",
       {{&D::cl, 28, 0},
        {&D::rcd_read, 4, 18},
        {&D::rcd_write, 4, 18},
        {&D::rp, 4, 18},
        {&D::ras, 3, 42},
        {&D::rc, 97, 60},
        {&D::ccd_s, 8, 0},
        {&D::ccd_l, 8, 0},
        {&D::rrd_s, 4, 10},
        {&D::rrd_l, 4, 10},
        {&D::faw, 0, 40},
        {&D::wtr_s, 9, 10.625},
        {&D::wtr_l, 9, 10.625},
        {&D::wr, 5, 18.625},
        {&D::rtp, 8, 7.5},
        {&D::rfc, 0, 280}},
       3904},
  };
  int compared = 0;
  for (const Set& set : sets) {
    const DramTiming timing = timing_of(set.name);
    const double per_nanosecond = timing.clock.value() * 1e-9;
    for (std::size_t i = 0; i < set.rules.size(); ++i) {
      const Rule& rule = set.rules[i];
      INFO(set.name << ", rule " << i << ": " << rule.least << " cycles, " << rule.nanoseconds << " ns");
      const auto rounded = static_cast<std::int64_t>(std::ceil(rule.nanoseconds * per_nanosecond - 1e-6));
      CHECK(timing.*rule.cycles == std::max(rule.least, rounded));
      ++compared;
    }
    CHECK(timing.refi == static_cast<std::int64_t>(std::floor(set.refresh_every * per_nanosecond + 1e-6)));
    ++compared;
  }
  CHECK(compared == 51);
}

// Our own numbers, to the cycle: what moves here is named in CHANGELOG.
TEST_CASE("ten thousand requests take exactly as long as they did") {
  struct Case {
    const char *timing, *pattern, *order;
    std::int64_t channels, queue, cycles, hits, misses, conflicts, refreshes;
  };
  const std::vector<Case> cases = {
      {"hbm2", "sequential", "RoBaRaCoCh", 1, 32, 20058, 9676, 162, 162, 10},
      {"hbm2", "random", "RoBaRaCoCh", 8, 32, 4564, 3, 388, 9609, 16},
      {"hbm2", "random", "MOP4CLXOR", 1, 8, 46293, 0, 342, 9658, 22},
      {"ddr4_2400", "sequential", "MOP4CLXOR", 2, 64, 20947, 9840, 96, 64, 4},
      {"ddr4_3200", "random", "ChRaBaRoCo", 1, 32, 202426, 0, 49, 9951, 16},
      {"lpddr4_3200", "sequential", "RoBaRaCoCh", 4, 16, 21626, 9828, 120, 52, 12},
  };
  for (const Case& each : cases) {
    BankedDram dram;
    dram.timing = timing_of(each.timing);
    dram.order = order_of(each.order);
    dram.channels = each.channels;
    dram.queue_depth = each.queue;
    const RecordedDram run = play(dram, trace_of(each.pattern, dram.timing, 10'000), false);
    INFO(each.timing << " " << each.pattern << " " << each.order << ", " << each.channels << " channels, queue "
                     << each.queue);
    CHECK(run.end == each.cycles);
    CHECK(run.counters.row_hits == each.hits);
    CHECK(run.counters.row_misses == each.misses);
    CHECK(run.counters.row_conflicts == each.conflicts);
    CHECK(run.counters.refreshes == each.refreshes);
  }
}

}  // namespace
}  // namespace einloom::test
