// SPDX-License-Identifier: Apache-2.0
// 1 where the first is less or equal, else 0.
#include <cmath>

#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a, T b) {
    return T(a <= b);
  }
};

}  // namespace

Op op_less_equal() { return binary<Formula>("less_equal"); }

}  // namespace einloom::ops
