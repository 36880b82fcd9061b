// SPDX-License-Identifier: Apache-2.0
// Natural exponential; exp(-inf) is 0.
#include <cmath>

#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a) {
    return std::exp(a);
  }
};

}  // namespace

Op op_exp() { return unary<Formula>("exp"); }

}  // namespace einloom::ops
