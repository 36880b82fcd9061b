// SPDX-License-Identifier: Apache-2.0
// 1/sqrt(x); rsqrt(0) is 0, as x/0 is.
#include <cmath>

#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a) {
    return a == T(0) ? T(0) : T(1) / std::sqrt(a);
  }
};

}  // namespace

Op op_rsqrt() { return unary<Formula>("rsqrt"); }

}  // namespace einloom::ops
