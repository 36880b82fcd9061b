// SPDX-License-Identifier: Apache-2.0
// Comparison of a computed tensor with its reference: "" when every element agrees, else the first mismatch with its
// coordinates, the elements around it and the number of mismatches.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "base/tensor.hpp"

namespace einloom::test {

// |x - r| <= tolerance · (1 + |r|); NaN never agrees.
template <class T>
std::string first_mismatch(const Tensor<T>& computed, const Tensor<double>& reference, double tolerance) {
  if (computed.extents() != reference.extents()) return "the extents differ";
  const auto error = [&](std::int64_t i) {
    const double r = reference.data()[i];
    return std::abs(static_cast<double>(computed.data()[i]) - r) / (1 + std::abs(r));
  };
  std::int64_t first = -1, count = 0;
  for (std::int64_t i = 0; i < reference.size(); ++i) {
    if (error(i) <= tolerance) continue;
    if (first < 0) first = i;
    ++count;
  }
  if (first < 0) return "";
  std::string text = fmt::format("{} of {} elements differ by more than {}(1+|ref|); the first at [", count,
                                 reference.size(), tolerance);
  for (std::size_t k = 0; k < reference.extents().size(); ++k) {
    text += fmt::format("{}{}={}", k == 0 ? "" : ", ", reference.ranks()[k],
                        first / reference.strides()[k] % reference.extents()[k]);
  }
  text += "]\n";
  for (std::int64_t i = std::max<std::int64_t>(0, first - 3); i < std::min(reference.size(), first + 4); ++i) {
    text += fmt::format("  {}{:+}: computed {:.9g}, reference {:.9g}, error {:.3g}\n", i == first ? ">" : " ",
                        i - first, computed.data()[i], reference.data()[i], error(i));
  }
  return text;
}

}  // namespace einloom::test
