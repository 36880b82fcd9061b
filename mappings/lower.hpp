// SPDX-License-Identifier: Apache-2.0
// cascade + machine + plan + shape → Program. The pipeline in one function; every legality error is found here.
#pragma once

#include <cstdint>
#include <optional>

#include "arch/machine.hpp"
#include "base/dtype.hpp"
#include "einsum/cascade.hpp"
#include "mappings/plan.hpp"
#include "mappings/program.hpp"

namespace einloom {

// `workload` gives the extents of the cascade's ranks (and may set its parameters); `where` is blamed for missing ones.
// With a seed, plans that skip tiles without points skip those that data known before the run leaves empty, too
// (einsum/known_data), drawn as check_values draws it; without one these are issued.
// UserError collects every legality error.
[[nodiscard]] Program lower(const Cascade& cascade, const Machine& machine, const Plan& plan, const Shape& workload,
                            Dtype dtype, const Span& where, std::optional<std::uint64_t> seed = std::nullopt);

}  // namespace einloom
