// SPDX-License-Identifier: Apache-2.0
// What a map operator and a reduction operator are: a name, an arity, and their value at one point and along arrays.
// Guards of the language, the same in every type: x/0 = 0, (-inf) - (-inf) = -inf (so a fully masked row gives 0).
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace einloom {

// One operand of a vector operation: element i is data[i * step]; step is 1, or 0 for a scalar used everywhere.
template <class T>
struct Operand {
  const T* data = nullptr;
  std::size_t step = 1;
};

template <class T>
using VectorFunction = void (*)(Operand<T> a, Operand<T> b, T* out, std::size_t count);  // b is unused by arity 1

struct Op {
  std::string name;
  int arity = 1;
  double (*scalar)(double a, double b) = nullptr;  // b is ignored by arity 1
  VectorFunction<double> vector_double = nullptr;  // `out` may be the array of an operand
  VectorFunction<float> vector_float = nullptr;

  template <class T>
  [[nodiscard]] VectorFunction<T> vector() const {
    if constexpr (sizeof(T) == sizeof(double)) {
      return vector_double;
    } else {
      return vector_float;
    }
  }
};

// All map operators, sorted by name; nullptr when there is none of that name.
[[nodiscard]] const std::vector<Op>& all_ops();
[[nodiscard]] const Op* find_op(std::string_view name);
[[nodiscard]] const std::vector<std::string>& op_names();

// A reduction starts at `identity` and combines with the map operator `combine`; its operations are counted as
// `combine`.
struct ReductionOp {
  std::string name;
  std::string combine;
  double identity = 0;
};

// All reduction operators, sorted by name; nullptr when there is none of that name.
[[nodiscard]] const std::vector<ReductionOp>& all_reductions();
[[nodiscard]] const ReductionOp* find_reduction(std::string_view name);
[[nodiscard]] const std::vector<std::string>& reduction_names();

}  // namespace einloom
