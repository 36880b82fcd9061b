// SPDX-License-Identifier: Apache-2.0
// The ports of an on-chip memory: `ports` accesses are served per cycle, the rest wait in a queue. An operation may
// start while at most `depth` accesses wait, so throughput never exceeds the ports and bursts are absorbed by the
// queue. Accesses added at a cycle are seen from the next one on: the order inside a cycle does not matter.
#pragma once

#include <algorithm>
#include <cstdint>

namespace einloom {

class PortQueue {
 public:
  PortQueue(std::int64_t ports, std::int64_t depth) : ports_(ports), depth_(depth) {}

  void add(std::int64_t accesses, std::int64_t now) {
    settle(now);
    added_now_ += accesses;
  }
  [[nodiscard]] bool accepts(std::int64_t now) {
    settle(now);
    return waiting_ <= depth_;
  }
  // First cycle at which accepts() holds if nothing is added.
  [[nodiscard]] std::int64_t accepts_at(std::int64_t now) {
    settle(now);
    const std::int64_t excess = waiting_ + added_now_ - depth_;
    return excess <= 0 ? now + 1 : now + std::max<std::int64_t>(1, (excess + ports_ - 1) / ports_);
  }
  [[nodiscard]] std::int64_t waiting(std::int64_t now) {
    settle(now);
    return waiting_ + added_now_;
  }
  // When the last access added so far has been served.
  [[nodiscard]] std::int64_t drained_at() const { return at_ + (waiting_ + added_now_ + ports_ - 1) / ports_; }
  void shift_time(std::int64_t cycles) { at_ += cycles; }

 private:
  void settle(std::int64_t now) {
    if (now == at_) return;
    waiting_ = std::max<std::int64_t>(0, waiting_ + added_now_ - ports_ * (now - at_));
    added_now_ = 0;
    at_ = now;
  }

  std::int64_t ports_, depth_;
  std::int64_t waiting_ = 0, added_now_ = 0, at_ = 0;
};

}  // namespace einloom
