// SPDX-License-Identifier: Apache-2.0
// Is the closed-form number of points equal to counting them one by one?
#include "einsum/lattice.hpp"

#include <catch2/catch.hpp>
#include <random>

using namespace einloom;

namespace {

std::int64_t enumerated(const std::vector<std::int64_t>& extents, const std::vector<Constraint>& constraints) {
  std::int64_t total = 0;
  std::vector<std::int64_t> point(extents.size(), 0);
  if (std::any_of(extents.begin(), extents.end(), [](std::int64_t e) { return e == 0; })) return 0;
  while (true) {
    total += std::all_of(constraints.begin(), constraints.end(), [&](const Constraint& c) {
      return c.is_not_equal ? c.form.at(point) != 0 : c.form.at(point) <= 0;
    });
    std::size_t v = extents.size();
    while (v > 0 && ++point[v - 1] == extents[v - 1]) point[--v] = 0;
    if (v == 0) return total;
  }
}

}  // namespace

TEST_CASE("without constraints the extents multiply") {
  CHECK(count_lattice_points({}, {}) == 1);
  CHECK(count_lattice_points({3, 0, 5}, {}) == 0);
  CHECK(count_lattice_points({1000000, 1000000, 1000000}, {}) == 1'000'000'000'000'000'000);
}

TEST_CASE("triangles of any size are summed, not enumerated") {
  const std::int64_t n = 1'000'000'000;
  CHECK(count_lattice_points({n, n}, {{{{-1, 1}, 0}, false}}) == n * (n + 1) / 2);  // m <= p
  CHECK(count_lattice_points({n, n}, {{{{1, -1}, 0}, true}}) == n * n - n);         // m != p
  const std::int64_t m = 1 << 20;                                                   // m1*256+m0 <= p, two parts
  CHECK(count_lattice_points({m / 256, 256, m}, {{{{256, 1, -1}, 0}, false}}) == m * (m + 1) / 2);
}

TEST_CASE("random boxes and constraints equal enumeration") {
  std::mt19937 random(7);
  const auto draw = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
  for (int trial = 0; trial < 3000; ++trial) {
    const int variables = draw(1, 4);
    std::vector<std::int64_t> extents;
    for (int v = 0; v < variables; ++v) extents.push_back(draw(1, 7));
    std::vector<Constraint> constraints;
    for (int c = draw(0, 3); c > 0; --c) {
      Constraint constraint{{{}, draw(-8, 8)}, draw(0, 4) == 0};
      for (int v = 0; v < variables; ++v)
        constraint.form.coefficients.push_back(draw(0, 2) == 0 ? draw(-3, 3) : draw(-1, 1));
      constraints.push_back(constraint);
    }
    INFO("trial " << trial);
    REQUIRE(count_lattice_points(extents, constraints) == enumerated(extents, constraints));
  }
}
