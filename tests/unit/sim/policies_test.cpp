// SPDX-License-Identifier: Apache-2.0
// The policies, against what their headers say: who is granted, when ports accept, which operation goes first.
#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <random>

#include "sim/policies/arbiter_round_robin.hpp"
#include "sim/policies/issue_order.hpp"
#include "sim/policies/port_queue.hpp"

using namespace einloom;

TEST_CASE("round robin grants everybody in turn") {
  ArbiterRoundRobin arbiter;
  const auto all = [](std::size_t) { return true; };
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 4; ++i) CHECK(arbiter.grant(4, all) == i);
  }
  CHECK(arbiter.last() == 3);
}

TEST_CASE("round robin skips who does not want, and the last granted comes last") {
  ArbiterRoundRobin arbiter;
  const auto only = [](std::vector<std::size_t> wanting) {
    return [wanting](std::size_t i) { return std::find(wanting.begin(), wanting.end(), i) != wanting.end(); };
  };
  CHECK(arbiter.grant(4, only({2})) == 2);
  CHECK(arbiter.grant(4, only({1, 2})) == 1);
  CHECK(arbiter.grant(4, only({1, 2})) == 2);
  CHECK(arbiter.grant(4, only({0, 2})) == 0);
  CHECK(arbiter.grant(4, only({})) == -1);
  CHECK(arbiter.last() == 0);  // nobody was granted: the turn stays
  CHECK(arbiter.grant(4, only({0})) == 0);
  CHECK(arbiter.grant(0, only({})) == -1);
}

TEST_CASE("round robin never lets anybody wait for more than the others once") {
  std::mt19937_64 random(3);
  ArbiterRoundRobin arbiter;
  std::vector<int> waited(5, 0);
  for (int step = 0; step < 5000; ++step) {
    std::vector<bool> wants;
    for (int i = 0; i < 5; ++i) wants.push_back(waited[static_cast<std::size_t>(i)] > 0 || random() % 3 == 0);
    const int granted = arbiter.grant(5, [&](std::size_t i) { return static_cast<bool>(wants[i]); });
    for (int i = 0; i < 5; ++i) {
      int& wait = waited[static_cast<std::size_t>(i)];
      wait = wants[static_cast<std::size_t>(i)] && i != granted ? wait + 1 : 0;
      REQUIRE(wait <= 4);
    }
  }
}

TEST_CASE("oldest first prefers the earlier iteration; ties and listed first keep the plan's order") {
  CHECK(goes_first(IssueOrder::oldest_first, 3, 4));
  CHECK_FALSE(goes_first(IssueOrder::oldest_first, 4, 4));
  CHECK_FALSE(goes_first(IssueOrder::oldest_first, 5, 4));
  for (const std::int64_t candidate : {3, 4, 5}) CHECK_FALSE(goes_first(IssueOrder::listed_first, candidate, 4));
}

TEST_CASE("a port queue holds back while more than its depth waits") {
  PortQueue queue(2, 3);
  CHECK(queue.accepts(0));
  queue.add(10, 0);
  CHECK(queue.accepts(0));  // seen from the next cycle on
  CHECK(queue.waiting(0) == 10);
  CHECK(queue.drained_at() == 5);
  CHECK(queue.accepts_at(0) == 4);
  CHECK(queue.waiting(1) == 8);
  CHECK_FALSE(queue.accepts(3));  // 4 wait
  CHECK(queue.accepts_at(3) == 4);
  CHECK(queue.accepts(4));  // 2 wait
  CHECK(queue.accepts_at(4) == 5);
  CHECK(queue.waiting(9) == 0);
}

// One access at a time in a list, cycle by cycle.
TEST_CASE("a port queue is a queue, for random loads") {
  std::mt19937_64 random(5);
  for (int run = 0; run < 200; ++run) {
    const auto ports = static_cast<std::int64_t>(1 + random() % 4),
               depth = static_cast<std::int64_t>(1 + random() % 20);
    PortQueue queue(ports, depth);
    std::int64_t offset = 0, waiting = 0;
    for (std::int64_t now = 0; now < 60; ++now) {
      REQUIRE(queue.accepts(now + offset) == (waiting <= depth));
      std::int64_t added = 0;
      while (random() % 3 == 0) {
        const auto more = static_cast<std::int64_t>(random() % 12);
        queue.add(more, now + offset);
        added += more;
      }
      REQUIRE(queue.waiting(now + offset) == waiting + added);
      // First later cycle at which no more than `depth` wait.
      std::int64_t later = now + 1;
      while (waiting + added - ports * (later - now) > depth) ++later;
      REQUIRE(queue.accepts_at(now + offset) == later + offset);
      waiting = std::max<std::int64_t>(0, waiting + added - ports);
      if (random() % 16 == 0) {
        queue.shift_time(1000);
        offset += 1000;
      }
    }
  }
}
