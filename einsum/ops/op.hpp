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

template <class T>
using TernaryFunction = void (*)(Operand<T> a, Operand<T> b, Operand<T> c, T* out, std::size_t count);

struct Op {
  std::string name;
  int arity = 1;
  double (*scalar)(double a, double b) = nullptr;  // b is ignored by arity 1
  VectorFunction<double> vector_double = nullptr;  // `out` may be the array of an operand
  VectorFunction<float> vector_float = nullptr;
  // Only these are set when the arity is 3.
  double (*scalar_ternary)(double a, double b, double c) = nullptr;
  TernaryFunction<double> ternary_double = nullptr;
  TernaryFunction<float> ternary_float = nullptr;

  template <class T>
  [[nodiscard]] VectorFunction<T> vector() const {
    if constexpr (sizeof(T) == sizeof(double)) {
      return vector_double;
    } else {
      return vector_float;
    }
  }
  template <class T>
  [[nodiscard]] TernaryFunction<T> ternary() const {
    if constexpr (sizeof(T) == sizeof(double)) {
      return ternary_double;
    } else {
      return ternary_float;
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
// Selections included.
[[nodiscard]] const std::vector<std::string>& reduction_names();
// What operations of a reduction or selection are counted as: add, max, …, topk; "" for an unknown name.
[[nodiscard]] const std::string& counted_reduction(std::string_view name);

// A selection takes the present values along one variable, in the order of that variable; ties keep it. It is written
// like a reduction and counts one operation of its name per value. Where fewer values are present than results asked
// for, the rest is -1 (indices) or 0 (values).
//   IX[h]   = argmax(m) X[h,m]    index of the largest; argmin: of the smallest
//   IX[h,k] = topk(m) X[h,m]      indices of the largest, largest first; k is a rank of the output only
//   IX[h,k] = argsort(m) X[h,m]   indices of the smallest, smallest first
//   Y[h,k]  = sort(m) X[h,m]      the smallest values, smallest first
struct Selection {
  std::string name;
  bool largest_first = false;
  bool gives_index = true;
  bool ranked = false;  // has a variable that counts its results
};

// All selections, sorted by name; nullptr when there is none of that name.
[[nodiscard]] const std::vector<Selection>& all_selections();
[[nodiscard]] const Selection* find_selection(std::string_view name);

}  // namespace einloom
