// SPDX-License-Identifier: Apache-2.0
// What rounding costs a cascade's results, found by Monte Carlo arithmetic (Parker, UCLA CSD-970002): the cascade is
// evaluated in fp64 with every rounding that a run makes replaced by noise of that size.
//
// The noise of one element v. Stored in a format with unit roundoff u, v moves by u · |v|. A sum that a memory keeps
// tile by tile is rounded once for each of its R tiles, then at a partial sum, not at v. The first k of n terms t in an
// order that does not depend on their values have mean square (k/n)² v² + k (n - k) / (n (n - 1)) · (Σt² - v²/n), so
// at most v² + Σt². R roundings of such partial sums in no direction add up to u · √(R (v² + Σt²)); once R is above
// 1 / (4u), what a tile adds is below half a unit in the last place of what is there, errors have a direction, and R
// takes the place of √R. Arithmetic with unit roundoff a does the same with its n additions: a · √(n (v² + Σt²)); a
// term here is the sum of the magnitudes of its own parts (x - y counts |x| + |y|). The sign is drawn per element.
//
// Not rounded, so without noise: infinities, whole numbers of integer formats, selections, and what a maximum, a
// minimum or another choice takes unchanged from values that are already in the format.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/dtype.hpp"
#include "einsum/cascade.hpp"
#include "einsum/evaluator.hpp"

namespace einloom {

// Where and how often a run rounds an element of a tensor.
struct Roundings {
  bool stored = true;  // in a memory, in the tensor's format; registers keep the width of the arithmetic
  double times = 1;    // 1, or the tiles of a sum that is kept in memory between them
};

// What a run rounds. Arithmetic is done in `arithmetic(dtype)`, for tensors of dtype.
struct RunRounding {
  std::function<Roundings(const std::string& tensor)> of_tensor;
  std::function<Dtype(Dtype dtype)> arithmetic;
};

class RoundingNoise {
 public:
  // Evaluates the cascade at `inputs`, without noise, and the sums of squares of all terms.
  RoundingNoise(const Cascade& cascade, const Shape& shape, const TensorStore<double>& inputs);

  // The largest |x - r| / (1 + |r|) of the finite elements of all outputs, with x evaluated with noise and r without.
  [[nodiscard]] double lost(Dtype dtype, const RunRounding& rounding, std::uint64_t seed) const;

 private:
  // What noise an Einsum's result gets: variance = of_result · v² + of_terms · (v² + Σt²).
  struct Level {
    double of_result = 0, of_terms = 0;
  };
  [[nodiscard]] std::vector<Level> levels(Dtype dtype, const RunRounding& rounding) const;

  const Cascade& cascade_;
  const Shape& shape_;
  TensorStore<double> exact_;
  std::vector<Tensor<double>> squares_;  // by Einsum: Σt²
};

}  // namespace einloom
