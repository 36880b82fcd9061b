// SPDX-License-Identifier: Apache-2.0
// Loads over a banked DRAM, to the cycle: what the commands take, on the machine's clock and on another one.
#include <catch2/catch.hpp>

#include "timing/recorded_run.hpp"

namespace einloom::test {
namespace {

const std::string kScale = R"(cascade: scale
ranks: [N, M, P, L]
tensors:
  A: {ranks: [M, P], role: input}
  B: {ranks: [N, M, L], role: input}
  G: {ranks: [N, P, L], role: output}
einsums:
  - G[n,p,l] = sum(m) A[m,p] * B[n,m,l]
)";

const std::string kPlan = R"(plan: scale
cascade: scale
machine: tiny
tiles: {M0: grid.rows, P0: grid.columns}
nests:
  - loops: [p1, m1, n]
    body: [G]
bind:
  G: {array: grid, rows: m0, columns: p0, time: [l]}
keep:
  A: {in: buffer, slots: 1}
  B: {in: buffer, slots: 2}
  G: {in: buffer, slots: 2}
in_flight: 1
)";

struct Timing {
  std::int64_t rcd = 5, rp = 7, ras = 12, cl = 4, ccd_l = 3;

  [[nodiscard]] std::string text() const {
    return fmt::format(R"(dram_timing: tiny
clock: 1 GHz
organisation: {{source: test, bank_groups: 1, banks: 2, rows: 64, columns: 8, access: 32 B}}
timing: {{source: test, nBL: 2 cycles, nCL: {} cycles, nCWL: 3 cycles, nRCDRD: {} cycles, nRCDWR: {} cycles,
  nRP: {} cycles, nRAS: {} cycles, nRC: 19 cycles, nCCDS: 2 cycles, nCCDL: {} cycles, nRRDS: 2 cycles, nRRDL: 2 cycles,
  nFAW: 8 cycles, nWTRS: 2 cycles, nWTRL: 2 cycles, nWR: 2 cycles, nRTP: 2 cycles, nRTW: 2 cycles, nRTRS: 0 cycles,
  nRFC: 50 cycles, nREFI: 5000 cycles}}
)",
                       cl, rcd, rcd, rp, ras, ccd_l);
  }
};

struct Scale {
  Timing timing;
  std::string clock = "1 GHz", keys = "queue: 16";
  std::int64_t length = 16;  // a tile of B has 4 · length bytes

  [[nodiscard]] RecordedRun run() const {
    TinyMachine tiny;
    tiny.clock = clock;
    tiny.banked = keys;
    tiny.banked_timing = timing.text();
    Shape shape;
    shape.set("N", 2);
    shape.set("M", 2);
    shape.set("P", 2);
    shape.set("L", length);
    const Machine machine = tiny.machine();
    return record(lower(cascade_from(kScale), machine, plan_from(kPlan), shape, Dtype::bf16, {}), machine);
  }
  // Cycles behind the last data: DRAM's way to the chip, and the buffer.
  [[nodiscard]] static std::int64_t way() { return TinyMachine{}.dram_latency + TinyMachine{}.buffer_latency; }
};

// A has one access in the first row of bank 0, each of the two tiles of B two in the first row of the next period,
// which is another row of bank 0.
TEST_CASE("loads over a banked DRAM take what their commands take") {
  for (const std::int64_t more : {0, 1}) {
    std::vector<Scale> cases(5);
    cases[1].timing.rcd += more;
    cases[2].timing.rp += more;
    cases[3].timing.cl += more;
    cases[4].timing.ccd_l += more;
    for (const Scale& scale : cases) {
      const Timing& t = scale.timing;
      const RecordedRun run = scale.run();
      const std::int64_t read_a = t.rcd;                           // ACT in cycle 0
      const std::int64_t precharge = std::max(t.ras, read_a + 2);  // nRAS, nRTP
      const std::int64_t read_b = precharge + t.rp + t.rcd;
      const std::int64_t data = t.cl + 2;
      CHECK(run.of.at("load A").at(0).end == read_a + data + Scale::way());
      CHECK(run.of.at("load B").at(0).end == read_b + t.ccd_l + data + Scale::way());
      CHECK(run.of.at("load B").at(1).end == read_b + 3 * t.ccd_l + data + Scale::way());
      REQUIRE(run.report.drams.size() == 1);
      CHECK(run.report.drams[0].reads == 5);
      CHECK(run.report.drams[0].writes == 4);
    }
  }
}

TEST_CASE("a machine on half the DRAM's clock gets its data in the cycle that starts after it") {
  Scale scale;
  const std::int64_t fast = scale.run().of.at("load A").at(0).end - Scale::way();
  CHECK(fast == 11);
  scale.clock = "500 MHz";
  CHECK(scale.run().of.at("load A").at(0).end - Scale::way() == 6);
  scale.clock = "1100 MHz";  // 11 DRAM cycles are 12.1 cycles
  CHECK(scale.run().of.at("load A").at(0).end - Scale::way() == 13);
  scale.timing.cl = 3;  // 10 are 11
  CHECK(scale.run().of.at("load A").at(0).end - Scale::way() == 11);
}

TEST_CASE("the rows a run meets, and an access that two runs of bytes share") {
  Scale scale;
  const DramReport dram = scale.run().report.drams.at(0);
  CHECK(dram.row_hits + dram.row_misses + dram.row_conflicts == dram.reads + dram.writes);
  CHECK(dram.access_bytes == 32);
  CHECK(dram.peak_bandwidth == 16e9);
  CHECK(dram.bandwidth > 0);
  scale.length = 4;  // a tile of B is 16 bytes: half an access
  CHECK(scale.run().report.drams.at(0).reads == 3);
}

}  // namespace
}  // namespace einloom::test
