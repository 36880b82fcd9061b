// SPDX-License-Identifier: Apache-2.0
// What many kernels do to one number or one row, in fp64. Rows are changed in place.
#pragma once

#include <cstdint>
#include <vector>

namespace einloom::reference {

using Row = std::vector<double>;

[[nodiscard]] double sigmoid(double x);   // 1 / (1 + exp(-x))
[[nodiscard]] double silu(double x);      // x · sigmoid(x)
[[nodiscard]] double gelu(double x);      // x/2 · (1 + erf(x/√2))
[[nodiscard]] double softplus(double x);  // log(1 + exp(x)), without overflow

// exp(x - largest) / sum; a row of -inf (or an empty one) becomes 0. Returns the row's log-sum-exp (-inf when all is).
double softmax(Row& row);
// (x - mean) / sqrt(variance + epsilon) · gain + bias, the variance over n; empty gain is 1, empty bias is 0.
void layer_norm(Row& row, double epsilon, const Row& gain = {}, const Row& bias = {});
// x / sqrt(mean of squares + epsilon) · gain; empty gain is 1.
void rms_norm(Row& row, double epsilon, const Row& gain = {});
// x / sqrt(sum of squares); 0 stays 0.
void l2_normalise(Row& row);
[[nodiscard]] double dot(const Row& a, const Row& b);

// Rotary embedding of one vector at `position`: pair i turns by position · theta^(-2i/E), over the first `rotated`
// dimensions (all when negative). interleaved pairs (2i, 2i+1), half_split pairs (i, i + rotated/2).
enum class RotaryPairs { interleaved, half_split };
void rotate(Row& row, double position, double theta, RotaryPairs pairs, std::int64_t rotated = -1);

}  // namespace einloom::reference
