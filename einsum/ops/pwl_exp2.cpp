// SPDX-License-Identifier: Apache-2.0
// 2^x by n chords: x = k + f with k = ceil(x) and f in (-1, 0]; on [-(i + 1)/n, -i/n] the chord of 2^f; times 2^k. At
// least 2^x, relative error at most (ln 2 / n)^2 / 8. pwl_exp2(-inf, n) is 0. The exponential of SystolicAttention
// (arXiv 2507.11331).
#include <algorithm>
#include <cmath>

#include "einsum/ops/elementwise.hpp"

namespace einloom::ops {
namespace {

struct Formula {
  template <class T>
  static T at(T x, T pieces) {
    if (std::isnan(x) || std::isinf(x)) return std::exp2(x);
    const T whole = std::ceil(x), part = x - whole;
    const T piece = std::min(std::floor(-pieces * part), pieces - 1);
    const T right = -piece / pieces, left = -(piece + 1) / pieces;
    const T high = std::exp2(right), low = std::exp2(left);
    const T slope = (high - low) * pieces;
    return std::exp2(whole) * (slope * part + (high - slope * right));
  }
};

}  // namespace

Op op_pwl_exp2() { return binary<Formula>("pwl_exp2"); }

}  // namespace einloom::ops
