// SPDX-License-Identifier: Apache-2.0
// Exact fast-forward. At the start of an iteration of a loop the machine's state relative to now is written down; when
// it equals the state d iterations earlier, what happened in between happens again until an iteration near the end of
// the loop is reached: k·d iterations are skipped by adding k times the differences. See sim/README.md for the
// argument.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/units.hpp"

namespace einloom {

class FastForward {
 public:
  FastForward(RunState& run, std::vector<ArrayUnit*> arrays, ChannelUnit& channel);

  // Asks to be told of the iterations that may serve: those whose dependences lie inside their loop, not the last one.
  void watch();
  // Called between two cycles, with the loops (outermost first) whose iterations began at `now`.
  // Returns the cycles skipped: every instant kept outside RunState and the units moves by as many.
  std::int64_t consider(const std::vector<int>& loops, std::int64_t now);

 private:
  struct Snapshot {
    std::int64_t now = 0;
    std::vector<std::int64_t> signature;  // instants relative to now, queues, bus
    std::vector<std::int64_t> index;      // instances started, by statement
    std::vector<std::int64_t> position;   // of every statement, one behind the other (see offsets_)
    std::vector<std::int64_t> counters;
    std::vector<std::int64_t> free_at;  // by array, not relative
  };
  // Snapshots of one loop inside one iteration of the loops around it.
  struct Trail {
    std::vector<std::int64_t> outer;  // indices of the loops around, of the marking statement
    std::vector<Snapshot> snapshots;  // the first `used` ones; kept to spare allocations
    std::size_t used = 0;
    std::vector<std::uint64_t> hashes;
    void clear() {
      used = 0;
      hashes.clear();
    }
  };

  void take(std::int64_t now, Snapshot& shot);
  [[nodiscard]] std::int64_t position(const Snapshot& shot, std::size_t statement, std::size_t level) const {
    return shot.position[offsets_[statement] + level];
  }
  // How statements move from one snapshot to another that looks the same: along which effective loop, by how much.
  struct Motion {
    std::vector<int> level;  // by statement; -1: it stands still
    std::vector<std::int64_t> steps;
  };
  // Periods of `then → current` that may be skipped, and how; 0 when the future does not repeat.
  [[nodiscard]] std::int64_t periods(const Snapshot& then, const Snapshot& current, Motion& motion) const;
  [[nodiscard]] std::int64_t limit_by_dependences(const Motion& motion, const Snapshot& then, const Snapshot& current,
                                                  std::int64_t periods) const;
  // Did the array start nothing between the snapshots? Then its idle time goes on; what it will be charged for it then
  // is not part of the period.
  [[nodiscard]] static bool rests(const Snapshot& then, const Snapshot& current, std::size_t array) {
    return then.free_at[array] == current.free_at[array];
  }
  std::int64_t skip(const Motion& motion, const Snapshot& then, const Snapshot& current, std::int64_t periods);
  [[nodiscard]] int loop_of(std::size_t statement, std::size_t level) const {
    const Statement& what = run_.program.statements[statement];
    return what.loops[static_cast<std::size_t>(what.effective[level])];
  }
  // Position of `loop` among the effective loops of a statement; -1 when it has none.
  [[nodiscard]] int level_of(int statement, int loop) const;
  // Is the last iteration of an effective loop like the ones before it for this statement?
  [[nodiscard]] bool ends_evenly(const Statement& statement, std::size_t level) const;
  // Iterations at the start of `loop` in which dependences still reach over its boundary.
  [[nodiscard]] std::int64_t margin(int loop) const { return margins_[static_cast<std::size_t>(loop)]; }

  RunState& run_;
  std::vector<ArrayUnit*> arrays_;
  ChannelUnit& channel_;
  std::vector<std::int64_t> margins_;
  std::vector<Trail> trails_;
  std::vector<std::int64_t> in_vain_;  // by loop: iterations compared, or passed by, since the last skip
  std::vector<std::size_t> offsets_;   // of a statement's position in Snapshot::position
  Snapshot current_;
  Motion motion_;
  std::vector<int> anchor_;  // by loop: the statement that marks its iterations
};

}  // namespace einloom
