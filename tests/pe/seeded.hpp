// SPDX-License-Identifier: Apache-2.0
// Seeded choices, the same on every platform.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace einloom::test {

class Seeded {
 public:
  explicit Seeded(std::uint64_t seed) : random_(seed) {}
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1));
  }
  std::string text(std::int64_t low, std::int64_t high) { return std::to_string(between(low, high)); }
  bool chance(std::int64_t one_in) { return between(1, one_in) == 1; }
  template <class T>
  const T& among(const std::vector<T>& choices) {
    return choices[static_cast<std::size_t>(between(0, static_cast<std::int64_t>(choices.size()) - 1))];
  }
  template <class T>
  void shuffle(std::vector<T>& list) {
    for (std::size_t i = list.size(); i-- > 1;) {
      std::swap(list[i], list[static_cast<std::size_t>(between(0, static_cast<std::int64_t>(i)))]);
    }
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace einloom::test
