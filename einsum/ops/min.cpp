// SPDX-License-Identifier: Apache-2.0
// Smaller of two values; NaN in either operand stays NaN.
#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a, T b) {
    return b < a || b != b ? b : a;
  }
};

}  // namespace

Op op_min() { return binary<Formula>("min"); }

}  // namespace einloom::ops
