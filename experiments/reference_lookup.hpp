// SPDX-License-Identifier: Apache-2.0
// The hand-written kernel a cascade names, ready to take and give the cascade's own tensors.
// Contract: ranks are matched by name, so a cascade may order them differently than the kernel.
#pragma once

#include "einsum/cascade.hpp"
#include "einsum/reference/reference.hpp"
#include "sim/execute.hpp"

namespace einloom {

// What a kernel is told besides its tensors.
[[nodiscard]] ReferenceSetting reference_setting(const Cascade& cascade, const Shape& shape);

// UserError reference-missing when the cascade names no kernel; the function throws UserError reference-mismatch when
// the kernel takes or gives other tensors.
[[nodiscard]] ReferenceFunction reference_for(const Cascade& cascade);

}  // namespace einloom
