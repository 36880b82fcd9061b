// SPDX-License-Identifier: Apache-2.0
// The second where the first is not 0, else the third.
#include <cmath>

#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a, T b, T c) {
    return a != T(0) ? b : c;
  }
};

}  // namespace

Op op_select() { return ternary<Formula>("select"); }

}  // namespace einloom::ops
