// SPDX-License-Identifier: Apache-2.0
// When do tile operations start and end on tiny machines? Every expected time is derived from the rules of
// design §5 in the comment above it; equality at t means: not at t − 1, and at t.
#include <algorithm>
#include <catch2/catch.hpp>

#include "timing/recorded_run.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

// Scores S on the grid, their column maximum X, the line doubles it (N) and sends it back; T and Z on the grid, O on
// the line. One tile per m1.
const std::string kChain = R"(cascade: chain
ranks: [M, P, E]
partitions: {M: [M1, M0]}
parameters: {M0: 2}
tensors:
  A: {ranks: [P, E], role: input}
  B: {ranks: [M, E], role: input}
  S: {ranks: [M1, M0, P]}
  X: {ranks: [M1, P]}
  N: {ranks: [M1, P]}
  T: {ranks: [M1, M0, P]}
  Z: {ranks: [M1, P]}
  O: {ranks: [M1, P], role: output}
einsums:
  - S[m1,m0,p] = sum(e) A[p,e] * B[m1*M0+m0,e]
  - X[m1,p] = max(m0) S[m1,m0,p]
  - N[m1,p] = X[m1,p] + X[m1,p]
  - T[m1,m0,p] = S[m1,m0,p] - N[m1,p]
  - Z[m1,p] = sum(m0) T[m1,m0,p]
  - O[m1,p] = Z[m1,p] + N[m1,p]
)";

const std::string kChainPlan = R"(plan: chain
cascade: chain
machine: tiny
tiles: {M0: grid.rows, P0: grid.columns}
nests:
  - loops: [p1, m1]
    body: [S, X, N, T, Z, O]
bind:
  S: {array: grid, rows: m0, columns: p0, time: [e]}
  X: {array: grid, rows: m0, columns: p0}
  N: {array: line, columns: p0}
  T: {array: grid, rows: m0, columns: p0}
  Z: {array: grid, rows: m0, columns: p0}
  O: {array: line, columns: p0}
keep:
  A: {in: buffer, slots: 2}
  B: {in: buffer, slots: 8}
  O: {in: buffer, slots: 8}
)";

struct Chain {
  TinyMachine machine;
  std::int64_t e = 8, tiles = 1;
  std::string more;  // of the plan

  [[nodiscard]] RecordedRun run() const {
    Shape shape;
    shape.set("M", machine.rows * tiles);
    shape.set("P", machine.columns);
    shape.set("E", e);
    const Machine made = machine.machine();
    return record(lower(cascade_from(kChain), made, plan_from(kChainPlan + more), shape, Dtype::bf16, {}), made);
  }
};

std::vector<Chain> chains() {
  std::vector<Chain> cases;
  for (const auto& [rows, columns] : {std::pair{2, 2}, {3, 2}, {2, 4}, {5, 3}, {8, 1}, {1, 4}}) {
    for (const std::int64_t down : {0, 1, 4}) {
      for (const std::int64_t up : {0, 2}) {
        Chain chain;
        chain.machine.rows = rows;
        chain.machine.columns = columns;
        chain.machine.down = down;
        chain.machine.up = up;
        chain.e = 8 * (1 + rows % 3);  // rows of A and B are multiples of 16 bytes
        cases.push_back(chain);
      }
    }
  }
  return cases;
}

}  // namespace

TEST_CASE("one tile goes down to the line and back") {
  for (const Chain& chain : chains()) {
    const TinyMachine& m = chain.machine;
    INFO(m.rows << "x" << m.columns << " down " << m.down << " up " << m.up << " E " << chain.e);
    RecordedRun run = chain.run();
    // The bus serves A, then B: 2 bytes an element, 16 bytes a cycle; a tile may be used latency cycles after its last
    // byte (DRAM's, then the buffer's).
    const std::int64_t a = 2 * m.columns * chain.e, b = 2 * m.rows * chain.e;
    CHECK(run.of["load A"].at(0) == Lifetime{0, m.load_cycles(a)});
    CHECK(run.of["load B"].at(0) == Lifetime{a / 16, m.load_cycles(a + b)});
    // S takes one cycle per e; X follows at once: skews cancel on the same array.
    const std::int64_t s = m.load_cycles(a + b);
    CHECK(run.of["S"].at(0) == Lifetime{s, s + chain.e});
    const std::int64_t x = s + chain.e;
    CHECK(run.of["X"].at(0) == Lifetime{x, x + 1});
    // The maximum leaves the last row rows − 1 hops later and crosses the link.
    const std::int64_t n = x + 1 + (m.rows - 1) + m.down;
    CHECK(run.of["N"].at(0) == Lifetime{n, n + 1});
    // Broadcasts enter skew-aligned: the link back only. A subtraction takes 2 issue cycles here.
    const std::int64_t t = n + 1 + m.up;
    CHECK(run.of["T"].at(0) == Lifetime{t, t + 2});
    CHECK(run.of["Z"].at(0) == Lifetime{t + 2, t + 3});
    const std::int64_t o = t + 3 + (m.rows - 1) + m.down;
    CHECK(run.of["O"].at(0) == Lifetime{o, o + 1});
    // The store starts when the line's last PE has written (columns − 1 later) and the buffer can be read; it moves
    // 2·columns bytes, less than a bus cycle each, and is over after DRAM's latency.
    const std::int64_t store = o + 1 + (m.columns - 1) + m.buffer_latency;
    CHECK(run.of["store O"].at(0) == Lifetime{store, store + 1});
    CHECK(run.report.cycles.value() == store + 1 + m.dram_latency);
  }
}

// With one tile in flight the grid starts S of a tile when Z of the tile before has ended; O runs behind it.
// Period on the grid: E + 1 (X) + rows − 1 + down + 1 (N) + up + 2 (T) + 1 (Z).
TEST_CASE("one tile in flight: the period is the way round") {
  for (Chain chain : chains()) {
    chain.tiles = 6;
    const TinyMachine& m = chain.machine;
    INFO(m.rows << "x" << m.columns << " down " << m.down << " up " << m.up << " E " << chain.e);
    const RecordedRun run = chain.run();
    const auto& s = run.of.at("S");
    const std::int64_t period = chain.e + 1 + (m.rows - 1) + m.down + 1 + m.up + 2 + 1;
    // B tiles are loaded ahead, 2·rows·E bytes each: the bus takes less than a period for one.
    REQUIRE(2 * m.rows * chain.e / 16 < period);
    for (std::size_t i = 1; i < s.size(); ++i) CHECK(s[i].start - s[i - 1].start == period);
    for (std::size_t i = 1; i < s.size(); ++i) CHECK(s[i].start == run.of.at("Z")[i - 1].end);
    // All of a tile waits on the grid: it is idle for the way of the maximum, charged to N and its way.
    const auto& accounts = run.report.find_array("grid")->accounts;
    CHECK(charged(accounts, "busy") == 6 * (chain.e + 1 + 2 + 1));
    CHECK(charged(accounts, "wait_transit") + charged(accounts, "wait_dependence") ==
          6 * ((m.rows - 1) + m.down + 1 + m.up));
  }
}

// barrier: machine: S waits for O of the tile before, which ends rows − 1 + down + 1 after Z.
TEST_CASE("a barrier over the machine adds the way of the last sum") {
  for (Chain chain : chains()) {
    chain.tiles = 5;
    chain.more = "barrier: machine\n";
    const TinyMachine& m = chain.machine;
    INFO(m.rows << "x" << m.columns << " down " << m.down << " up " << m.up << " E " << chain.e);
    const RecordedRun run = chain.run();
    const auto& s = run.of.at("S");
    const std::int64_t round = chain.e + 1 + (m.rows - 1) + m.down + 1 + m.up + 2 + 1;
    for (std::size_t i = 1; i < s.size(); ++i) {
      CHECK(s[i].start - s[i - 1].start == round + (m.rows - 1) + m.down + 1);
      CHECK(s[i].start == run.of.at("O")[i - 1].end);
    }
  }
}

// k tiles in flight share the grid: it works E + 4 cycles a tile and sees a tile's way round every k tiles, so that a
// group of k takes max(k·(E + 4), round) cycles once the order of starts has settled. Oldest first keeps that optimum.
TEST_CASE("more tiles in flight hide the way round until the grid is full") {
  for (Chain chain : chains()) {
    for (const std::int64_t in_flight : {2, 3, 4, 8}) {
      chain.tiles = 96;
      chain.more = fmt::format("in_flight: {}\n", in_flight);
      const TinyMachine& m = chain.machine;
      INFO(m.rows << "x" << m.columns << " down " << m.down << " up " << m.up << " E " << chain.e << " in flight "
                  << in_flight);
      const RecordedRun run = chain.run();
      const auto& s = run.of.at("S");
      const std::int64_t round = chain.e + 1 + (m.rows - 1) + m.down + 1 + m.up + 2 + 1, work = chain.e + 4;
      const std::int64_t group = s[48 + static_cast<std::size_t>(in_flight)].start - s[48].start;
      CHECK(group >= std::max(in_flight * work, round));
      if (in_flight * work <= round - chain.e) {  // sparse: tiles never meet
        CHECK(s[48 + static_cast<std::size_t>(in_flight)].start - s[48].start == round);
      }
      if (in_flight == 8 && round <= 4 * work) CHECK(s[72].start - s[48].start == 24 * work);
      // Never more than in_flight tiles between S's start and Z's end.
      for (std::size_t i = static_cast<std::size_t>(in_flight); i < s.size(); ++i) {
        CHECK(s[i].start >= run.of.at("Z")[i - static_cast<std::size_t>(in_flight)].end);
      }
    }
  }
}
