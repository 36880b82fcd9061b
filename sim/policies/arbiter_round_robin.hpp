// SPDX-License-Identifier: Apache-2.0
// Round robin over requesters: whoever was granted last comes last.
#pragma once

#include <cstddef>

namespace einloom {

class ArbiterRoundRobin {
 public:
  // The first requester at or after the one behind the last grant for which `wants(i)`; -1 when nobody wants.
  template <class Wants>
  [[nodiscard]] int grant(std::size_t requesters, Wants&& wants) {
    for (std::size_t i = 1; i <= requesters; ++i) {
      const std::size_t candidate = (last_ + i) % requesters;
      if (wants(candidate)) {
        last_ = candidate;
        return static_cast<int>(candidate);
      }
    }
    return -1;
  }
  [[nodiscard]] std::size_t last() const { return last_; }

 private:
  std::size_t last_ = static_cast<std::size_t>(-1);
};

}  // namespace einloom
