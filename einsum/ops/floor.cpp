// SPDX-License-Identifier: Apache-2.0
// The largest whole number that is not larger.
#include <cmath>

#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a) {
    return std::floor(a);
  }
};

}  // namespace

Op op_floor() { return unary<Formula>("floor"); }

}  // namespace einloom::ops
