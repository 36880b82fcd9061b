// SPDX-License-Identifier: Apache-2.0
// The hand-written kernel a cascade names, ready to take and give the cascade's own tensors.
// Contract: ranks are matched by name, so a cascade may order them differently than the kernel.
#pragma once

#include <functional>

#include "einsum/cascade.hpp"
#include "einsum/evaluator.hpp"

namespace einloom {

using ReferenceFunction = std::function<TensorStore<double>(const TensorStore<double>& inputs, const Shape& shape)>;

// UserError reference-missing when the cascade names no kernel.
[[nodiscard]] ReferenceFunction reference_for(const Cascade& cascade);

}  // namespace einloom
