// SPDX-License-Identifier: Apache-2.0
// How many bytes of each storage are held, as changes in time order: what `Occupancy` looks at when a tile is taken,
// with the moment at which every slot is given back.
// Contract: memory use depends on what is in flight only; without fast-forward.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "sim/scoreboard.hpp"

namespace einloom {

class OccupancyTimeline {
 public:
  explicit OccupancyTimeline(const Program& program);

  // The head instance of `statement` starts at `now`: it may take a slot.
  void start(const Scoreboard& board, int statement, std::int64_t now);
  // The oldest instance of `statement` under way ends at `end`, which is about to be recorded: it may free slots.
  void end(const Scoreboard& board, int statement, std::int64_t end);

  // Calls visit(time, storage, bytes held from then on) for every change before `before`, in time order, one for each
  // storage and cycle.
  template <class Visit>
  void take(std::int64_t before, Visit&& visit) {
    while (!changes_.empty() && changes_.begin()->first < before) {
      const auto [time, by_storage] = *changes_.begin();
      changes_.erase(changes_.begin());
      for (const auto& [storage, slots] : by_storage) {
        if (slots == 0) continue;
        std::int64_t& held = held_[static_cast<std::size_t>(storage)];
        held += slots;
        visit(time, storage, held * program_.storages[static_cast<std::size_t>(storage)].slot_bytes);
      }
    }
  }

 private:
  // A reader along a slot dependence, and when the slots it has finished with fell free for its part.
  struct Reader {
    int storage = -1, dependence = -1;
    std::int64_t freed = 0;
    std::deque<std::int64_t> times;  // of those that other readers still hold
  };

  const Program& program_;
  std::vector<Reader> readers_;
  std::vector<std::vector<std::size_t>> readers_by_statement_, readers_by_storage_;
  std::vector<std::vector<int>> storages_by_producer_;
  std::map<std::int64_t, std::map<int, std::int64_t>> changes_;  // time → storage → slots more
  std::vector<std::int64_t> held_;                               // slots, by storage
};

}  // namespace einloom
