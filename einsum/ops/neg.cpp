// SPDX-License-Identifier: Apache-2.0
// Negation; written -a.
#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a) {
    return -a;
  }
};

}  // namespace

Op op_neg() { return unary<Formula>("neg"); }

}  // namespace einloom::ops
