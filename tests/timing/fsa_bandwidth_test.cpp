// SPDX-License-Identifier: Apache-2.0
// FSA fed from DRAM: from which bandwidth on does the array never wait, but for its first tiles?
#include <catch2/catch.hpp>
#include <cmath>

#include "timing/fsa_run.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

// N = 16, P = 8, L = 15, fp16, four tiles of keys: a tile of queries moves Q, O and four K and V, 512 B each, in
// 4 · (5N + P + 5) + 2N + L + 4 = 423 cycles, so DRAM must give 5120 / 423 = 12.10 B a cycle.
constexpr std::int64_t kN = 16, kTile = 2 * kN * kN, kPeriod = 4 * (5 * kN + 8 + 5) + 2 * kN + 15 + 4;

FsaPoint at(double gigabytes_per_second, std::int64_t query_tiles) {
  FsaPoint point{.rows = kN, .columns = kN, .queries = query_tiles * kN, .keys = 4 * kN};
  point.bandwidth = fmt::format("{} GB/s", gigabytes_per_second);
  return point;
}

std::int64_t delay(double gigabytes_per_second, std::int64_t query_tiles) {
  return run_fsa(at(gigabytes_per_second, query_tiles)).last_busy - query_tiles * kPeriod;
}

// The bus brings Q, K, V, the next Q, K, V, … one after the other, each rounded up to 1/16 of a cycle. What comes later
// than the two first tiles of keys want it delays the whole run; the tiles behind them are loaded while these are at
// work.
std::int64_t first_delay(double bytes_per_cycle) {
  const auto ticks = static_cast<std::int64_t>(std::ceil(16 * kTile / bytes_per_cycle));
  const auto loaded = [&](std::int64_t tiles) { return (tiles * ticks + 15) / 16 - (ticks + 15) / 16; };
  std::int64_t delay = 0;
  for (std::int64_t j : {0, 1}) {
    const std::int64_t before = j == 0 ? 1 : 4, score = j * (5 * kN + 8 + 5) + kN;
    delay = std::max({delay, loaded(before + 1) - score, loaded(before + 2) - (score + 2 * kN + 4 + 8)});
  }
  return delay;
}

}  // namespace

TEST_CASE("FSA is fed when DRAM gives what a tile of queries moves in its time") {
  for (double rate : {12.5, 13.0, 14.0, 16.0, 20.0, 32.0, 64.0, 256.0}) {
    INFO(rate);
    CHECK(delay(rate, 4) == first_delay(rate));
    CHECK(delay(rate, 12) == first_delay(rate));
  }
  CHECK(first_delay(64) == 0);
  CHECK(delay(64, 12) == 0);
}

TEST_CASE("FSA waits when DRAM gives less") {
  for (double rate : {3.0, 6.0, 9.0, 11.0, 12.0}) {
    INFO(rate);
    const std::int64_t few = delay(rate, 4), more = delay(rate, 12);
    const double missing = 10 * kTile / rate - static_cast<double>(kPeriod);  // cycles a tile of queries
    CHECK(few > first_delay(rate));
    CHECK(std::abs(static_cast<double>(more - few) - 8 * missing) < 1 + 0.02 * 8 * missing + 8);
  }
}
