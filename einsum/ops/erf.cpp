// SPDX-License-Identifier: Apache-2.0
// Error function.
#include <cmath>

#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a) {
    return std::erf(a);
  }
};

}  // namespace

Op op_erf() { return unary<Formula>("erf"); }

}  // namespace einloom::ops
