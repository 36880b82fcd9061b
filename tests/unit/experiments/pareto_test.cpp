// SPDX-License-Identifier: Apache-2.0
// Fronts: what is beaten, ties, and the fast way against the plain one.
#include "experiments/pareto.hpp"

#include <catch2/catch.hpp>
#include <random>

namespace einloom {

namespace {

using Costs = std::vector<std::vector<double>>;

std::string front(const Costs& costs) {
  std::string text;
  for (const bool on_front : pareto_front(costs)) text += on_front ? '1' : '0';
  return text;
}

}  // namespace

TEST_CASE("points that another one beats are not on the front") {
  CHECK(front({{1, 4}, {2, 2}, {3, 3}, {4, 1}}) == "1101");
  CHECK(front({{1, 1}, {1, 2}, {2, 1}}) == "100");
  CHECK(front({{3}, {1}, {2}, {1}}) == "0101");
  CHECK(front({}).empty());
}

TEST_CASE("equal points are on it together") {
  CHECK(front({{1, 2}, {1, 2}, {2, 1}, {2, 1}, {2, 2}}) == "11110");
  CHECK(front({{1, 2, 0}, {1, 2, 0}}) == "11");
}

TEST_CASE("two objectives give the same as comparing everything with everything") {
  std::mt19937 random(1);
  std::uniform_int_distribution<int> digit(0, 9);
  for (int round = 0; round < 100; ++round) {
    Costs two, three;
    for (int i = 0; i < 30; ++i) {
      two.push_back({double(digit(random)), double(digit(random))});
      three.push_back({two.back()[0], two.back()[1], 0});  // the same order, the plain way
    }
    CHECK(front(two) == front(three));
  }
}

}  // namespace einloom
