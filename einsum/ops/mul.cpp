// SPDX-License-Identifier: Apache-2.0
// Multiplication; written a * b.
#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a, T b) {
    return a * b;
  }
};

}  // namespace

Op op_mul() { return binary<Formula>("mul"); }

}  // namespace einloom::ops
