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
