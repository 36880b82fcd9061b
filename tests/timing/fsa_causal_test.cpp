// SPDX-License-Identifier: Apache-2.0
// Causal FSA: tiles of keys behind the diagonal are left out. Does the run take what n (n + 1) / 2 tiles take, and is
// every instruction accepted when it should be? The forms are in sim/README.md.
#include <catch2/catch.hpp>

#include "support/same_report.hpp"
#include "timing/fsa_run.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

FsaPoint causal(FsaPoint point) {
  point.plan = "fsa__fsa__flash_causal";
  return point;
}

// The controller's rule, instruction by instruction: engines in turn.
std::vector<std::int64_t> by_rule(const FsaPoint& at) {
  const std::int64_t r = at.rows, c = at.columns, p = at.pieces, l = at.reciprocal;
  struct Step {
    std::int64_t next, busy;
    bool waits;
  };
  const Step load{c, c + 1, false}, score{2 * r + 4 + p, 3 * r + c + p + 4, false}, value{2 * r - 1, 2 * r + c, false};
  const Step reciprocal{l + 3, l + 2, true}, normalise{r + 1, r + 1, true};
  std::vector<Step> steps;
  for (std::int64_t head = 0; head < at.heads; ++head) {
    for (std::int64_t first = 0; first < at.queries; first += c) {
      const std::int64_t last_query = first + c - 1;
      for (std::int64_t key = 0; key < at.keys && key <= last_query; key += r) {
        steps.insert(steps.end(), {load, score, value});
      }
      steps.insert(steps.end(), {reciprocal, normalise});
    }
  }
  std::vector<std::int64_t> times;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    std::int64_t time = 0;
    if (i >= 1) {
      const std::int64_t idle = times[i - 1] + steps[i - 1].busy + 1;
      time = steps[i].waits || at.engines == 1 ? idle : std::min(idle, times[i - 1] + steps[i - 1].next);
    }
    const auto engines = static_cast<std::size_t>(at.engines);
    if (i >= engines) time = std::max(time, times[i - engines] + steps[i - engines].busy + 1);
    times.push_back(time);
  }
  return times;
}

}  // namespace

TEST_CASE("causal FSA: T = n(n + 1)/2 · (5N + P + 5) + n(2N + L + 4)") {
  int compared = 0;
  for (std::int64_t size : {1, 2, 4, 5, 8, 16}) {
    for (std::int64_t n : {1, 2, 3, 4, 7, 12}) {
      for (std::int64_t pieces : {4, 8}) {
        const FsaPoint point =
            causal({.rows = size, .columns = size, .pieces = pieces, .queries = n * size, .keys = n * size});
        INFO(point.text());
        const FsaRun run = run_fsa(point);
        CHECK(run.last_busy == n * (n + 1) / 2 * (5 * size + pieces + 5) + n * (2 * size + 15 + 4));
        CHECK(run.active == run.last_busy - 2 * n);
        compared += 2;
      }
    }
  }
  fmt::print("causal FSA: {} lengths compared, largest difference 0\n", compared);
}

TEST_CASE("causal FSA: every accept by the controller's rule, fast-forward on and off") {
  int compared = 0, skipped = 0;
  const auto check = [&](const FsaPoint& point) {
    INFO(point.text());
    const FsaRun run = run_fsa(causal(point)), fast = run_fsa(causal(point), true);
    std::vector<std::int64_t> times;
    for (const Accept& accept : run.accepts) times.push_back(accept.at);
    CHECK(times == by_rule(point));
    CHECK(first_difference(run.report, fast.report) == "");
    compared += static_cast<int>(times.size());
    skipped += fast.report.tile_operations_simulated < fast.report.tile_operations ? 1 : 0;
  };
  for (std::int64_t rows : {1, 2, 3, 4, 8}) {
    for (std::int64_t columns : {1, 2, 3, 5, 8}) {
      for (std::int64_t length : {1, 7, 24, 50}) {
        check({.rows = rows, .columns = columns, .queries = length, .keys = length});
      }
    }
  }
  for (std::int64_t engines : {1, 3, 4, 7}) {
    for (std::int64_t rows : {2, 5}) {
      for (std::int64_t columns : {1, 5, 9}) {
        check({.rows = rows, .columns = columns, .engines = engines, .queries = 31, .keys = 31, .heads = 2});
      }
    }
  }
  for (std::int64_t heads : {2, 3, 9}) {
    for (std::int64_t queries : {4, 17, 60}) {
      for (std::int64_t keys : {3, 16, 90}) check({.queries = queries, .keys = keys, .heads = heads});
    }
  }
  fmt::print("causal FSA: {} accept cycles compared, largest difference 0; fast-forward skipped in {} runs\n", compared,
             skipped);
  CHECK(skipped > 30);
}
