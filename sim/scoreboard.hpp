// SPDX-License-Identifier: Apache-2.0
// How far every statement of the Program has come and what its next instance still waits for. Plain C++: every method
// that needs the time gets `now`. All state is explicit, so fast-forward can write it down relative to now.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <vector>

#include "mappings/program.hpp"
#include "sim/counters.hpp"
#include "sim/history.hpp"

namespace einloom {

inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
inline constexpr std::int64_t kNotReady = std::numeric_limits<std::int64_t>::min();

// The next instance of a statement.
struct Head {
  std::int64_t index = 0;              // instances started, or passed over, so far
  std::vector<std::int64_t> position;  // along the effective loops
  std::vector<std::int64_t> before;    // of a statement with a mask: of the instance started last; empty: none was
  std::int64_t iteration = 0;          // body execution it belongs to
  unsigned variant = 0;
  std::size_t unmet = 0;              // incoming dependences before this one are met
  std::int64_t ready_at = kNotReady;  // when the last dependence was seen to be met
  int met_last = -1;                  // a dependence met at ready_at exactly; -1: they were all met earlier
  bool done = false;                  // no instance left
};

struct Readiness {
  bool ready = false;
  std::int64_t known_at = kNever;  // when the first unmet dependence will be met, if that is known already
};

class Scoreboard {
 public:
  explicit Scoreboard(const Program& program);

  [[nodiscard]] const Program& program() const { return program_; }
  [[nodiscard]] const Head& head(int statement) const { return heads_[static_cast<std::size_t>(statement)]; }
  [[nodiscard]] const History& history(int statement) const { return histories_[static_cast<std::size_t>(statement)]; }
  [[nodiscard]] const std::vector<int>& incoming(int statement) const {
    return incoming_[static_cast<std::size_t>(statement)];
  }
  [[nodiscard]] const std::vector<int>& outgoing(int statement) const {
    return outgoing_[static_cast<std::size_t>(statement)];
  }
  [[nodiscard]] const Work& work(int statement) const;  // of the next instance
  [[nodiscard]] bool all_done() const;

  // Can the next instance start at `now`? When the dependence it waits for has no time yet, it is marked, and the
  // producer's record() reports the consumer.
  [[nodiscard]] Readiness check(int statement, std::int64_t now);
  // Producer instances that must have ended for the next instance of the consumer (0: none).
  [[nodiscard]] std::int64_t need(int dependence) const { return needs_[static_cast<std::size_t>(dependence)]; }
  [[nodiscard]] std::int64_t need_at(int dependence, const std::vector<std::int64_t>& position, std::int64_t index,
                                     std::int64_t iteration) const;
  // When a dependence of the next instance was (or will be) met; the smallest value when it was met long ago.
  [[nodiscard]] std::int64_t met_at(int dependence) const;
  [[nodiscard]] bool is_met(int dependence, std::int64_t now) const;

  // From now on a dependence is met by what `arrive` reports, not by ends and the Program's latencies (fidelity pe).
  void expect_arrivals();
  // The next instance of the dependence's producer has reached, or will reach, the consumer at `time`. Calls
  // wake(statement, time) like record().
  template <class Wake>
  void arrive(int dependence, std::int64_t time, std::int64_t now, Wake&& wake) {
    const auto d = static_cast<std::size_t>(dependence);
    arrivals_[d].forget_until(now - 2);
    arrivals_[d].record(time);
    record_passed(arrivals_[d], passed_on_way_[d], time);
    if (!marked_[d] || needs_[d] > arrivals_[d].size()) return;
    marked_[d] = 0;
    wake(program_.dependences[d].consumer, time);
  }
  // Producer instances whose end has a time along a dependence: those before first() met it long ago.
  [[nodiscard]] const History& known(int dependence) const {
    const auto d = static_cast<std::size_t>(dependence);
    return arrivals_.empty() ? histories_[static_cast<std::size_t>(program_.dependences[d].producer)] : arrivals_[d];
  }
  // From a known instant until the consumer may start.
  [[nodiscard]] std::int64_t latency(int dependence) const {
    return arrivals_.empty() ? program_.dependences[static_cast<std::size_t>(dependence)].latency_cycles : 0;
  }

  // Starts the next instance: moves the head on.
  void advance(int statement);
  // The oldest unrecorded instance of a statement ends at `time`. Calls wake(statement, time) for every consumer that
  // was marked and whose dependence is met then.
  template <class Wake>
  void record(int statement, std::int64_t time, std::int64_t now, Wake&& wake) {
    History& history = histories_[static_cast<std::size_t>(statement)];
    forget(statement, now);
    history.record(time);
    record_passed(history, passed_[static_cast<std::size_t>(statement)], time);
    if (!arrivals_.empty()) return;
    for (int dependence : outgoing(statement)) {
      const auto d = static_cast<std::size_t>(dependence);
      if (!marked_[d] || needs_[d] > history.size()) continue;
      marked_[d] = 0;
      wake(program_.dependences[d].consumer, time + program_.dependences[d].latency_cycles);
    }
  }

  // Instances passed over behind each of those that were started and have not been recorded, oldest first.
  [[nodiscard]] const std::deque<std::int64_t>& passed(int statement) const {
    return passed_[static_cast<std::size_t>(statement)];
  }
  // Is the next instance the first one issued in its iteration of the effective loops up to `level`?
  [[nodiscard]] bool begins(int statement, std::size_t level) const;

  // Does this instance of a tensor's producer open a new slot?
  [[nodiscard]] bool acquires(const Storage& storage) const;
  // Slots of `storage` that `reader`'s first `instances` instances have freed, of those that are taken at all.
  [[nodiscard]] std::int64_t slots_freed(const Dependence& slot_edge, std::int64_t instances) const;

  // Fast-forward: the statement is `instances` further on, `steps` iterations of its effective loop `level`; every
  // remembered instant is `cycles` later.
  void skip(int statement, std::size_t level, std::int64_t steps, std::int64_t instances);
  void shift_time(int statement, std::int64_t instances, std::int64_t cycles);
  // Drops instants whose dependences were all met before `now`.
  void forget(int statement, std::int64_t now) {
    const auto s = static_cast<std::size_t>(statement);
    histories_[s].forget_until(now - longest_latency_[s] - 1);
  }

 private:
  // What was passed over behind an instance counts as ended with it.
  static void record_passed(History& history, std::deque<std::int64_t>& passed, std::int64_t time) {
    if (passed.empty()) return;
    if (passed.front() > 0) history.record(time, passed.front());
    passed.pop_front();
  }
  void prepare(int statement);  // needs of the next instance
  void pass_over(int statement);
  // Trips of an effective loop, and slots_freed where a loop of the program grows (scoreboard_growing.cpp).
  [[nodiscard]] std::int64_t trip_in_growing(const Statement& statement, const std::vector<std::int64_t>& position,
                                             std::size_t level) const;
  [[nodiscard]] std::int64_t all_slots_freed(const Dependence& slot_edge, std::int64_t instances) const;
  [[nodiscard]] std::int64_t freed_in_growing(const Dependence& slot_edge, std::int64_t instances) const;

  // Which of a reader's loops tell slots apart, and how many slots each of their iterations frees at once: those along
  // loops of the storage that the reader does not have.
  struct Freeing {
    std::vector<char> counts;  // by effective loop of the reader
    std::int64_t at_once = 1;
  };
  [[nodiscard]] Freeing freeing_of(const Dependence& slot_edge) const;

  const Program& program_;
  std::vector<Freeing> freeing_;  // by dependence; of slots
  std::vector<Head> heads_;
  std::vector<History> histories_;
  std::vector<History> arrivals_;  // by dependence; empty: ends and latencies count
  std::vector<std::vector<int>> incoming_, outgoing_;
  std::vector<std::vector<std::int64_t>> strides_;  // of instances along effective loops
  std::vector<std::int64_t> longest_latency_;
  std::vector<std::int64_t> needs_;
  std::vector<char> marked_;
  std::vector<std::deque<std::int64_t>> passed_;         // by statement
  std::vector<std::deque<std::int64_t>> passed_on_way_;  // by dependence, where arrivals count
};

inline bool Scoreboard::is_met(int dependence, std::int64_t now) const { return met_at(dependence) <= now; }

inline std::int64_t Scoreboard::met_at(int dependence) const {
  const auto d = static_cast<std::size_t>(dependence);
  const History& history = known(dependence);
  const std::int64_t instance = needs_[d] - 1;
  if (instance < history.first()) return std::numeric_limits<std::int64_t>::min();
  if (instance >= history.size()) return kNever;
  return history.at(instance) + latency(dependence);
}

inline Readiness Scoreboard::check(int statement, std::int64_t now) {
  Head& head = heads_[static_cast<std::size_t>(statement)];
  if (head.done) return {};
  const std::vector<int>& edges = incoming(statement);
  while (head.unmet < edges.size()) {
    const std::int64_t time = met_at(edges[head.unmet]);
    if (time > now) {
      if (time == kNever) marked_[static_cast<std::size_t>(edges[head.unmet])] = 1;
      return {false, time};
    }
    ++head.unmet;
  }
  if (head.ready_at == kNotReady) {
    head.ready_at = now;
    for (int edge : edges) {
      if (head.met_last < 0 && met_at(edge) == now) head.met_last = edge;
    }
  }
  return {true, now};
}

}  // namespace einloom
