// SPDX-License-Identifier: Apache-2.0
#include "mappings/untimed_run.hpp"

#include <algorithm>

#include "mappings/needed_instances.hpp"

namespace einloom {
namespace {

class UntimedRun {
 public:
  UntimedRun(const Program& program, std::int64_t budget) : program_(program), left_(budget) {
    for (const Statement& statement : program.statements) {
      State state;
      state.position.assign(statement.trips.size(), 0);
      state.strides = strides_of(statement);
      states_.push_back(std::move(state));
    }
    for (std::size_t d = 0; d < program.dependences.size(); ++d) {
      states_[static_cast<std::size_t>(program.dependences[d].consumer)].incoming.push_back(static_cast<int>(d));
    }
  }

  std::vector<Wait> run() {
    bool any = true;
    while (any && left_ > 0 && circle_.empty()) {
      any = false;
      for (std::size_t s = 0; s < states_.size() && left_ > 0 && circle_.empty(); ++s) {
        if (states_[s].ended == program_.statements[s].instances) continue;
        any = true;
        advance(s, states_[s].ended + 1);
      }
    }
    return std::move(circle_);
  }

 private:
  struct State {
    std::int64_t ended = 0;              // instances
    std::vector<std::int64_t> position;  // of the next one
    std::vector<std::int64_t> strides;
    std::vector<int> incoming;
    int waits_for = -1;  // dependence; -1: it is not being started
  };

  // Lets instances end until `count` have; false when a circle was found or the budget is used up. A statement stands
  // on the call stack once at most, so the stack is as deep as there are statements.
  bool advance(std::size_t statement, std::int64_t count) {
    State& state = states_[statement];
    const Statement& what = program_.statements[statement];
    while (state.ended < count) {
      const std::int64_t iteration = program_.iteration_of(what, state.position);
      for (int d : state.incoming) {
        const Dependence& edge = program_.dependences[static_cast<std::size_t>(d)];
        const auto p = static_cast<std::size_t>(edge.producer);
        State& producer = states_[p];
        const std::int64_t needed =
            needed_instances(program_, edge, producer.strides, state.position, state.ended, iteration);
        if (needed <= producer.ended) continue;
        state.waits_for = d;
        if (producer.waits_for >= 0) {
          keep_circle(p);
          return false;
        }
        if (!advance(p, needed)) return false;
      }
      state.waits_for = -1;
      ++state.ended;
      for (std::size_t e = what.trips.size(); e-- > 0;) {
        if (++state.position[e] < what.trips[e]) break;
        state.position[e] = 0;
      }
      if (--left_ <= 0) return false;
    }
    return true;
  }

  void keep_circle(std::size_t first) {
    std::size_t at = first;
    do {
      const State& state = states_[at];
      circle_.push_back({static_cast<int>(at), state.waits_for, state.position});
      at = static_cast<std::size_t>(program_.dependences[static_cast<std::size_t>(state.waits_for)].producer);
    } while (at != first);
  }

  const Program& program_;
  std::int64_t left_;
  std::vector<State> states_;
  std::vector<Wait> circle_;
};

}  // namespace

std::vector<Wait> find_circle(const Program& program, std::int64_t budget) { return UntimedRun(program, budget).run(); }

}  // namespace einloom
