// SPDX-License-Identifier: Apache-2.0
// Are positions, instances and body executions in trees with a growing loop counted as walking them counts?
#include "mappings/growing_loops.hpp"

#include <catch2/catch.hpp>
#include <random>

using namespace einloom;

namespace {

// outer { before; x { pre; growing { a; b } post } } after, with statements in every place.
struct Tree {
  Program program;
  std::int64_t outer = 2, x = 3;

  Tree(std::int64_t outer_trip, std::int64_t x_trip, std::int64_t full, TripGrowth growth)
      : outer(outer_trip), x(x_trip) {
    program.grows = true;
    program.loops.resize(3);
    program.loops[0].trip = outer_trip;
    program.loops[1] = {{}, x_trip, 0, 2 + 2 * full, std::nullopt, 0};
    program.loops[2] = {{}, full, 1, 2, growth, 1};
    program.loops[0].volume = x_trip * 2 + 2 * program.loops[2].trips_before(x_trip);
    program.iterations = outer_trip * program.loops[0].volume;
    add({0, 1}, {Guard::every, Guard::every}, 0);                   // pre
    add({0, 1, 2}, {Guard::every, Guard::every, Guard::every}, 0);  // a
    add({0, 1, 2}, {Guard::every, Guard::every, Guard::every}, 1);  // b
    add({0, 1, 2}, {Guard::every, Guard::every, Guard::first}, 1);  // b, the first time
    add({0, 1, 2}, {Guard::first, Guard::every, Guard::every}, 0);  // a, in the first outer one
    add({0, 1}, {Guard::every, Guard::every}, 1 + 2 * full);        // post
    add({0, 1}, {Guard::every, Guard::last}, 1 + 2 * full);         // post, the last time
  }

  void add(std::vector<int> loops, std::vector<Guard> guards, std::int64_t body_offset) {
    Statement statement;
    statement.loops = std::move(loops);
    statement.guards = std::move(guards);
    statement.body_offset = body_offset;
    for (std::size_t i = 0; i < statement.loops.size(); ++i) {
      if (statement.guards[i] != Guard::every) continue;
      statement.effective.push_back(static_cast<int>(i));
      statement.trips.push_back(program.loops[static_cast<std::size_t>(statement.loops[i])].trip);
    }
    statement.instances = LevelSpace(program, statement).count();
    program.statements.push_back(std::move(statement));
  }
};

void check(const Tree& tree) {
  const Program& program = tree.program;
  const auto acts = [](Guard guard, std::int64_t index, std::int64_t trip) {
    return guard == Guard::every || (guard == Guard::first && index == 0) ||
           (guard == Guard::last && index == trip - 1);
  };
  std::vector<std::int64_t> seen(program.statements.size(), 0);
  std::int64_t execution = 0;
  // One body execution: who acts in it, at which position?
  const auto body = [&](const std::vector<std::int64_t>& at, const std::vector<std::int64_t>& trips,
                        std::int64_t body_offset) {
    for (std::size_t s = 0; s < program.statements.size(); ++s) {
      const Statement& statement = program.statements[s];
      CHECK(program.instances_within(statement, execution) == seen[s]);
      if (statement.loops.size() != at.size() || statement.body_offset != body_offset) continue;
      bool here = true;
      std::vector<std::int64_t> position;
      for (std::size_t i = 0; i < at.size(); ++i) {
        here = here && acts(statement.guards[i], at[i], trips[i]);
        if (statement.guards[i] == Guard::every) position.push_back(at[i]);
      }
      if (!here) continue;
      std::vector<std::int64_t> found;
      program.position_of(statement, seen[s], found);
      CHECK(found == position);
      CHECK(LevelSpace(program, statement).index(position.data()) == seen[s]);
      CHECK(program.iteration_of(statement, position) == execution);
      ++seen[s];
    }
    ++execution;
  };
  const ProgramLoop& growing = program.loops[2];
  std::int64_t before = 0;
  for (std::int64_t o = 0; o < tree.outer; ++o) {
    before = 0;
    for (std::int64_t x = 0; x < tree.x; ++x) {
      CHECK(growing.trips_before(x) == before);
      const std::int64_t trip = growing.trip_at(x);
      body({o, x}, {tree.outer, tree.x}, 0);
      for (std::int64_t m = 0; m < trip; ++m) {
        for (std::int64_t b = 0; b < 2; ++b) body({o, x, m}, {tree.outer, tree.x, trip}, b);
      }
      body({o, x}, {tree.outer, tree.x}, 1 + 2 * growing.trip);
      before += trip;
    }
  }
  CHECK(execution == program.iterations);
  for (std::size_t s = 0; s < program.statements.size(); ++s) CHECK(seen[s] == program.statements[s].instances);
}

}  // namespace

TEST_CASE("the sum of whole parts along a line is that of a loop") {
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    const std::int64_t count = random() % 40, slope = random() % 30, base = random() % 50, divisor = 1 + random() % 20;
    std::int64_t sum = 0;
    for (std::int64_t x = 0; x < count; ++x) sum += (slope * x + base) / divisor;
    CHECK(floor_sum(count, slope, base, divisor) == sum);
  }
}

TEST_CASE("counting in trees with a growing loop is walking them") {
  std::mt19937 random(5);
  for (int i = 0; i < 60; ++i) {
    const TripGrowth growth{static_cast<std::int64_t>(random() % 7), static_cast<std::int64_t>(random() % 9),
                            static_cast<std::int64_t>(1 + random() % 5)};
    const std::int64_t outer = 1 + random() % 3, x = 1 + random() % 6, full = 1 + random() % 7;
    INFO(outer << " " << x << " " << full << " " << growth.slope << " " << growth.base << " " << growth.divisor);
    check(Tree(outer, x, full, growth));
  }
}

TEST_CASE("positions at the end of a growing loop's full trip") {
  const Tree tree(1, 5, 4, {2, 0, 1});  // trips 1, 3, 4, 4, 4
  const LevelSpace space(tree.program, tree.program.statements[1]);
  CHECK(space.count() == 16);
  CHECK(space.count({0, 0, 1}) == 3);
  CHECK(space.count({0, 1, 0}) == 4);
  CHECK(space.count({0, 1, 1}) == 1);
}
