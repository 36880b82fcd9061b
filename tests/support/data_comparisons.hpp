// SPDX-License-Identifier: Apache-2.0
// Predicates on data, one point after the other, from all tensors of an untiled run.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "einsum/affine.hpp"
#include "einsum/evaluator.hpp"

namespace einloom::test {

// What the comparisons of an Einsum's domain say at a point, with the values of a run: all tensors drawn and computed.
class DataComparisons {
 public:
  DataComparisons(const Cascade& cascade, int einsum, const Shape& shape, const TensorStore<double>& values)
      : cascade_(cascade), shape_(shape), values_(values) {
    variables_ = cascade.einsums()[static_cast<std::size_t>(einsum)].variables();
    for (const Comparison& comparison : cascade.domain(einsum)) {
      if (!comparison.is_affine() && !follows_from_activations(comparison)) comparisons_.push_back(&comparison);
    }
  }

  [[nodiscard]] const std::vector<const Comparison*>& all() const { return comparisons_; }

  [[nodiscard]] bool hold(const std::vector<std::int64_t>& point) const {
    return std::all_of(comparisons_.begin(), comparisons_.end(),
                       [&](const Comparison* comparison) { return holds(*comparison, point); });
  }

  [[nodiscard]] bool holds(const Comparison& comparison, const std::vector<std::int64_t>& point) const {
    const std::int64_t a = value(comparison.left, point), b = value(comparison.right, point);
    if (comparison.op == "<") return a < b;
    if (comparison.op == "<=") return a <= b;
    if (comparison.op == ">") return a > b;
    if (comparison.op == ">=") return a >= b;
    return comparison.op == "==" ? a == b : a != b;
  }

 private:
  // In the cascades here: the mask of dynamic_mask, chosen by its keys' bias.
  static bool follows_from_activations(const Comparison& comparison) {
    return print_comparison(comparison).find("MK[") != std::string::npos;
  }

  [[nodiscard]] std::int64_t value(const IndexExpression& index, const std::vector<std::int64_t>& point) const {
    std::int64_t sum = 0;
    for (const IndexTerm& term : index.terms) {
      std::int64_t product = term.factor * (term.symbol.empty() ? 1 : shape_.at(term.symbol));
      if (!term.variable.empty()) {
        const auto found = std::find(variables_.begin(), variables_.end(), term.variable);
        product *= point[static_cast<std::size_t>(found - variables_.begin())];
      }
      if (!term.gathered.empty()) product *= element(term.gathered.front(), point);
      sum += product;
    }
    return sum;
  }

  // 0 outside: there another comparison does not hold.
  [[nodiscard]] std::int64_t element(const Access& access, const std::vector<std::int64_t>& point) const {
    const Tensor<double>& tensor = values_.at(access.tensor);
    std::int64_t at = 0;
    for (std::size_t k = 0; k < access.indices.size(); ++k) {
      const std::int64_t index = value(access.indices[k], point);
      if (index < 0 || index >= tensor.extents()[k]) return 0;
      at += index * tensor.strides()[k];
    }
    return std::llround(tensor.data()[at]);
  }

  const Cascade& cascade_;
  const Shape& shape_;
  const TensorStore<double>& values_;
  std::vector<std::string> variables_;
  std::vector<const Comparison*> comparisons_;
};

// Calls `visit` with every point of a box until it returns false.
template <class Visit>
void each_point(const Box& box, const Visit& visit) {
  std::vector<std::int64_t> point;
  for (const Range& range : box) point.push_back(range.begin);
  while (visit(point)) {
    std::size_t v = point.size();
    while (v > 0 && ++point[v - 1] == box[v - 1].end) {
      --v;
      point[v] = box[v].begin;
    }
    if (v == 0) return;
  }
}

}  // namespace einloom::test
