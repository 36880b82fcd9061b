// SPDX-License-Identifier: Apache-2.0
#include "mappings/tile_mask.hpp"

#include <algorithm>
#include <bit>

namespace einloom {

TileMask::TileMask(std::vector<std::int64_t> trips, std::vector<int> levels)
    : trips_(std::move(trips)),
      levels_(std::move(levels)),
      place_(trips_.size(), -1),
      strides_(levels_.size(), 1),
      inside_(trips_.size(), 1) {
  for (std::size_t i = levels_.size(); i-- > 0;) {
    place_[static_cast<std::size_t>(levels_[i])] = static_cast<int>(i);
    strides_[i] = bits_;
    bits_ *= trips_[static_cast<std::size_t>(levels_[i])];
  }
  for (std::size_t e = trips_.size(); e-- > 1;) inside_[e - 1] = inside_[e] * trips_[e];
  words_.assign(static_cast<std::size_t>((bits_ + 63) / 64), 0);
}

void TileMask::finish() {
  ranks_.assign(words_.size() + 1, 0);
  for (std::size_t w = 0; w < words_.size(); ++w) ranks_[w + 1] = ranks_[w] + std::popcount(words_[w]);
}

void TileMask::set(std::int64_t from, std::int64_t end) {
  while (from < end && (from & 63) != 0) set(from++);
  for (; end - from >= 64; from += 64) words_[static_cast<std::size_t>(from >> 6)] = ~std::uint64_t{0};
  while (from < end) set(from++);
}

void TileMask::add(const TileMask& other) {
  for (std::size_t w = 0; w < words_.size(); ++w) words_[w] |= other.words_[w];
}

std::int64_t TileMask::last(std::int64_t from, std::int64_t end) const {
  while (from < end) {
    const std::int64_t word = (end - 1) >> 6;
    const std::uint64_t keep = ~std::uint64_t{0} >> (63 - ((end - 1) & 63));
    const std::uint64_t left = words_[static_cast<std::size_t>(word)] & keep;
    if (left != 0) {
      const std::int64_t found = (word << 6) + 63 - std::countl_zero(left);
      return found >= from ? found : -1;
    }
    end = word << 6;
  }
  return -1;
}

TileMask TileMask::projected(std::vector<std::int64_t> trips, std::vector<int> levels,
                             const std::vector<int>& place) const {
  TileMask seen(std::move(trips), std::move(levels));
  // This mask's outer levels in their order, and nothing else: a bit there is a stretch of bits here.
  bool outer = true;
  for (std::size_t i = 0; i < place.size(); ++i) outer = outer && place[i] == static_cast<int>(i);
  const std::int64_t stretch = place.empty() ? bits_ : strides_[std::min(place.size(), strides_.size()) - 1];
  if (outer && place.size() == levels_.size()) {
    seen.words_ = words_;
  } else if (outer) {
    for (std::int64_t bit = 0; bit < seen.bits_; ++bit) {
      if (count(bit * stretch, (bit + 1) * stretch) > 0) seen.set(bit);
    }
  } else {
    std::vector<std::int64_t> digits;
    for (std::int64_t bit = next(0, bits_); bit < bits_; bit = next(bit + 1, bits_)) {
      digits_of(bit, digits);
      std::int64_t base = 0;
      for (std::size_t i = 0; i < place.size(); ++i) {
        if (place[i] >= 0) base += digits[static_cast<std::size_t>(place[i])] * seen.strides_[i];
      }
      seen.set(base);
    }
    for (std::size_t i = 0; i < place.size(); ++i) {
      if (place[i] >= 0) continue;
      // Whatever stands at its first index there stands at all of them.
      const std::int64_t trip = seen.trips_[static_cast<std::size_t>(seen.levels_[i])], step = seen.strides_[i];
      for (std::int64_t bit = seen.next(0, seen.bits_); bit < seen.bits_; bit = seen.next(bit + 1, seen.bits_)) {
        if (bit / step % trip != 0) continue;
        for (std::int64_t index = 1; index < trip; ++index) seen.set(bit + index * step);
      }
    }
  }
  seen.finish();
  return seen;
}

std::int64_t TileMask::bit_of(const std::int64_t* position) const {
  std::int64_t bit = 0;
  for (std::size_t i = 0; i < levels_.size(); ++i) bit += position[levels_[i]] * strides_[i];
  return bit;
}

void TileMask::digits_of(std::int64_t bit, std::vector<std::int64_t>& digits) const {
  digits.resize(levels_.size());
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    digits[i] = bit / strides_[i];
    bit %= strides_[i];
  }
}

std::int64_t TileMask::next(std::int64_t from, std::int64_t end) const {
  while (from < end) {
    const std::uint64_t left = words_[static_cast<std::size_t>(from >> 6)] >> (from & 63);
    if (left != 0) return std::min(end, from + std::countr_zero(left));
    from = (from | 63) + 1;
  }
  return end;
}

std::int64_t TileMask::rank(std::int64_t bit) const {
  const auto word = static_cast<std::size_t>(bit >> 6);
  const std::uint64_t below = (std::uint64_t{1} << (bit & 63)) - 1;
  return ranks_[word] + (below == 0 ? 0 : std::popcount(words_[word] & below));
}

std::int64_t TileMask::count(std::int64_t from, std::int64_t end) const { return rank(end) - rank(from); }

std::int64_t TileMask::count_all() const {
  std::int64_t free = 1;
  for (std::size_t e = 0; e < trips_.size(); ++e) free *= is_masked(e) ? 1 : trips_[e];
  return free * count(0, bits_);
}

std::int64_t TileMask::count_before(std::int64_t number) const {
  if (trips_.empty()) return number > 0 ? count(0, bits_) : 0;
  // Level by level: positions that share the digits so far and have a smaller one here.
  std::int64_t found = 0, base = 0,
               block = bits_;  // bits that agree with the masked digits so far: [base, base + block)
  for (std::size_t e = 0; e < trips_.size(); ++e) {
    const std::int64_t digit = number / inside_[e];
    number %= inside_[e];
    std::int64_t free = 1;  // unmasked positions inside
    for (std::size_t i = e + 1; i < trips_.size(); ++i) free *= is_masked(i) ? 1 : trips_[i];
    if (is_masked(e)) {
      block = stride(e);
      found += count(base, base + digit * block) * free;
      base += digit * block;
      if (digit == trips_[e]) return found;
    } else {
      found += digit * count(base, base + block) * free;
      if (digit == trips_[e]) return found;
    }
  }
  return found;
}

std::int64_t TileMask::find(std::vector<std::int64_t>& position) const {
  if (at(position.data())) return 0;
  if (levels_.empty()) {
    std::int64_t left = trips_.empty() ? 1 : trips_[0] * inside_[0];
    for (std::size_t e = 0; e < position.size(); ++e) {
      left -= position[e] * inside_[e];
      position[e] = 0;
    }
    return left;
  }
  const auto last = static_cast<std::size_t>(levels_.back());
  std::int64_t passed = 0;
  // Levels inside the last masked one begin anew behind an index that is passed over.
  for (std::size_t e = last + 1; e < position.size(); ++e) {
    passed -= position[e] * inside_[e];
    position[e] = 0;
  }
  while (true) {
    const std::int64_t bit = bit_of(position.data());
    const std::int64_t row_end = bit - position[last] + trips_[last];  // its stride is 1
    const std::int64_t found = next(bit, row_end);
    passed += (found - bit) * inside_[last];
    if (found < row_end) {
      position[last] += found - bit;
      return passed;
    }
    position[last] = 0;
    std::size_t e = last;
    while (e > 0) {
      --e;
      if (++position[e] < trips_[e]) break;
      position[e] = 0;
      if (e == 0) return passed;
    }
    if (last == 0) return passed;
  }
}

TileMask::Run TileMask::run_along(std::size_t level, const std::vector<std::int64_t>& position) const {
  const std::int64_t bit = bit_of(position.data());
  const std::int64_t step = stride(level);
  const bool here = test(bit);
  Run run{position[level], position[level] + 1};
  while (run.first > 0 && test(bit + (run.first - 1 - position[level]) * step) == here) --run.first;
  while (run.last < trips_[level] && test(bit + (run.last - position[level]) * step) == here) ++run.last;
  return run;
}

}  // namespace einloom
