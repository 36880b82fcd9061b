// SPDX-License-Identifier: Apache-2.0
// Tensors for tests of reference kernels, and what their results are held against: plain attention, slopes. Rank names
// are of no account here.
#pragma once

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <random>

#include "einsum/reference/reference.hpp"
#include "einsum/reference/softmax_attention.hpp"

namespace einloom::test {

using Extents = std::vector<std::int64_t>;
using T = Tensor<double>;

inline T tensor(const Extents& extents, double fill = 0) {
  return {std::vector<std::string>(extents.size(), "X"), extents, fill};
}
inline T made(const Extents& extents, const std::function<double(std::int64_t)>& value) {
  T result = tensor(extents);
  for (std::int64_t i = 0; i < result.size(); ++i) result.data()[i] = value(i);
  return result;
}
inline T normal(const Extents& extents, unsigned seed, double scale = 1) {
  std::mt19937 engine(seed);
  std::normal_distribution<double> draw;
  return made(extents, [&](std::int64_t) { return scale * draw(engine); });
}
inline T row(const std::vector<double>& values) {
  return made({static_cast<std::int64_t>(values.size())},
              [&](std::int64_t i) { return values[static_cast<std::size_t>(i)]; });
}
inline T reshaped(const T& from, const Extents& extents) {
  return made(extents, [&](std::int64_t i) { return from.data()[i]; });
}

inline ReferenceTensors run(const std::string& name, const ReferenceTensors& inputs,
                            const ReferenceSetting& setting = {}) {
  const auto* kernel = find_reference(name);
  REQUIRE(kernel != nullptr);
  return kernel->run(inputs, setting);
}

inline double difference(const T& a, const T& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    const double x = a.data()[i], y = b.data()[i];
    if (x == y) continue;
    const double apart = std::abs(x - y);
    largest = std::isnan(apart) ? HUGE_VAL : std::max(largest, apart);
  }
  return largest;
}
inline double sum(const T& a) { return std::accumulate(a.data(), a.data() + a.size(), 0.0); }
inline bool finite(const T& a) {
  return std::all_of(a.data(), a.data() + a.size(), [](double x) { return std::isfinite(x); });
}

// softmax_attention of [H,P,E], [G,M,E], [G,M,F], keys repeated for their group; the mask also sees the head.
inline T plain(const T& q, const T& k, const T& v,
               const std::function<bool(std::int64_t, std::int64_t, std::int64_t)>& mask = {}) {
  const std::int64_t heads = q.extents()[0], group = heads / k.extents()[0], f = v.extents()[2];
  T all = tensor({heads, q.extents()[1], f});
  for (std::int64_t h = 0; h < heads; ++h) {
    const auto at = [&](const T& from, std::int64_t head) {
      return made({1, 1, from.extents()[1], from.extents()[2]},
                  [&](std::int64_t i) { return from.data()[from.offset(head, 0, 0) + i]; });
    };
    const T one = softmax_attention(at(q, h), at(k, h / group), at(v, h / group),
                                    [&](std::int64_t p, std::int64_t m) { return !mask || mask(h, p, m); });
    std::copy(one.data(), one.data() + one.size(), &all(h, 0, 0));
  }
  return all;
}
inline auto causal(std::int64_t rows, std::int64_t keys) {
  return [=](std::int64_t, std::int64_t p, std::int64_t m) { return m <= p + keys - rows; };
}

// The greatest difference between `gradient` and the slope of `loss` at each element of `at`, by central differences.
inline double slope_error(T at, const T& gradient, const std::function<double(const T&)>& loss) {
  double largest = 0;
  for (std::int64_t i = 0; i < at.size(); ++i) {
    const double value = at.data()[i], step = 1e-4;
    at.data()[i] = value + step;
    const double above = loss(at);
    at.data()[i] = value - step;
    const double below = loss(at);
    at.data()[i] = value;
    largest = std::max(largest, std::abs((above - below) / (2 * step) - gradient.data()[i]));
  }
  return largest;
}

}  // namespace einloom::test
