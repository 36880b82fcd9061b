// SPDX-License-Identifier: Apache-2.0
#include "einsum/transforms/equivalence.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/diagnostic.hpp"
#include "einsum/evaluator.hpp"
#include "einsum/input_values.hpp"
#include "einsum/value_memory.hpp"

namespace einloom::transforms {
namespace {

// The part of `shape` that the cascade knows, completed.
Shape bound(const Cascade& cascade, const Shape& shape) {
  Shape own;
  for (const RankDecl& rank : cascade.ranks()) {
    const auto& derived = cascade.derived_ranks();
    const bool follows =
        std::any_of(derived.begin(), derived.end(), [&](const DerivedRank& each) { return each.rank == rank.name; });
    if (!follows) own.set(rank.name, shape.at(rank.name));
  }
  for (const ParameterDecl& parameter : cascade.parameters()) {
    own.set(parameter.name, shape.find(parameter.name).value_or(parameter.default_value));
  }
  return cascade.bind(own, {});
}

double error_of(double got, double expected) {
  if (got == expected) return 0;
  const double error = std::abs(got - expected) / (1 + std::abs(expected));
  return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
}

}  // namespace

Equivalence compare_values(const Cascade& origin, const Cascade& result, const Shape& shape, std::uint64_t seed,
                           double scale, const Span& where) {
  const Shape shapes[2] = {bound(origin, shape), bound(result, shape)};
  require_values_fit(origin, shapes[0], where);
  require_values_fit(result, shapes[1], where);
  TensorStore<double> stores[2] = {make_store<double>(origin, shapes[0], 0), make_store<double>(result, shapes[1], 0)};
  auto inputs = draw_inputs(origin, shapes[0], seed);
  bool first = true;
  for (const TensorDecl& tensor : origin.tensors()) {
    if (tensor.role != TensorRole::input) continue;
    Tensor<double>& values = stores[0].at(tensor.name);
    values = std::move(inputs.at(tensor.name));
    if (first && !tensor.dtype) {  // no index tensor
      for (std::int64_t i = 0; i < values.size(); ++i) values.data()[i] *= scale;
      first = false;
    }
    const auto other = stores[1].find(tensor.name);
    if (other == stores[1].end()) continue;
    ensure(other->second.extents() == values.extents(), "a transformation changed the shape of an input");
    other->second = values;
  }
  evaluate(origin, shapes[0], Precision{Dtype::fp64}, stores[0]);
  evaluate(result, shapes[1], Precision{Dtype::fp64}, stores[1]);
  Equivalence equivalence;
  for (const TensorDecl& tensor : origin.tensors()) {
    if (tensor.role != TensorRole::output) continue;
    const auto other = stores[1].find(tensor.name);
    ensure(other != stores[1].end(), "a transformation lost an output");
    const Tensor<double>& expected = stores[0].at(tensor.name);
    ensure(other->second.extents() == expected.extents(), "a transformation changed the shape of an output");
    for (std::int64_t i = 0; i < expected.size(); ++i) {
      const double got = other->second.data()[i], wanted = expected.data()[i];
      // Infinities of one sign are equal; a NaN in both is not known to be.
      if (!std::isfinite(wanted) && (got == wanted || (std::isnan(got) && std::isnan(wanted)))) {
        ++equivalence.not_finite;
        continue;
      }
      ++equivalence.values;
      const double error = error_of(got, wanted);
      if (error > equivalence.largest_error) {
        equivalence.largest_error = error;
        equivalence.where = tensor.name;
      }
    }
  }
  return equivalence;
}

}  // namespace einloom::transforms
