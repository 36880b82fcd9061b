// SPDX-License-Identifier: Apache-2.0
// Subtraction; written a - b. (-inf) - (-inf) is -inf, so that exp of a fully masked row gives 0.
#include <limits>

#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a, T b) {
    return a == -std::numeric_limits<T>::infinity() ? (b != b ? b : a) : a - b;
  }
};

}  // namespace

Op op_sub() { return binary<Formula>("sub"); }

}  // namespace einloom::ops
