// SPDX-License-Identifier: Apache-2.0
// When do loads and stores happen, how do slots and iterations in flight hold operations back, and what do ports cost?
// Each run is compared with max-plus recurrences written from the rules of design §5.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "timing/recorded_run.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

// G multiplies a tile of B (one per n) with a resident A on the grid; H scales it on the line, L cycles; H is stored.
const std::string kPair = R"(cascade: pair
ranks: [N, M, P, L]
tensors:
  A: {ranks: [M, P], role: input}
  B: {ranks: [N, M, L], role: input}
  G: {ranks: [N, P, L]}
  H: {ranks: [N, P, L], role: output}
einsums:
  - G[n,p,l] = sum(m) A[m,p] * B[n,m,l]
  - H[n,p,l] = G[n,p,l] + G[n,p,l]
)";

struct Pair {
  TinyMachine machine;
  std::int64_t length = 8, tiles = 40;  // L: cycles of G and of H
  std::int64_t in_flight = 1, slots_b = 2, slots_h = 2;

  [[nodiscard]] RecordedRun run() const {
    const std::string plan = fmt::format(R"(plan: pair
cascade: pair
machine: tiny
tiles: {{M0: grid.rows, P0: grid.columns}}
nests:
  - loops: [p1, m1, n]
    body: [G, H]
bind:
  G: {{array: grid, rows: m0, columns: p0, time: [l]}}
  H: {{array: line, columns: p0, time: [l]}}
keep:
  A: {{in: buffer, slots: 1}}
  B: {{in: buffer, slots: {}}}
  H: {{in: buffer, slots: {}}}
in_flight: {}
)",
                                         slots_b, slots_h, in_flight);
    Shape shape;
    shape.set("N", tiles);
    shape.set("M", machine.rows);
    shape.set("P", machine.columns);
    shape.set("L", length);
    const Machine made = machine.machine();
    return record(lower(cascade_from(kPair), made, plan_from(plan), shape, Dtype::bf16, {}), made);
  }
  [[nodiscard]] std::string text() const {
    return fmt::format("{}x{} L={} DRAM latency {} down {} in flight {} slots B {} H {}", machine.rows, machine.columns,
                       length, machine.dram_latency, machine.down, in_flight, slots_b, slots_h);
  }
};

// The recurrences. Times in cycles; tiles of B and H move in whole bus cycles here (multiples of 16 bytes).
//   load B[i]  bus free, slot free: the G that read B[i − slots] has ended at the last PE that reads B. B varies along
//              the rows alone, so that is R − 1 later.
//   G[i]       after G[i − 1]; B[i] there; register slot free: H[i − k] has ended (k in flight)
//   H[i]       after H[i − 1]; G[i] + L has left the grid, R − 1 + down later; slot free: store H[i − slots] is over
//   store H[i] H[i] + L, columns − 1 later at the last PE, then the buffer's latency; bus free. Loads and stores take
//              turns, which these recurrences leave out: `clear_bus` says where that makes no difference.
struct Expected {
  std::vector<Lifetime> load, g, h, store;
};

Expected recurrences(const Pair& pair) {
  const TinyMachine& m = pair.machine;
  const std::int64_t bus_a = m.rows * m.columns * 2 / 16, bus_b = m.rows * pair.length * 2 / 16;
  const std::int64_t bus_h = m.columns * pair.length * 2 / 16;
  Expected x;
  for (std::int64_t i = 0; i < pair.tiles; ++i) {
    const auto before = [i](const std::vector<Lifetime>& list, std::int64_t distance) {
      return i < distance ? std::int64_t{0} : list[static_cast<std::size_t>(i - distance)].end;
    };
    std::int64_t load = i == 0 ? bus_a : x.load.back().start + bus_b;
    if (i >= pair.slots_b) load = std::max(load, before(x.g, pair.slots_b) + m.rows - 1);
    x.load.push_back({load, load + bus_b + m.dram_latency + m.buffer_latency});
    std::int64_t g = std::max({x.load.back().end, before(x.g, 1), before(x.h, pair.in_flight)});
    x.g.push_back({g, g + pair.length});
    std::int64_t h = std::max({x.g.back().end + m.rows - 1 + m.down, before(x.h, 1), before(x.store, pair.slots_h)});
    x.h.push_back({h, h + pair.length});
    const std::int64_t store = std::max(x.h.back().end + m.columns - 1 + m.buffer_latency, before(x.store, 1));
    x.store.push_back({store, store + bus_h});
  }
  return x;
}

// No load and no store wanted the bus at the same time.
bool clear_bus(const Expected& x, std::int64_t bus_b) {
  for (const Lifetime& load : x.load) {
    for (const Lifetime& store : x.store) {
      if (load.start < store.end && store.start < load.start + bus_b) return false;
    }
  }
  return true;
}

}  // namespace

TEST_CASE("loads, slots, iterations in flight and stores follow the recurrences") {
  int compared = 0;
  for (const auto& [rows, columns] : {std::pair{4, 4}, {2, 8}, {8, 2}, {8, 8}, {4, 16}}) {
    for (const std::int64_t latency : {0, 7, 50}) {
      for (const std::int64_t in_flight : {1, 2, 3}) {
        for (const std::int64_t slots_b : {1, 2, 3, 5}) {
          for (const std::int64_t slots_h : {1, 2}) {
            for (const std::int64_t length : {8, 24}) {
              Pair pair;
              pair.machine.rows = rows;
              pair.machine.columns = columns;
              pair.machine.dram_latency = latency;
              pair.machine.down = (latency + slots_b) % 3;
              pair.length = length;
              pair.in_flight = in_flight;
              pair.slots_b = slots_b;
              pair.slots_h = slots_h;
              const Expected expected = recurrences(pair);
              if (!clear_bus(expected, rows * length * 2 / 16)) continue;
              INFO(pair.text());
              const RecordedRun run = pair.run();
              CHECK(run.of.at("load B") == expected.load);
              CHECK(run.of.at("G") == expected.g);
              CHECK(run.of.at("H") == expected.h);
              CHECK(run.of.at("store H") == expected.store);
              CHECK(run.report.cycles.value() == expected.store.back().end + latency);
              ++compared;
            }
          }
        }
      }
    }
  }
  CHECK(compared > 200);
}

// One slot for B: the next tile is asked for when the last PE has read this one. Its period is
// L + (R − 1) + bytes / 16 + DRAM latency + buffer latency, in closed form, whatever is in flight.
TEST_CASE("one slot: latency and transfer are paid for every tile") {
  for (const std::int64_t latency : {30, 31, 64}) {
    for (const std::int64_t length : {8, 16}) {
      Pair pair;
      pair.machine.rows = 4;
      pair.machine.dram_latency = latency;
      pair.machine.columns = 4;
      pair.length = length;
      pair.in_flight = 8;
      pair.slots_b = 1;
      INFO(pair.text());
      const RecordedRun run = pair.run();
      const auto& g = run.of.at("G");
      const std::int64_t period = length + 3 + 4 * length * 2 / 16 + latency + pair.machine.buffer_latency;
      for (std::size_t i = 1; i < g.size(); ++i) CHECK(g[i].start - g[i - 1].start == period);
      CHECK(charged(run.report.find_array("grid")->accounts, "wait_data", "B@dram") ==
            (pair.tiles - 1) * (period - length));
    }
  }
}

// Bus time is kept in 1/16 cycle, rounded up per move: 24 bytes are 1.5 cycles, so that two tiles take three cycles.
TEST_CASE("moves back to back share a cycle") {
  Pair pair;
  pair.machine.rows = 1;
  pair.machine.columns = 1;
  pair.machine.dram_latency = 5;
  pair.length = 12;  // B: 24 bytes
  pair.slots_b = 40;
  const RecordedRun run = pair.run();
  const auto& load = run.of.at("load B");
  // A has 2 bytes, an eighth of a cycle: B[i] is through at ⌈1/8 + 1.5·(i + 1)⌉, until stores join in after 20 cycles.
  for (std::size_t i = 0; i < 8; ++i) {
    const auto through = static_cast<std::int64_t>(std::ceil(0.125 + 1.5 * static_cast<double>(i + 1)));
    CHECK(load[i].end == through + 5 + pair.machine.buffer_latency);
  }
}

// One access of 4 bytes a cycle. A tile of 4 × 4 with L = 8: load B writes 16 accesses and G reads them, H writes 16
// and its store reads them, and G reads A, 8: 72 cycles of the port, far more than L. A is loaded once, 8 accesses. The
// port is busy from the first cycle, when the loads begin, to the last.
TEST_CASE("ports set the pace when they are few") {
  Pair pair;
  pair.machine.rows = pair.machine.columns = 4;
  pair.machine.ports = 1;
  pair.machine.queue = 1;
  pair.machine.dram_latency = 0;
  pair.slots_b = pair.slots_h = 8;
  pair.in_flight = 8;
  pair.tiles = 200;
  const RecordedRun run = pair.run();
  CHECK(run.report.cycles.value() == 200 * (16 + 16 + 16 + 16 + 8) + 8);
  CHECK(charged(run.report.find_array("grid")->accounts, "wait_port") > 0);
}
