// SPDX-License-Identifier: Apache-2.0
#include "einsum/tolerance.hpp"

#include <algorithm>
#include <cmath>

namespace einloom {

namespace {

constexpr double kTermsWithin = 256;  // of a sum, whose rounding the stated tolerance covers
constexpr double kFp64ToFp32 = 1e-7;  // of the tolerances

bool calls_exp(const Expression& expression) {
  return (expression.kind == ExpressionKind::call && expression.name == "exp") ||
         std::any_of(expression.args.begin(), expression.args.end(), calls_exp);
}

double longest_reduction(const Cascade& cascade, const Shape& shape) {
  double longest = 1;
  for (const Einsum& einsum : cascade.einsums()) {
    double terms = 1;
    for (const Reduction& reduction : einsum.reductions) {
      terms *= static_cast<double>(shape.at(rank_of_variable(reduction.variable)));
    }
    longest = std::max(longest, terms);
  }
  return longest;
}

double largest_magnitude(const Tensor<double>& tensor) {
  double largest = 0;
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    if (std::isfinite(tensor.data()[i])) largest = std::max(largest, std::abs(tensor.data()[i]));
  }
  return largest;
}

constexpr double kOrders = 4;         // how much more a schedule's order may lose than the evaluator's
constexpr double kMostAllowed = 0.5;  // of narrow formats: beyond, values say nothing

// The largest |x - r| / (1 + |r|) between the cascade's results evaluated in `dtype` and in fp64.
double lost_in_format(const Cascade& cascade, const Shape& shape, Dtype dtype, const TensorStore<double>& inputs,
                      const TensorStore<double>& exact) {
  TensorStore<float> store;
  for (const auto& [name, values] : inputs) {
    Tensor<float> narrow(values.ranks(), values.extents());
    for (std::int64_t i = 0; i < values.size(); ++i) narrow.data()[i] = static_cast<float>(values.data()[i]);
    store.emplace(name, std::move(narrow));
  }
  evaluate<float>(cascade, shape, Precision{dtype}, store);
  double largest = 0;
  for (const TensorDecl& tensor : cascade.tensors()) {
    if (tensor.role != TensorRole::output) continue;
    const Tensor<double>& r = exact.at(tensor.name);
    const Tensor<float>& x = store.at(tensor.name);
    for (std::int64_t i = 0; i < r.size(); ++i) {
      const double error = std::abs(static_cast<double>(x.data()[i]) - r.data()[i]) / (1 + std::abs(r.data()[i]));
      if (std::isfinite(error)) largest = std::max(largest, error);
    }
  }
  return largest;
}

}  // namespace

double rounding_tolerance(const Cascade& cascade, const Shape& shape, Dtype dtype, const TensorStore<double>& inputs,
                          const std::function<bool(const std::string&)>& rounded) {
  if (dtype == Dtype::fp64 || dtype == Dtype::fp32) {
    const double growth = std::max(1.0, longest_reduction(cascade, shape) / kTermsWithin);
    return cascade.checks().tolerance * growth * (dtype == Dtype::fp64 ? kFp64ToFp32 : 1);
  }
  std::int64_t iterations = 1;
  for (const TensorDecl& tensor : cascade.tensors()) {
    if (!tensor.iterative_rank.empty()) iterations = std::max(iterations, shape.at(tensor.iterative_rank));
  }
  TensorStore<double> store = inputs;
  evaluate<double>(cascade, shape, Precision{Dtype::fp64}, store);
  double largest = 0;
  for (const Einsum& einsum : cascade.einsums()) {
    if (!calls_exp(einsum.expression)) continue;
    for (const Access* access : einsum.reads()) {
      const TensorDecl& argument = *cascade.find_tensor(access->tensor);
      if (!argument.iterative_rank.empty() || !rounded(argument.name)) continue;
      largest = std::max(largest, largest_magnitude(store.at(argument.name)));
    }
  }
  const double by_rounding = unit_roundoff(dtype) * (4 + 2 * static_cast<double>(iterations)) * (1 + largest);
  const double lost = kOrders * lost_in_format(cascade, shape, dtype, inputs, store);
  return std::max(by_rounding, std::min(lost, kMostAllowed));
}

}  // namespace einloom
