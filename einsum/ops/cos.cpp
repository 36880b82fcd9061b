// SPDX-License-Identifier: Apache-2.0
// Cosine of an angle in radians.
#include <cmath>

#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a) {
    return std::cos(a);
  }
};

}  // namespace

Op op_cos() { return unary<Formula>("cos"); }

}  // namespace einloom::ops
