// SPDX-License-Identifier: Apache-2.0
// Is every instruction of FSA accepted at the cycle the closed forms say, and is the run as long? The forms are derived
// in sim/README.md. Sources: SystolicAttention (arXiv 2507.11331), tables and counters of its public RTL.
#include <catch2/catch.hpp>
#include <functional>

#include "timing/fsa_run.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

std::vector<std::int64_t> times(const FsaRun& run) {
  std::vector<std::int64_t> times;
  for (const Accept& accept : run.accepts) times.push_back(accept.at);
  return times;
}

std::int64_t tiles(std::int64_t extent, std::int64_t tile) { return (extent + tile - 1) / tile; }

// Accept cycles with two engines, by the closed forms for R rows and C columns.
std::vector<std::int64_t> closed_form(const FsaPoint& at, std::int64_t query_tiles,
                                      const std::function<std::int64_t(std::int64_t)>& key_tiles) {
  const std::int64_t r = at.rows, c = at.columns, p = at.pieces, l = at.reciprocal;
  std::vector<std::int64_t> times;
  std::int64_t load = 0;
  for (std::int64_t i = 0; i < query_tiles; ++i) {
    std::int64_t value = 0;
    for (std::int64_t j = 0; j < key_tiles(i); ++j) {
      // In the rectangular case the score also waits for the engine that did the value before it.
      const std::int64_t score = j == 0 ? load + c : std::max(load + c, value + 2 * r + c + 1);
      value = score + 2 * r + 4 + p;
      times.insert(times.end(), {load, score, value});
      load = value + std::max(2 * r - 1, r + c + 1);
    }
    const std::int64_t reciprocal = value + 2 * r + c + 1, normalise = reciprocal + l + 3;
    times.insert(times.end(), {reciprocal, normalise});
    load = normalise + r + 1;
  }
  return times;
}

int compared = 0;

void check(const FsaPoint& at) {
  INFO(at.text());
  const FsaRun run = run_fsa(at);
  const std::int64_t query_tiles = at.heads * tiles(at.queries, at.columns), key_tiles = tiles(at.keys, at.rows);
  const std::vector<std::int64_t> expected = closed_form(at, query_tiles, [&](std::int64_t) { return key_tiles; });
  CHECK(times(run) == expected);
  const std::int64_t n = at.rows, ii = 3 * n + at.columns + std::max(n, at.columns) + at.pieces + 5;
  const std::int64_t score_after_load = at.columns + 2 * n + 4 + at.pieces;
  const std::int64_t tile =
      score_after_load + (key_tiles - 1) * ii + 2 * n + at.columns + 1 + at.reciprocal + 3 + n + 1;
  CHECK(run.last_busy == query_tiles * tile);
  // Idle are the cycles that accept an instruction while no other is at work: two for every tile of queries, and, where
  // the value is still accumulated when the next queries are in, the one that accepts the score.
  const std::int64_t idle_scores = n >= at.columns + 2 ? key_tiles - 1 : 0;
  CHECK(run.active == run.last_busy - (2 + idle_scores) * query_tiles);
  if (at.rows == at.columns) {
    CHECK(run.last_busy == query_tiles * (key_tiles * (5 * n + at.pieces + 5) + 2 * n + at.reciprocal + 4));
  }
  compared += static_cast<int>(expected.size()) + 2;
}

}  // namespace

TEST_CASE("the published accept cycles of FSA") {
  CHECK(times(run_fsa({.rows = 4, .columns = 4, .queries = 4, .keys = 8})) ==
        std::vector<std::int64_t>{0, 4, 24, 33, 37, 57, 70, 88});
  CHECK(times(run_fsa({.rows = 4, .columns = 4, .queries = 8, .keys = 8})) ==
        std::vector<std::int64_t>{0, 4, 24, 33, 37, 57, 70, 88, 93, 97, 117, 126, 130, 150, 163, 181});
  CHECK(times(run_fsa({.rows = 16, .columns = 16, .queries = 16, .keys = 16})) ==
        std::vector<std::int64_t>{0, 16, 60, 109, 127});
  const std::vector<std::int64_t> first = {0, 16, 60, 93, 109, 153, 186, 202, 246, 279, 295};
  const std::vector<std::int64_t> all = times(run_fsa({.rows = 16, .columns = 16, .queries = 64, .keys = 64}));
  REQUIRE(all.size() == 4 * (3 * 4 + 2));
  CHECK(std::vector<std::int64_t>(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(first.size())) == first);
}

TEST_CASE("the published lengths of FSA's runs") {
  struct Row {
    std::int64_t n, queries, keys, last_busy, active;
  };
  for (const Row& row :
       std::vector<Row>{{4, 4, 8, 93, 91}, {4, 8, 8, 186, 182}, {16, 16, 16, 144, 142}, {16, 64, 64, 1692, 1684}}) {
    const FsaRun run = run_fsa({.rows = row.n, .columns = row.n, .queries = row.queries, .keys = row.keys});
    INFO(row.n << " " << row.queries << " x " << row.keys);
    CHECK(run.last_busy == row.last_busy);
    CHECK(run.active == row.active);
  }
}

TEST_CASE("one engine: the counter of FSA's FPGA run") {
  // Nothing overlaps: the instructions' busy cycles add up, 9N + P + L + 8; N = 16, 19 cycles for the reciprocal: 179.
  const FsaRun run = run_fsa({.rows = 16, .columns = 16, .reciprocal = 19, .engines = 1, .queries = 16, .keys = 16});
  CHECK(run.active == 179);
  CHECK(run.last_busy == 179 + 5 - 1);
  for (std::int64_t n = 1; n <= 40; n += 3) {
    for (std::int64_t pieces : {1, 4, 8}) {
      const FsaRun other = run_fsa({.rows = n, .columns = n, .pieces = pieces, .engines = 1, .queries = n, .keys = n});
      CHECK(other.active == 9 * n + pieces + 15 + 8);
      CHECK(other.last_busy == 9 * n + pieces + 15 + 12);
    }
  }
}

TEST_CASE("FSA's closed forms on arrays of every shape") {
  compared = 0;
  for (std::int64_t n : {1, 2, 3, 4, 5, 8, 16, 32, 64, 128}) {
    for (std::int64_t pieces : {1, 2, 8, 16}) {
      for (std::int64_t reciprocal : {1, 15, 19}) {
        check({.rows = n, .columns = n, .pieces = pieces, .reciprocal = reciprocal, .queries = 2 * n, .keys = 3 * n});
      }
    }
  }
  for (std::int64_t rows : {1, 2, 3, 4, 7, 16, 33}) {
    for (std::int64_t columns : {1, 2, 3, 5, 6, 16, 40}) {
      for (std::int64_t keys : {1, 2, 5}) {
        check({.rows = rows, .columns = columns, .queries = 3 * columns, .keys = keys * rows});
      }
    }
  }
  for (std::int64_t heads : {1, 2, 5}) {
    for (std::int64_t queries : {1, 4, 9, 40}) {
      for (std::int64_t keys : {1, 4, 7, 33}) check({.queries = queries, .keys = keys, .heads = heads});
    }
  }
  fmt::print("FSA: {} accept cycles and lengths compared, largest difference 0\n", compared);
  CHECK(compared > 4000);
}
