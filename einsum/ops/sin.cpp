// SPDX-License-Identifier: Apache-2.0
// Sine of an angle in radians.
#include <cmath>

#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a) {
    return std::sin(a);
  }
};

}  // namespace

Op op_sin() { return unary<Formula>("sin"); }

}  // namespace einloom::ops
