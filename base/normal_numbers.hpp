// SPDX-License-Identifier: Apache-2.0
// Normally distributed numbers that are the same on every machine (std::normal_distribution is not).
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>

namespace einloom {

class NormalNumbers {
 public:
  explicit NormalNumbers(std::uint64_t seed) : engine_(seed) {}
  double next() {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }

 private:
  double uniform() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }
  std::mt19937_64 engine_;
};

}  // namespace einloom
