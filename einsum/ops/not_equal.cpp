// SPDX-License-Identifier: Apache-2.0
// 1 where both differ, else 0.
#include <cmath>

#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a, T b) {
    return T(a != b);
  }
};

}  // namespace

Op op_not_equal() { return binary<Formula>("not_equal"); }

}  // namespace einloom::ops
