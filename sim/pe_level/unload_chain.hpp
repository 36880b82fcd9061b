// SPDX-License-Identifier: Apache-2.0
// The way out of one unreduced tile: every column passes its PEs' results down, one hop a cycle, row 0 first; a PE adds
// its own in the cycle behind the row above it. So row r leaves R + r cycles after PE(0, c) has finished.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/diagnostic.hpp"

namespace einloom {

class UnloadChain {
 public:
  UnloadChain(std::int32_t operation, std::int64_t rows, std::int64_t columns)
      : operation_(operation), rows_(rows), columns_(columns), cells_(static_cast<std::size_t>(rows * columns), 0) {}

  [[nodiscard]] std::int32_t operation() const { return operation_; }
  [[nodiscard]] bool is_done() const { return done_; }

  // One cycle. finished[c]: the operation PE(0, c) finished in the cycle before. may_leave(r, c): has PE(r, c)
  // finished? leaves(r, c): row r's value is in the last row of column c at the end of this cycle.
  template <class MayLeave, class Leaves>
  void step(const std::vector<std::int32_t>& finished, MayLeave&& may_leave, Leaves&& leaves) {
    const auto width = static_cast<std::size_t>(columns_);
    // From the last row up, so that every cell moves one hop. A cell holds 1 + the row its value comes from.
    for (std::int64_t r = rows_; r-- > 0;) {
      std::int32_t* here = cells_.data() + static_cast<std::size_t>(r) * width;
      const std::int32_t* above = r > 0 ? here - width : nullptr;
      for (std::int64_t c = 0; c < columns_; ++c) {
        const bool own_turn = r == 0 ? finished[static_cast<std::size_t>(c)] == operation_ : here[c] == r;
        const std::int32_t arrives = above == nullptr ? 0 : above[c];
        if (own_turn) {
          ensure(arrives == 0, "a column's way out carries one value at a time");
          ensure(may_leave(r, c), "a PE has its result before its row's turn to leave");
        }
        here[c] = own_turn ? static_cast<std::int32_t>(r + 1) : arrives;
      }
    }
    const std::int32_t* last = cells_.data() + static_cast<std::size_t>(rows_ - 1) * width;
    for (std::int64_t c = 0; c < columns_; ++c) {
      if (last[c] != 0) leaves(last[c] - 1, c);
    }
    done_ = last[columns_ - 1] == rows_;
  }

 private:
  std::int32_t operation_;
  std::int64_t rows_, columns_;
  std::vector<std::int32_t> cells_;
  bool done_ = false;
};

}  // namespace einloom
