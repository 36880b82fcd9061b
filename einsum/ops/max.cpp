// SPDX-License-Identifier: Apache-2.0
// Larger of two values; NaN in either operand stays NaN.
#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a, T b) {
    return a < b || b != b ? b : a;
  }
};

}  // namespace

Op op_max() { return binary<Formula>("max"); }

}  // namespace einloom::ops
