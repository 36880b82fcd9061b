// SPDX-License-Identifier: Apache-2.0
// a - b·floor(a/b): the remainder with the sign of b; 0 where b is 0.
#include <cmath>

#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T a, T b) {
    return b == T(0) ? T(0) : a - b * std::floor(a / b);
  }
};

}  // namespace

Op op_mod() { return binary<Formula>("mod"); }

}  // namespace einloom::ops
