// SPDX-License-Identifier: Apache-2.0
// The smallest whole number that is not smaller.
#include <cmath>

#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a) {
    return std::ceil(a);
  }
};

}  // namespace

Op op_ceil() { return unary<Formula>("ceil"); }

}  // namespace einloom::ops
