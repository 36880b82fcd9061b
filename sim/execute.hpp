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
#include "sim/report.hpp"

namespace einloom {

struct CheckOptions {
  Dtype dtype = Dtype::fp32;
  std::uint64_t seed = 1;
  Fidelity fidelity = Fidelity::cycle;                    // or pe: values move between PEs
  double input_scale = 1;                                 // multiplies Q (scores ×40 with 40)
  std::int64_t operation_budget = std::int64_t{1} << 29;  // the shape is clipped (fewer b, h, then P, M) to stay below
};

// Stepping every PE with values takes longer: the budget for that.
inline constexpr std::int64_t kPeCheckBudget = std::int64_t{1} << 22;

// Inputs by name → outputs by name, all fp64 (the hand-written kernel).
using ReferenceFunction = std::function<TensorStore<double>(const TensorStore<double>& inputs, const Shape& shape)>;

// The workload clipped to the budget; tiles keep their size where the extents allow.
[[nodiscard]] Shape clip_for_check(const Cascade& cascade, const Machine& machine, const Plan& plan,
                                   const Shape& workload, const CheckOptions& options, const Span& where);

// Lowers, simulates without fast-forward, executes, compares.
[[nodiscard]] CheckReport check_values(const Cascade& cascade, const Machine& machine, const Plan& plan,
                                       const Shape& workload, const ReferenceFunction& reference,
                                       const CheckOptions& options, const Span& where);

}  // namespace einloom
