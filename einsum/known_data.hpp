// SPDX-License-Identifier: Apache-2.0
// Index tensors and masks whose values are known before a run: inputs drawn as whole numbers, masks or constants, as
// the cascade's checks say, and what Einsums make of such inputs and of indices alone. What follows from other inputs
// is a result of the run.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/dtype.hpp"
#include "einsum/cascade.hpp"
#include "einsum/evaluator.hpp"

namespace einloom {

// Tensors that are known before a run, whatever the shape.
[[nodiscard]] std::set<std::string> known_tensors(const Cascade& cascade);

// Does a predicate of the Einsum, its own or inherited, depend on data, and on nothing else than known tensors? Bounds
// of gathered indices do not count.
[[nodiscard]] bool has_known_predicate(const Cascade& cascade, int einsum);

// Inputs, in order of declaration, from which known predicates and bounds of gathered indices follow.
[[nodiscard]] std::vector<std::string> deciding_inputs(const Cascade& cascade);

// The values that predicates look at, at one shape: the same as a check of values with this seed and dtype has.
class KnownData {
 public:
  // A tensor with more elements than this is not known.
  static constexpr std::int64_t kMostElements = std::int64_t{1} << 26;

  KnownData(const Cascade& cascade, const Shape& shape, Dtype dtype, std::uint64_t seed);

  [[nodiscard]] std::uint64_t seed() const { return seed_; }
  // Are all the tensors known that the comparison looks at?
  [[nodiscard]] bool knows(const Comparison& comparison) const;
  // Its elements are whole numbers; 0 for what is none, as in a run.
  [[nodiscard]] const Tensor<double>& tensor(const std::string& name) const { return values_.at(name); }
  // The least and the greatest element, as whole numbers.
  struct Limits {
    std::int64_t low = 0, high = 0;
  };
  [[nodiscard]] Limits limits(const std::string& name) const { return limits_.at(name); }
  // What the comparison is decided by: the drawn inputs, in order of name; without any the tensors it looks at.
  [[nodiscard]] std::vector<std::string> deciding(const Comparison& comparison) const;
  [[nodiscard]] bool is_drawn(const std::string& tensor) const;

 private:
  const Cascade& cascade_;
  std::uint64_t seed_;
  TensorStore<double> values_;
  std::map<std::string, Limits> limits_;
};

}  // namespace einloom
