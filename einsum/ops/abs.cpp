// SPDX-License-Identifier: Apache-2.0
// Absolute value.
#include <cmath>

#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a) {
    return std::abs(a);
  }
};

}  // namespace

Op op_abs() { return unary<Formula>("abs"); }

}  // namespace einloom::ops
