// SPDX-License-Identifier: Apache-2.0
// A plan for a cascade that nobody wrote one for: derived from its Einsums, the extents and the machine's arrays and
// memory. The same answer for the same question; nothing is searched. What it does is in mappings/README.md.
#pragma once

#include <string>

#include "arch/machine.hpp"
#include "base/dtype.hpp"
#include "einsum/cascade.hpp"
#include "mappings/plan.hpp"

namespace einloom {

inline const std::string kDefaultPlan = "default";  // its name wherever a plan is named

// Legal for `workload` and every smaller one. Its spans are `where`. UserError: what Cascade::bind finds,
// default-plan-no-array (no array has an Einsum's operations), default-plan-no-memory.
[[nodiscard]] Plan default_plan(const Cascade& cascade, const Machine& machine, const Shape& workload, Dtype dtype,
                                const Span& where);

}  // namespace einloom
