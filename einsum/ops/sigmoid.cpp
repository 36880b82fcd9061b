// SPDX-License-Identifier: Apache-2.0
// 1/(1 + exp(-x)), without overflow on either side.
#include <cmath>

#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a) {
    return a < T(0) ? std::exp(a) / (T(1) + std::exp(a)) : T(1) / (T(1) + std::exp(-a));
  }
};

}  // namespace

Op op_sigmoid() { return unary<Formula>("sigmoid"); }

}  // namespace einloom::ops
