// SPDX-License-Identifier: Apache-2.0
// Values of a simulated point against the hand-written kernel of its cascade (`run --check`).
// Contract: the kernel is the one the cascade names by `reference`; inputs depend on the seed alone.
#pragma once

#include <cstdint>

#include "experiments/point.hpp"
#include "sim/execute.hpp"

namespace einloom {

[[nodiscard]] CheckOptions check_options(Dtype dtype, std::uint64_t seed, double input_scale);

// Simulated order against the kernel, at `shape`. UserError reference-missing when the cascade names no kernel.
[[nodiscard]] CheckReport check_point(const Point& point, const Shape& shape, const CheckOptions& options);

}  // namespace einloom
