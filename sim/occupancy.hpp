// SPDX-License-Identifier: Apache-2.0
// How many bytes of each on-chip memory are held, by tensor, and the most there ever were. A slot counts from the start
// of the move or operation that fills it until its last reader has finished with it.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/counters.hpp"
#include "sim/scoreboard.hpp"

namespace einloom {

class Occupancy {
 public:
  explicit Occupancy(const Program& program);

  // The producer of `storages` of this statement is about to start its head instance at `now`.
  void start(int statement, Scoreboard& board, Counters& counters, std::int64_t now);

  struct Peak {
    std::int64_t bytes = 0;
    std::vector<std::int64_t> by_storage;  // bytes at the moment of the peak
  };
  [[nodiscard]] const Peak& peak(int memory) const { return peaks_[static_cast<std::size_t>(memory)]; }
  // Is more held in some memory after the second of two moments than after the first? By instances started and counters
  // of each.
  struct Moment {
    const std::vector<std::int64_t>& instances;
    const std::vector<std::int64_t>& counters;
  };
  [[nodiscard]] bool grows(const Scoreboard& board, const Counters& counters, const Moment& then,
                           const Moment& now) const;
  void skip(const Scoreboard& board, const std::vector<std::int64_t>& instances_skipped);

 private:
  // Readers' progress along a slot dependence, advanced lazily.
  struct Reader {
    int dependence = -1;
    std::int64_t ended = 0;  // instances whose use of the slot is over
    std::int64_t freed = 0;
  };
  // Bytes of a storage that are held at `now`.
  std::int64_t held(int storage, Scoreboard& board, Counters& counters, std::int64_t now);
  void measure(int memory, Scoreboard& board, Counters& counters, std::int64_t now);

  const Program& program_;
  std::vector<int> storage_of_;               // by statement; -1: none in a memory
  std::vector<std::vector<int>> by_memory_;   // storages
  std::vector<std::vector<Reader>> readers_;  // by storage
  std::vector<Peak> peaks_;
  // What was held when a storage was last looked at: slots are freed since, none is taken. A peak is measured only
  // when the sum of these exceeds the last one.
  std::vector<std::int64_t> held_;          // by storage, bytes
  std::vector<std::int64_t> held_at_most_;  // by memory
  std::vector<std::int64_t> bytes_;         // scratch, by storage of a memory
};

}  // namespace einloom
