// SPDX-License-Identifier: Apache-2.0
// Does 2^x by chords have the slopes and the error that its definition gives?
#include <catch2/catch.hpp>
#include <cmath>

#include "einsum/ops/op.hpp"
#include "einsum/reference/pwl_attention.hpp"

using namespace einloom;

TEST_CASE("slopes and intercepts of eight chords") {
  // SystolicAttention (arXiv 2507.11331): the constants of its default, to six digits.
  const double slopes[] = {.663968, .608861, .558328, .511989, .469496, .430530, .394798, .362031};
  const double intercepts[] = {1, .993112, .980478, .963101, .941855, .917501, .890702, .862031};
  const Op& op = *find_op("pwl_exp2");
  for (int i = 0; i < 8; ++i) {
    const double right = op.scalar(-(i + 0.25) / 8, 8), left = op.scalar(-(i + 0.75) / 8, 8);
    const double slope = (right - left) * 16, intercept = right + slope * (i + 0.25) / 8;
    CHECK(std::abs(slope - slopes[i]) < 6e-7);
    CHECK(std::abs(intercept - intercepts[i]) < 6e-7);
  }
}

TEST_CASE("the chords lie above 2^x, by at most (ln 2 / n)^2 / 8") {
  for (int n : {1, 2, 4, 8, 16, 32}) {
    const double bound = std::pow(std::log(2) / n, 2) / 8;
    double largest = 0;
    for (int i = 0; i < 40'000; ++i) {
      const double x = -20.0 * i / 40'000;
      const double value = find_op("pwl_exp2")->scalar(x, n);
      const double error = value / std::exp2(x) - 1;
      CHECK(error > -1e-14);
      largest = std::max(largest, error);
      CHECK(std::abs(value - pwl_exp2(x, n)) <= 4e-16 * value);
    }
    INFO(n);
    CHECK(largest <= bound * (1 + 0.4 / n));  // the bound is the parabola's; the chord of one piece is 0.0615 off
    CHECK(largest > 0.9 * bound);
  }
  CHECK(find_op("pwl_exp2")->scalar(-HUGE_VAL, 8) == 0);
  CHECK(find_op("pwl_exp2")->scalar(0, 8) == 1);
}
