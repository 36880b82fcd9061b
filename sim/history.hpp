// SPDX-License-Identifier: Apache-2.0
// End times of a statement's instances, in order, as far back as a dependence may still ask for: equal neighbours (an
// instance and those passed over behind it) are kept once where there may be many of them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace einloom {

class History {
 public:
  [[nodiscard]] std::int64_t first() const { return first_; }  // oldest instance remembered
  [[nodiscard]] std::int64_t size() const { return end_; }     // instances recorded, forgotten ones included
  [[nodiscard]] std::int64_t at(std::int64_t instance) const {
    return counts_.empty() ? ring_[slot(instance)] : ring_[slot(group_of(instance))];
  }
  // The first instance behind `from` that ends later than `time`; size() when there is none.
  [[nodiscard]] std::int64_t next_after(std::int64_t from, std::int64_t time) const {
    if (counts_.empty()) {
      while (from < end_ && at(from) <= time) ++from;
      return from;
    }
    if (from >= end_) return from;
    for (std::int64_t group = group_of(from); group < group_end_; ++group) {
      if (ring_[slot(group)] > time) return from;
      from = counts_[slot(group)];
    }
    return end_;
  }
  // Calls visit(time, instances) for every group of equal neighbours, or for every instance.
  template <class Visit>
  void for_each(Visit&& visit) const {
    if (counts_.empty()) {
      for (std::int64_t i = first_; i < end_; ++i) visit(at(i), std::int64_t{1});
      return;
    }
    std::int64_t begin = first_;
    for (std::int64_t group = group_first_; group < group_end_; ++group) {
      visit(ring_[slot(group)], counts_[slot(group)] - begin);
      begin = counts_[slot(group)];
    }
  }

  void record(std::int64_t time, std::int64_t instances = 1) {
    if (counts_.empty()) {
      if (end_ - first_ == static_cast<std::int64_t>(ring_.size())) grow(first_, end_);
      ring_[slot(end_++)] = time;
      return;
    }
    end_ += instances;
    if (group_end_ - group_first_ == static_cast<std::int64_t>(ring_.size())) grow(group_first_, group_end_);
    ring_[slot(group_end_)] = time;
    counts_[slot(group_end_++)] = end_;
  }
  // Before the first record: instances may be recorded many at a time, and the first ones took place long ago.
  void expect_groups(std::int64_t instances) {
    counts_.assign(ring_.size(), 0);
    first_ = end_ = instances;
  }
  // Forgets instances that ended at or before `time`.
  void forget_until(std::int64_t time) {
    if (counts_.empty()) {
      while (first_ < end_ && at(first_) <= time) ++first_;
      return;
    }
    while (group_first_ < group_end_ && ring_[slot(group_first_)] <= time) first_ = counts_[slot(group_first_++)];
  }
  // The same instants, `instances` later in number and `cycles` later in time.
  void shift(std::int64_t instances, std::int64_t cycles) {
    std::vector<std::pair<std::int64_t, std::int64_t>> kept;
    for_each([&](std::int64_t time, std::int64_t count) { kept.emplace_back(time + cycles, count); });
    first_ += instances;
    end_ = first_;
    group_first_ = group_end_ = 0;
    for (const auto& [time, count] : kept) record(time, count);
  }

 private:
  [[nodiscard]] std::size_t slot(std::int64_t number) const {
    return static_cast<std::size_t>(number) & (ring_.size() - 1);
  }
  // The group that has an instance: the first that ends behind it.
  [[nodiscard]] std::int64_t group_of(std::int64_t instance) const {
    std::int64_t low = group_first_, high = group_end_ - 1;
    while (low < high) {
      const std::int64_t middle = low + (high - low) / 2;
      if (counts_[slot(middle)] > instance) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }
  void grow(std::int64_t first, std::int64_t end) {
    std::vector<std::int64_t> larger(ring_.size() * 2), counts(counts_.size() * 2);
    for (std::int64_t i = first; i < end; ++i) {
      larger[static_cast<std::size_t>(i) & (larger.size() - 1)] = ring_[slot(i)];
      if (!counts_.empty()) counts[static_cast<std::size_t>(i) & (larger.size() - 1)] = counts_[slot(i)];
    }
    ring_.swap(larger);
    counts_.swap(counts);
  }

  std::vector<std::int64_t> ring_ = std::vector<std::int64_t>(16);  // times, by instance or by group
  std::vector<std::int64_t> counts_;  // by group: instances up to and with it; empty: every instance is its own
  std::int64_t first_ = 0, end_ = 0;
  std::int64_t group_first_ = 0, group_end_ = 0;
};

}  // namespace einloom
