// SPDX-License-Identifier: Apache-2.0
// Carries values through the simulated schedule: every tile operation computes its box in the order the machine started
// it, every buffer slot that is reused is poisoned first, and the outputs are compared with an fp64 reference kernel.
// Values that go to a memory are rounded to their dtype; registers and sums are wider (fp64 for fp32, fp32 for bf16).
#pragma once

#include <cstdint>
#include <functional>

#include "arch/machine.hpp"
#include "base/dtype.hpp"
#include "einsum/cascade.hpp"
#include "einsum/evaluator.hpp"
#include "mappings/plan.hpp"
#include "sim/check_shape.hpp"
#include "sim/report.hpp"

namespace einloom {

// Inputs by name → outputs by name, all fp64 (the hand-written kernel).
using ReferenceFunction = std::function<TensorStore<double>(const TensorStore<double>& inputs, const Shape& shape)>;

// Clips the workload (sim/check_shape), lowers, simulates without fast-forward, executes, compares. Extents of some
// cascades depend on each other in ways that only their kernels know: when the kernel refuses a clipped shape, all
// ranks are cut together, then one rank or two, then all but two or one keep their extent. UserError of the first shape
// when none is accepted.
[[nodiscard]] CheckReport check_values(const Cascade& cascade, const Machine& machine, const Plan& plan,
                                       const Shape& workload, const ReferenceFunction& reference,
                                       const CheckOptions& options, const Span& where);

}  // namespace einloom
