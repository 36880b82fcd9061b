// SPDX-License-Identifier: Apache-2.0
// Real power; pow(0, 0) is 1 as in C.
#include <cmath>

#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a, T b) {
    return std::pow(a, b);
  }
};

}  // namespace

Op op_pow() { return binary<Formula>("pow"); }

}  // namespace einloom::ops
