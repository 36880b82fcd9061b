// SPDX-License-Identifier: Apache-2.0
// Number formats of tensor elements, their size and their rounding (to nearest, ties to even).
// Integers saturate (int8 to [-128, 127], int4 to [-8, 7]; an int4 takes a byte, packing is not modelled) and NaN
// becomes 0; bf16 and fp16 overflow to infinity, keep NaN, and keep subnormals.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.hpp"

namespace einloom {

enum class Dtype { fp64, fp32, bf16, fp16, int8, int4, int32 };

[[nodiscard]] std::string_view name_of(Dtype dtype);
[[nodiscard]] std::optional<Dtype> dtype_named(std::string_view name);
[[nodiscard]] const std::vector<std::string>& dtype_names();
[[nodiscard]] Bytes size_of(Dtype dtype);

// The nearest value of `dtype`, as a double. fp32 rounds like a float conversion; double rounding never happens.
[[nodiscard]] double round_to(Dtype dtype, double value);

// Rounds `count` values in place.
void round_to(Dtype dtype, float* values, std::size_t count);
void round_to(Dtype dtype, double* values, std::size_t count);

// Half the distance between 1 and the next value: the relative error of one rounding. int8: 0.5 (absolute).
[[nodiscard]] double unit_roundoff(Dtype dtype);

}  // namespace einloom
