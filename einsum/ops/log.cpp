// SPDX-License-Identifier: Apache-2.0
// Natural logarithm; log(0) is -inf.
#include <cmath>

#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a) {
    return std::log(a);
  }
};

}  // namespace

Op op_log() { return unary<Formula>("log"); }

}  // namespace einloom::ops
