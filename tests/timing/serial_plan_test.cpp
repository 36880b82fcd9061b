// SPDX-License-Identifier: Apache-2.0
// The serial plan (+Architecture), simulated as written: its period per tile in closed form, for arrays and heads of
// several sizes, and with a barrier over both arrays.
#include <catch2/catch.hpp>

#include "timing/recorded_run.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

struct Sizes {
  std::int64_t rows, columns, e, f;
};
// F ≤ E + 1: the 1-D array is done with a tile before the maximum of the next one reaches it (derived below).
const std::vector<Sizes> kSizes{{4, 4, 8, 8},    {4, 4, 8, 9}, {8, 8, 16, 5},    {16, 16, 16, 16}, {16, 8, 20, 21},
                                {32, 32, 12, 7}, {2, 4, 3, 2}, {64, 16, 64, 64}, {1, 8, 30, 30},   {7, 5, 33, 1}};

// M1 = 9 key tiles, P1 = 4 resident query tiles. DRAM answers at once, so that loads are never waited for.
RecordedRun run(const Sizes& sizes, const Overrides& more = {}) {
  const Machine machine = machine_of("fusemax", {{"components.array2d.rows", std::to_string(sizes.rows)},
                                                 {"components.array2d.columns", std::to_string(sizes.columns)},
                                                 {"components.array1d.columns", std::to_string(sizes.columns)},
                                                 {"components.dram.latency", "0 cycles"}});
  Overrides overrides = more;
  overrides.emplace_back("tiles.P1", "4");
  const AttentionShape shape{1, 1, 4 * sizes.columns, 9 * sizes.rows, sizes.e, sizes.f};
  return record(
      lower(cascade_of("attention_1pass"), machine, plan_of(kSerial, overrides), shape.shape(), Dtype::bf16, {}),
      machine);
}

std::string text(const Sizes& s) { return fmt::format("{}x{} E={} F={}", s.rows, s.columns, s.e, s.f); }

// Tiles in the middle of the run: the second to the second last m1.
constexpr std::size_t kFirst = 4, kLast = 4 * 8 - 1;

}  // namespace

// With t = start of QK, R rows, link down 1, link up 0, the rules give
//   LM    t + E                       same array, skews cancel
//   RM    t + E + 1 + (R − 1) + 1     the maximum leaves the column R − 1 hops later and crosses the link
//   SLN   RM + 1                      the broadcast enters skew-aligned
//   SLD   SLN + 7, SLNV SLN + 8       6 MACs and a subtraction; then the sum
//   end   SLNV + F                    the 2-D array may start the next tile
// so the period is E + 1 + R + 1 + 7 + 1 + F. Behind it, on the 1-D array,
//   PRM   RM + 1, SPD PRM + 7, then SPNV and, when its sum has come down (SLD + 1 + R), RD: 1 and F cycles
//   RNV   SLNV + F + R                the last thing of the tile; it ends F later.
// RM of the next tile could start at SLNV + F + E + 1 + R at the earliest: RNV has ended by then when F ≤ E + 1.
TEST_CASE("the serial plan's period per tile") {
  for (const Sizes& s : kSizes) {
    INFO(text(s));
    const RecordedRun serial = run(s);
    const auto at = [&](const std::string& name, std::size_t tile) { return serial.of.at(name).at(tile); };
    const std::int64_t period = s.e + 1 + s.rows + 1 + 7 + 1 + s.f;
    for (std::size_t tile = kFirst; tile < kLast; ++tile) {
      const std::int64_t t = at("QK", tile).start;
      CHECK(at("QK", tile) == Lifetime{t, t + s.e});
      CHECK(at("LM", tile) == Lifetime{t + s.e, t + s.e + 1});
      const std::int64_t rm = t + s.e + 1 + (s.rows - 1) + 1;
      CHECK(at("RM", tile) == Lifetime{rm, rm + 1});
      CHECK(at("SLN", tile) == Lifetime{rm + 1, rm + 8});
      CHECK(at("SLD", tile) == Lifetime{rm + 8, rm + 9});
      CHECK(at("SLNV", tile) == Lifetime{rm + 9, rm + 9 + s.f});
      CHECK(at("PRM", tile) == Lifetime{rm + 1, rm + 8});
      CHECK(at("SPD", tile) == Lifetime{rm + 8, rm + 9});
      CHECK(at("RNV", tile).start == rm + 9 + s.f + s.rows);
      CHECK(at("QK", tile + 1).start == t + period);
      CHECK(at("QK", tile + 1).start == at("SLNV", tile).end);
    }
  }
}

// barrier: machine. QK of the next tile waits for RNV, which ends F + R after SLNV: R for the sums to come down, F to
// add them up. The period is E + 10 + R + F + (R + F); the last m1 adds AV, which
// reads RNV's final state from the buffer: 2 cycles of latency, then F.
TEST_CASE("the serial plan's period with a barrier over both arrays") {
  for (const Sizes& s : kSizes) {
    INFO(text(s));
    const RecordedRun serial = run(s, {{"barrier", "machine"}});
    const auto& qk = serial.of.at("QK");
    const std::int64_t period = s.e + 1 + s.rows + 1 + 7 + 1 + s.f + s.rows + s.f;
    for (std::size_t tile = kFirst; tile < kLast; ++tile) {
      CHECK(qk.at(tile + 1).start - qk.at(tile).start == period);
      CHECK(qk.at(tile + 1).start == serial.of.at("RNV").at(tile).end);
    }
    for (std::size_t tile = 4 * 8; tile + 1 < qk.size(); ++tile) {
      CHECK(qk.at(tile + 1).start - qk.at(tile).start == period + 2 + s.f);
      CHECK(qk.at(tile + 1).start == serial.of.at("AV").at(tile - 4 * 8).end);
    }
  }
}

// F > E + 1: RM waits until the 1-D array has finished RNV of the tile before, so the period is counted from there:
// RNV's end SLNV + F + R + F, RM 1, SLN 7, SLD 1, SLNV: 9 + F + R + F in all.
TEST_CASE("a wide head makes the 1-D array's round the period") {
  for (const Sizes& s : std::vector<Sizes>{{4, 4, 8, 10}, {4, 4, 1, 16}, {16, 8, 5, 30}}) {
    INFO(text(s));
    const RecordedRun serial = run(s);
    const auto& rm = serial.of.at("RM");
    for (std::size_t tile = kFirst; tile < kLast; ++tile) {
      CHECK(rm.at(tile + 1).start - rm.at(tile).start == 9 + s.f + s.rows + s.f);
      CHECK(rm.at(tile + 1).start == serial.of.at("RNV").at(tile).end);
    }
  }
}

// BERT on 256 × 256: 394 as written, 714 with the barrier; 458 are published, which charge the column once and a
// barrier after SPNV + RNV, but not the way of SLNV's sums.
TEST_CASE("BERT's periods") {
  const Sizes bert{256, 256, 64, 64};
  const auto period = [&](const Overrides& more) {
    const RecordedRun serial = run(bert, more);
    return serial.of.at("QK").at(kFirst + 5).start - serial.of.at("QK").at(kFirst + 4).start;
  };
  CHECK(period({}) == 394);
  CHECK(period({{"barrier", "machine"}}) == 714);
}
