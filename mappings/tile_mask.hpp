// SPDX-License-Identifier: Apache-2.0
// Which tiles of a statement have points, by position along some of its effective loops: one bit for each position
// along the masked levels, the others do not matter. Counting and looking ahead are as cheap as looking up.
#pragma once

#include <cstdint>
#include <vector>

namespace einloom {

class TileMask {
 public:
  // `trips` of all effective loops (or of a storage's), and which of them, ascending, the bits run over. All bits are
  // 0.
  TileMask(std::vector<std::int64_t> trips, std::vector<int> levels);

  [[nodiscard]] const std::vector<int>& levels() const { return levels_; }
  [[nodiscard]] bool is_masked(std::size_t level) const { return place_[level] >= 0; }
  [[nodiscard]] std::int64_t bits() const { return bits_; }
  // The bit of a position along all levels, and the masked part of the position of a bit.
  [[nodiscard]] std::int64_t bit_of(const std::int64_t* position) const;
  void digits_of(std::int64_t bit, std::vector<std::int64_t>& digits) const;
  // Bits between two neighbours along a masked level.
  [[nodiscard]] std::int64_t stride(std::size_t level) const {
    return strides_[static_cast<std::size_t>(place_[level])];
  }

  void set(std::int64_t bit) { words_[static_cast<std::size_t>(bit >> 6)] |= std::uint64_t{1} << (bit & 63); }
  [[nodiscard]] bool test(std::int64_t bit) const {
    return (words_[static_cast<std::size_t>(bit >> 6)] >> (bit & 63) & 1U) != 0;
  }
  void set(std::int64_t from, std::int64_t end);  // all of [from, end)
  // Call once all bits are set, before the functions below.
  void finish();

  [[nodiscard]] bool at(const std::int64_t* position) const { return test(bit_of(position)); }
  // The first set bit in [from, end); `end` when there is none.
  [[nodiscard]] std::int64_t next(std::int64_t from, std::int64_t end) const;
  // The last set bit in [from, end); -1 when there is none.
  [[nodiscard]] std::int64_t last(std::int64_t from, std::int64_t end) const;
  [[nodiscard]] std::int64_t count(std::int64_t from, std::int64_t end) const;  // set bits in [from, end)
  // Bits of the innermost masked level that follow each other: [row · row_bits(), …).
  [[nodiscard]] std::int64_t row_bits() const {
    return levels_.empty() ? 1 : trips_[static_cast<std::size_t>(levels_.back())];
  }
  [[nodiscard]] std::int64_t count_all() const;  // positions along all levels whose bit is set
  // Of the first `number` positions along all levels those whose bit is set.
  [[nodiscard]] std::int64_t count_before(std::int64_t number) const;
  // Moves a position to the next one, itself included, whose bit is set; returns how many were passed over. Behind the
  // last one the position is all 0 and the positions to the end have been passed.
  [[nodiscard]] std::int64_t find(std::vector<std::int64_t>& position) const;
  // Consecutive indices along a masked level, none of the levels inside it masked, whose bits are alike, around the
  // one at `position`: [first, last).
  struct Run {
    std::int64_t first = 0, last = 0;
  };
  [[nodiscard]] Run run_along(std::size_t level, const std::vector<std::int64_t>& position) const;

  // A mask over other levels: a bit is set where one of those is that stand, along the levels of both, where it stands.
  // `levels` of `trips` are new[i] = place[i] of this mask's levels, -1 for levels that this mask does not have.
  [[nodiscard]] TileMask projected(std::vector<std::int64_t> trips, std::vector<int> levels,
                                   const std::vector<int>& place) const;
  void add(const TileMask& other);  // of the same levels

 private:
  [[nodiscard]] std::int64_t rank(std::int64_t bit) const;  // set bits below

  std::vector<std::int64_t> trips_;
  std::vector<int> levels_;
  std::vector<int> place_;             // by level: in levels_, -1
  std::vector<std::int64_t> strides_;  // of bits, by place
  std::vector<std::int64_t> inside_;   // positions in one index of a level, by level
  std::int64_t bits_ = 1;
  std::vector<std::uint64_t> words_;
  std::vector<std::int64_t> ranks_;  // set bits before each word
};

}  // namespace einloom
