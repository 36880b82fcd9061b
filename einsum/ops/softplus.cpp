// SPDX-License-Identifier: Apache-2.0
// log(1 + exp(x)), without overflow.
#include <cmath>

#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a) {
    return (a < T(0) ? T(0) : a) + std::log1p(std::exp(-std::abs(a)));
  }
};

}  // namespace

Op op_softplus() { return unary<Formula>("softplus"); }

}  // namespace einloom::ops
