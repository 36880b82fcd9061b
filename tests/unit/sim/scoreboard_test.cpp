// SPDX-License-Identifier: Apache-2.0
// What has ended and what still waits: History against a plain list, Scoreboard on small hand-made programs.
#include "sim/scoreboard.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "sim/history.hpp"

using namespace einloom;

namespace {

Statement operation(const std::string& name, std::int64_t trip) {
  Statement statement;
  statement.name = name;
  statement.array = 0;
  statement.loops = {0};
  statement.guards = {Guard::every};
  statement.effective = {0};
  statement.trips = {trip};
  statement.instances = trip;
  statement.variants.resize(1);
  return statement;
}

// A → B in the same iteration, 5 cycles later; A may be `slots` tiles ahead of B.
Program pair(std::int64_t trip, std::int64_t slots) {
  Program program;
  ProgramLoop loop;
  loop.digits = {{"i", "i", trip, 1}};
  loop.trip = trip;
  program.loops = {loop};
  program.statements = {operation("A", trip), operation("B", trip)};
  program.iterations = trip;
  Storage storage;
  storage.slots = slots;
  storage.producer = 0;
  storage.consumers = {1};
  storage.loops = {0};
  program.storages = {storage};
  Dependence data;
  data.producer = 0;
  data.consumer = 1;
  data.latency_cycles = 5;
  data.index = {{0, 0}};
  data.aligned = true;
  Dependence slot;
  slot.kind = DependenceKind::slot;
  slot.producer = 1;
  slot.consumer = 0;
  slot.storage = 0;
  slot.shift = slots;
  slot.index = {{0, 0}};
  slot.aligned = true;
  program.dependences = {data, slot};
  return program;
}

const auto kNobody = [](int, std::int64_t) { FAIL("nobody was to be woken"); };

}  // namespace

TEST_CASE("a history is a list whose front is forgotten") {
  std::mt19937_64 random(1);
  History history;
  std::vector<std::int64_t> list;
  std::int64_t first = 0, time = 0;
  for (int step = 0; step < 4000; ++step) {
    if (random() % 3 != 0) {
      time += static_cast<std::int64_t>(random() % 5);
      history.record(time);
      list.push_back(time);
    } else if (random() % 4 == 0) {
      const std::int64_t until = time - static_cast<std::int64_t>(random() % 200);
      history.forget_until(until);
      while (first < static_cast<std::int64_t>(list.size()) && list[static_cast<std::size_t>(first)] <= until) ++first;
    }
    REQUIRE(history.first() == first);
    REQUIRE(history.size() == static_cast<std::int64_t>(list.size()));
    for (std::int64_t i = first; i < history.size(); ++i) REQUIRE(history.at(i) == list[static_cast<std::size_t>(i)]);
  }
}

TEST_CASE("a shifted history has the same instants later and further on") {
  History history;
  for (std::int64_t i = 0; i < 40; ++i) history.record(10 * i);
  history.forget_until(150);
  history.shift(1000003, 7);
  CHECK(history.first() == 16 + 1000003);
  CHECK(history.size() == 40 + 1000003);
  for (std::int64_t i = 16; i < 40; ++i) CHECK(history.at(i + 1000003) == 10 * i + 7);
}

TEST_CASE("a consumer may start its producer's latency after the end, not a cycle earlier") {
  const Program program = pair(3, 2);
  Scoreboard board(program);
  CHECK(board.check(0, 0).ready);
  CHECK_FALSE(board.check(1, 0).ready);
  CHECK(board.check(1, 0).known_at == kNever);  // marked: record() tells
  board.advance(0);
  int woken = 0;
  board.record(0, 10, 0, [&](int statement, std::int64_t time) {
    CHECK(statement == 1);
    CHECK(time == 15);
    ++woken;
  });
  CHECK(woken == 1);
  CHECK_FALSE(board.check(1, 14).ready);
  CHECK(board.check(1, 14).known_at == 15);
  CHECK(board.check(1, 15).ready);
  CHECK(board.head(1).ready_at == 15);
  CHECK(board.head(1).met_last == 0);
}

TEST_CASE("a producer waits for a slot until the tile `slots` earlier has been used") {
  for (const std::int64_t slots : {1, 2, 3}) {
    const Program program = pair(6, slots);
    Scoreboard board(program);
    for (std::int64_t i = 0; i < slots; ++i) {
      CHECK(board.need(1) == 0);
      CHECK(board.check(0, i).ready);
      board.advance(0);
      board.record(0, i + 1, i, kNobody);
    }
    CHECK(board.need(1) == 1);
    CHECK_FALSE(board.check(0, 100).ready);
    REQUIRE(board.check(1, 100).ready);
    board.advance(1);
    int woken = 0;
    board.record(1, 108, 100,
                 [&](int statement, std::int64_t time) { woken += statement == 0 && time == 108 ? 1 : 0; });
    CHECK(woken == 1);
    CHECK_FALSE(board.check(0, 107).ready);
    CHECK(board.check(0, 108).ready);
  }
}

TEST_CASE("everything is done after the last instance") {
  const Program program = pair(2, 2);
  Scoreboard board(program);
  for (int i = 0; i < 2; ++i) {
    CHECK_FALSE(board.all_done());
    for (int statement : {0, 1}) {
      CHECK(board.check(statement, 100 * (i + 1)).ready);
      CHECK(board.head(statement).position.at(0) == i);
      board.advance(statement);
      board.record(statement, 50, 50, [](int, std::int64_t) {});
    }
  }
  CHECK(board.all_done());
  CHECK_FALSE(board.check(0, 1000).ready);
}

// States of one loop inside another: the consumer reads the state of the m before, the slots are indexed by p alone.
TEST_CASE("needs of dependences that are not aligned") {
  Program program;
  const std::int64_t m_trip = 4, p_trip = 3, slots = 3;
  ProgramLoop m, p;
  m.digits = {{"m", "m", m_trip, 1}};
  m.trip = m_trip;
  m.volume = p_trip;
  p.digits = {{"p", "p", p_trip, 1}};
  p.trip = p_trip;
  p.parent = 0;
  program.loops = {m, p};
  Statement state = operation("S", 1);
  state.loops = {0, 1};
  state.guards = {Guard::every, Guard::every};
  state.effective = {0, 1};
  state.trips = {m_trip, p_trip};
  state.instances = m_trip * p_trip;
  program.statements = {state, state};
  program.iterations = m_trip * p_trip;
  Storage storage;
  storage.slots = slots;
  storage.producer = 0;
  storage.loops = {1};
  program.storages = {storage};
  Dependence previous;
  previous.producer = 0;
  previous.consumer = 1;
  previous.index = {{0, 1}, {1, 0}};
  Dependence behind;
  behind.kind = DependenceKind::iteration;
  behind.producer = 0;
  behind.consumer = 1;
  behind.shift = 2;
  Dependence slot;
  slot.kind = DependenceKind::slot;
  slot.producer = 1;
  slot.consumer = 0;
  slot.storage = 0;
  slot.shift = slots;
  slot.index = {{IndexSource::kLast, 0}, {1, 0}};
  program.dependences = {previous, behind, slot};
  const Scoreboard board(program);
  for (std::int64_t i = 0; i < m_trip; ++i) {
    for (std::int64_t j = 0; j < p_trip; ++j) {
      const std::int64_t index = i * p_trip + j;
      CHECK(board.need_at(0, {i, j}, index, index) == (i == 0 ? 0 : (i - 1) * p_trip + j + 1));
      CHECK(board.need_at(1, {i, j}, index, index) == std::max<std::int64_t>(0, index - 1));
      CHECK(board.need_at(2, {i, j}, index, index) == 0);  // as many slots as p: each is opened once, then updated
    }
  }
}
