// SPDX-License-Identifier: Apache-2.0
// Division; written a / b. x/0 is 0, so that a row without any present point gives 0.
#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a, T b) {
    return b == T(0) ? T(0) : a / b;
  }
};

}  // namespace

Op op_div() { return binary<Formula>("div"); }

}  // namespace einloom::ops
