// SPDX-License-Identifier: Apache-2.0
// -1, 0 or 1.
#include <cmath>

#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a) {
    return T((a > T(0)) - (a < T(0)));
  }
};

}  // namespace

Op op_sign() { return unary<Formula>("sign"); }

}  // namespace einloom::ops
