// SPDX-License-Identifier: Apache-2.0
// The evaluator in fp64 as the reference of a check: for cascades and shapes that have no hand-written kernel.
#pragma once

#include <utility>

#include "einsum/evaluator.hpp"
#include "sim/execute.hpp"

namespace einloom::test {

// The cascade must outlive the function.
inline ReferenceFunction evaluator_of(const Cascade& cascade) {
  return [&cascade](const TensorStore<double>& inputs, const Shape& shape) {
    TensorStore<double> store = inputs, outputs;
    evaluate<double>(cascade, shape, Precision{Dtype::fp64}, store);
    for (const TensorDecl& tensor : cascade.tensors()) {
      if (tensor.role == TensorRole::output) outputs.emplace(tensor.name, std::move(store.at(tensor.name)));
    }
    return outputs;
  };
}

}  // namespace einloom::test
