// SPDX-License-Identifier: Apache-2.0
// max(x, 0); NaN stays NaN.
#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a) {
    return a < T(0) ? T(0) : a;
  }
};

}  // namespace

Op op_relu() { return unary<Formula>("relu"); }

}  // namespace einloom::ops
