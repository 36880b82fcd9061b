// SPDX-License-Identifier: Apache-2.0
// When the instances of one statement ended: a ring over those that somebody may still be waiting for. Instances before
// first() ended so long ago that every dependence on them is met. Grows while warming up, then never allocates.
#pragma once

#include <cstdint>
#include <vector>

namespace einloom {

class History {
 public:
  [[nodiscard]] std::int64_t first() const { return first_; }  // oldest instance remembered
  [[nodiscard]] std::int64_t size() const { return end_; }     // instances recorded, forgotten ones included
  [[nodiscard]] std::int64_t at(std::int64_t instance) const {
    return ring_[static_cast<std::size_t>(instance) & (ring_.size() - 1)];
  }

  void record(std::int64_t time) {
    if (end_ - first_ == static_cast<std::int64_t>(ring_.size())) grow();
    ring_[static_cast<std::size_t>(end_++) & (ring_.size() - 1)] = time;
  }
  void record(std::int64_t time, std::int64_t instances) {
    for (; instances > 0; --instances) record(time);
  }
  // Of a statement none of whose instances was recorded: the first ones took place before anything else.
  void begin_behind(std::int64_t instances) { first_ = end_ = instances; }
  // Forgets instances that ended at or before `time`.
  void forget_until(std::int64_t time) {
    while (first_ < end_ && at(first_) <= time) ++first_;
  }
  // The same instants, `instances` later in number and `cycles` later in time.
  void shift(std::int64_t instances, std::int64_t cycles) {
    std::vector<std::int64_t> kept;
    for (std::int64_t i = first_; i < end_; ++i) kept.push_back(at(i) + cycles);
    first_ += instances;
    end_ = first_;
    for (std::int64_t time : kept) record(time);
  }

 private:
  void grow() {
    std::vector<std::int64_t> larger(ring_.size() * 2);
    for (std::int64_t i = first_; i < end_; ++i) larger[static_cast<std::size_t>(i) & (larger.size() - 1)] = at(i);
    ring_.swap(larger);
  }

  std::vector<std::int64_t> ring_ = std::vector<std::int64_t>(16);
  std::int64_t first_ = 0, end_ = 0;
};

}  // namespace einloom
