// SPDX-License-Identifier: Apache-2.0
// What a banked DRAM counts. Every read and write is a row hit, a row miss or a row conflict.
#pragma once

#include <cstddef>
#include <cstdint>

namespace einloom {

struct DramCounters {
  static constexpr std::size_t kCount = 6;
  std::int64_t reads = 0, writes = 0;  // accesses
  std::int64_t row_hits = 0;           // the row was open
  std::int64_t row_misses = 0;         // the bank was closed
  std::int64_t row_conflicts = 0;      // another row was open
  std::int64_t refreshes = 0;

  [[nodiscard]] std::int64_t& operator[](std::size_t i) { return this->*kParts[i]; }
  [[nodiscard]] std::int64_t operator[](std::size_t i) const { return this->*kParts[i]; }
  DramCounters& operator+=(const DramCounters& other) {
    for (std::size_t i = 0; i < kCount; ++i) (*this)[i] += other[i];
    return *this;
  }

 private:
  static constexpr std::int64_t DramCounters::*kParts[kCount] = {
      &DramCounters::reads,      &DramCounters::writes,        &DramCounters::row_hits,
      &DramCounters::row_misses, &DramCounters::row_conflicts, &DramCounters::refreshes};
};

}  // namespace einloom
