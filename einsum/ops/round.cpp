// SPDX-License-Identifier: Apache-2.0
// The nearest whole number, ties to even.
#include <cmath>

#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a) {
    return std::nearbyint(a);
  }
};

}  // namespace

Op op_round() { return unary<Formula>("round"); }

}  // namespace einloom::ops
