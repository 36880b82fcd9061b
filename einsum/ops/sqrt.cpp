// SPDX-License-Identifier: Apache-2.0
// Square root.
#include <cmath>

#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a) {
    return std::sqrt(a);
  }
};

}  // namespace

Op op_sqrt() { return unary<Formula>("sqrt"); }

}  // namespace einloom::ops
