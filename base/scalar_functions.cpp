// SPDX-License-Identifier: Apache-2.0
// The functions of scalar expressions, one case each, and the divisor search behind two of them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/scalar_expression.hpp"
#include "base/scalar_steps.hpp"

namespace einloom::scalar {
namespace {

constexpr double kMaxExactInteger = 9007199254740992.0;  // 2^53: every integer up to it is a double

bool is_integer_from(double value, double smallest) {
  return value >= smallest && value <= kMaxExactInteger && std::floor(value) == value;
}

Outcome divisor(bool largest, double n, double bound) {
  if (!is_integer_from(n, 1)) return {0, fmt::format("n = {}; n must be an integer from 1 to 2^53", n)};
  const auto whole = static_cast<std::int64_t>(n);
  if (std::isnan(bound)) return {0, "the bound is not a number"};
  if (largest) {
    const double at_most = std::clamp(std::floor(bound), 0.0, n);
    return {static_cast<double>(largest_divisor(whole, static_cast<std::int64_t>(at_most)))};
  }
  // d >= a exactly when the cofactor n / d <= n / a.
  const auto at_least = static_cast<std::int64_t>(std::clamp(std::ceil(bound), 1.0, n));
  return {static_cast<double>(whole / largest_divisor(whole, whole / at_least))};
}

}  // namespace

Outcome apply(Function function, const double* arguments, std::size_t count) {
  const double x = arguments[0];
  switch (function) {
    case Function::abs:
      return {std::abs(x)};
    case Function::ceil:
      return {std::ceil(x)};
    case Function::floor:
      return {std::floor(x)};
    case Function::round:
      return {std::round(x)};
    case Function::max:
      return {*std::max_element(arguments, arguments + count)};
    case Function::min:
      return {*std::min_element(arguments, arguments + count)};
    case Function::log2:
      if (!(x > 0)) return {0, fmt::format("its argument is {}; it must be positive", x)};
      return {std::log2(x)};
    case Function::divides:
      if (!is_integer_from(std::abs(x), 1) || !is_integer_from(std::abs(arguments[1]), 0)) {
        return {0, fmt::format("its arguments are {} and {}; they must be integers, the first not 0", x, arguments[1])};
      }
      return {std::fmod(arguments[1], x) == 0 ? 1.0 : 0.0};
    case Function::largest_divisor:
      return divisor(true, x, arguments[1]);
    case Function::smallest_divisor:
      return divisor(false, x, arguments[1]);
  }
  throw InternalError("scalar_expression: unknown function");
}

}  // namespace einloom::scalar

namespace einloom {

std::int64_t largest_divisor(std::int64_t n, std::int64_t at_most) {
  ensure(n >= 1, "largest_divisor: n must be at least 1");
  if (at_most < 1) return 1;
  if (at_most >= n) return n;
  const auto at_most_root = [n](std::int64_t d) { return d <= n / d; };
  // Divisors above the root have their cofactors below it: the smallest cofactor >= n / at_most wins.
  for (std::int64_t cofactor = (n - 1) / at_most + 1; at_most_root(cofactor); ++cofactor) {
    if (n % cofactor == 0) return n / cofactor;
  }
  std::int64_t d = std::min(at_most, static_cast<std::int64_t>(std::sqrt(static_cast<double>(n))) + 1);
  while (n % d != 0) --d;
  return d;
}

}  // namespace einloom
