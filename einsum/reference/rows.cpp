// SPDX-License-Identifier: Apache-2.0
#include "einsum/reference/rows.hpp"

#include <cmath>

#include "base/diagnostic.hpp"

namespace einloom::reference {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double silu(double x) { return x * sigmoid(x); }
double gelu(double x) { return x / 2 * (1 + std::erf(x / std::sqrt(2.0))); }
double softplus(double x) { return std::fmax(x, 0) + std::log1p(std::exp(-std::fabs(x))); }

double softmax(Row& row) {
  double largest = -HUGE_VAL;
  for (const double x : row) largest = std::fmax(largest, x);
  if (largest == -HUGE_VAL) {
    row.assign(row.size(), 0);
    return largest;
  }
  double sum = 0;
  for (double& x : row) sum += x = std::exp(x - largest);
  for (double& x : row) x /= sum;
  return largest + std::log(sum);
}

void layer_norm(Row& row, double epsilon, const Row& gain, const Row& bias) {
  const auto n = static_cast<double>(row.size());
  double mean = 0, variance = 0;
  for (const double x : row) mean += x / n;
  for (const double x : row) variance += (x - mean) * (x - mean) / n;
  for (std::size_t i = 0; i < row.size(); ++i) {
    row[i] = (row[i] - mean) / std::sqrt(variance + epsilon);
    if (!gain.empty()) row[i] *= gain.at(i);
    if (!bias.empty()) row[i] += bias.at(i);
  }
}

void rms_norm(Row& row, double epsilon, const Row& gain) {
  double squares = 0;
  for (const double x : row) squares += x * x / static_cast<double>(row.size());
  for (std::size_t i = 0; i < row.size(); ++i)
    row[i] = row[i] / std::sqrt(squares + epsilon) * (gain.empty() ? 1 : gain.at(i));
}

void l2_normalise(Row& row) {
  const double length = std::sqrt(dot(row, row));
  for (double& x : row) x = length == 0 ? 0 : x / length;
}

double dot(const Row& a, const Row& b) {
  ensure(a.size() == b.size(), "dot of rows of different lengths");
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

void rotate(Row& row, double position, double theta, RotaryPairs pairs, std::int64_t rotated) {
  const std::size_t extent = rotated < 0 ? row.size() : static_cast<std::size_t>(rotated);
  ensure(extent % 2 == 0 && extent <= row.size(), "rotary embedding needs an even number of dimensions");
  for (std::size_t i = 0; i < extent / 2; ++i) {
    const double angle = position * std::pow(theta, -2 * static_cast<double>(i) / static_cast<double>(extent));
    const bool interleaved = pairs == RotaryPairs::interleaved;
    double& a = row[interleaved ? 2 * i : i];
    double& b = row[interleaved ? 2 * i + 1 : i + extent / 2];
    const double x = a, y = b;
    a = x * std::cos(angle) - y * std::sin(angle);
    b = y * std::cos(angle) + x * std::sin(angle);
  }
}

}  // namespace einloom::reference
