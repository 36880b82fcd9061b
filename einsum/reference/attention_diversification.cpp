// SPDX-License-Identifier: Apache-2.0
// Attention diversification loss: how alike the rows of attention matrices are to their mean, where they are strong.
#include <cmath>

#include "base/diagnostic.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/matrix.hpp"

namespace einloom::reference {
namespace {

Row strong(Row row, double threshold) {
  for (double& x : row) x = x > threshold ? x : 0;
  return row;
}

double length(const Row& row) { return std::fmax(std::sqrt(dot(row, row)), 1e-8); }

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const auto& a = reference_input(inputs, "A");
  ensure(a.extents().size() == 5 && a.extents()[3] == a.extents()[4], "attention_diversification: A[L,B,H,P,M], P = M");
  const std::int64_t layers = a.extents()[0], batch = a.extents()[1], heads = a.extents()[2], n = a.extents()[3];
  const double threshold = constant_or(setting, "TH", 2) / static_cast<double>(n);
  double loss = 0;
  for (std::int64_t l = 0; l < layers; ++l) {
    for (std::int64_t b = 0; b < batch; ++b) {
      Matrix rows = zeros(n, n);
      Row mean(static_cast<std::size_t>(n), 0);
      for (std::int64_t p = 0; p < n; ++p) {
        for (std::int64_t m = 0; m < n; ++m) {
          double& each = rows[static_cast<std::size_t>(p)][static_cast<std::size_t>(m)];
          for (std::int64_t h = 0; h < heads; ++h) each += a(l, b, h, p, m) / static_cast<double>(heads);
          mean[static_cast<std::size_t>(m)] += each / static_cast<double>(n);
        }
      }
      const Row strong_mean = strong(mean, threshold);
      for (const Row& row : rows) {
        const Row strong_row = strong(row, threshold);
        loss += dot(strong_row, strong_mean) / (length(strong_row) * length(strong_mean));
      }
    }
  }
  return {{"LOSS", scalar_tensor(loss / static_cast<double>(layers * batch * n))}};
}

}  // namespace

std::vector<ReferenceKernel> attention_diversification_kernels() {
  return {{"attention_diversification", "A[L,B,H,P,M] with P = M → LOSS; TH 2", {"A"}, {{"LOSS", {}}}, &run}};
}

}  // namespace einloom::reference
