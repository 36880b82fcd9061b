// SPDX-License-Identifier: Apache-2.0
// Hyperbolic tangent.
#include <cmath>

#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a) {
    return std::tanh(a);
  }
};

}  // namespace

Op op_tanh() { return unary<Formula>("tanh"); }

}  // namespace einloom::ops
