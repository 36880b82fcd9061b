// SPDX-License-Identifier: Apache-2.0
// x * x.
#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a) {
    return a * a;
  }
};

}  // namespace

Op op_square() { return unary<Formula>("square"); }

}  // namespace einloom::ops
