// SPDX-License-Identifier: Apache-2.0
// 1/x; the reciprocal of 0 is 0, as x/0 is.
#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a) {
    return a == T(0) ? T(0) : T(1) / a;
  }
};

}  // namespace

Op op_reciprocal() { return unary<Formula>("reciprocal"); }

}  // namespace einloom::ops
