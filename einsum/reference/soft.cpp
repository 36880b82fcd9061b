// SPDX-License-Identifier: Apache-2.0
// SOFT (arXiv 2110.11945): Gaussian kernels between tokens and pooled tokens, and the Newton iteration that inverts the
// kernel among the pooled ones. The iteration is run as often as asked, not replaced by an exact inverse.
#include <cmath>

#include "base/diagnostic.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/image.hpp"
#include "einsum/reference/kernels.hpp"

namespace einloom::reference {
namespace {

// One head of one batch.
struct Head {
  Matrix kernel;    // tokens x pooled
  Matrix inverted;  // pooled x pooled: what is inverted, without the ridge
};

Matrix gaussian(const Matrix& a, const Matrix& b) {
  Matrix result;
  for (const Row& x : a) {
    result.emplace_back();
    for (const Row& y : b) {
      double square = 0;
      for (std::size_t e = 0; e < x.size(); ++e) square += (x[e] - y[e]) * (x[e] - y[e]);
      result.back().push_back(std::exp(-square / 2));
    }
  }
  return result;
}

// Convolution with stride = side of the window, then layer norm and gelu.
Matrix pooled(const Matrix& tokens, const Grid& grid, const Tensor<double>& weights, const Row& gain, const Row& bias,
              double epsilon) {
  const std::int64_t e = weights.extents()[0], side = weights.extents()[2];
  Matrix result;
  for (std::int64_t y = 0; y < grid.y / side; ++y) {
    for (std::int64_t x = 0; x < grid.x / side; ++x) {
      Row row(static_cast<std::size_t>(e), 0);
      for (std::int64_t to = 0; to < e; ++to)
        for (std::int64_t from = 0; from < e; ++from)
          for (std::int64_t u = 0; u < side; ++u)
            for (std::int64_t v = 0; v < side; ++v)
              row[static_cast<std::size_t>(to)] +=
                  tokens[grid.token(y * side + u, x * side + v)][static_cast<std::size_t>(from)] *
                  weights(to, from, u, v);
      layer_norm(row, epsilon, gain, bias);
      for (double& each : row) each = gelu(each);
      result.push_back(row);
    }
  }
  return result;
}

Row row_sums(const Matrix& a) {
  Row sums;
  for (const Row& row : a) {
    sums.push_back(0);
    for (const double x : row) sums.back() += x;
  }
  return sums;
}

double largest_row_sum(const Matrix& a) {
  double largest = 0;
  for (const double sum : row_sums(a)) largest = std::fmax(largest, sum);
  return largest;
}

// ‖I - factor · a · a‖, the largest sum of magnitudes in a column.
double residual(const Matrix& a, double factor) {
  const Matrix square = times(a, a);
  double largest = 0;
  for (std::size_t j = 0; j < a.size(); ++j) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += std::fabs((i == j ? 1 : 0) - factor * square[i][j]);
    largest = std::fmax(largest, sum);
  }
  return largest;
}

// Newton's iteration for the inverse of a, from factor · a.
Matrix inverse(const Matrix& a, double factor, std::int64_t iterations) {
  Matrix z = a;
  for (Row& row : z)
    for (double& x : row) x *= factor;
  for (std::int64_t i = 0; i < iterations; ++i) {
    const Matrix zaz = times(times(z, a), z);
    for (std::size_t r = 0; r < z.size(); ++r)
      for (std::size_t c = 0; c < z.size(); ++c) z[r][c] = 2 * z[r][c] - zaz[r][c];
  }
  return z;
}

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const auto &q = reference_input(inputs, "Q"), &v = reference_input(inputs, "V"),
             &conv = reference_input(inputs, "WC"), &local = reference_input(inputs, "DW");
  ensure(
      q.extents().size() == 4 && v.extents().size() == 4 && conv.extents().size() == 4 && local.extents().size() == 3,
      "soft: Q, V and WC have four ranks, DW three");
  const std::int64_t batch = q.extents()[0], heads = q.extents()[1], n = q.extents()[2], e = q.extents()[3];
  const Grid grid = grid_of(setting, n);
  expect_extents(v, "V", {batch, heads, n, v.extents()[3]});
  expect_extents(conv, "WC", {e, e, conv.extents()[2], conv.extents()[2]});
  expect_extents(local, "DW", {heads, local.extents()[1], local.extents()[1]});
  ensure(grid.y % conv.extents()[2] == 0 && grid.x % conv.extents()[2] == 0, "soft: windows of WC tile the image");
  const Tensor<double>*gain = optional_input(inputs, "LNG"), *bias = optional_input(inputs, "LNB");
  for (const Tensor<double>* each : {gain, bias}) {
    if (each) expect_extents(*each, "LNG or LNB", {e});
  }
  const std::string mode = choice(setting, "mode", {"soft", "paper", "norm"});
  const double kappa = constant_or(setting, "KAPPA", mode == "soft" ? 0.9 : 1);
  const double ridge = constant_or(setting, "LAMBDA", mode == "soft" ? 0.01 : 0);
  const std::int64_t iterations = extent_or(setting, "ITER", 20);

  std::vector<Head> all;
  double largest = 0;
  for (std::int64_t b = 0; b < batch; ++b) {
    for (std::int64_t h = 0; h < heads; ++h) {
      Matrix tokens = matrix_at(q, b, h);
      for (Row& row : tokens)
        for (double& x : row) x *= std::pow(static_cast<double>(e), -0.25);
      const Matrix few = pooled(tokens, grid, conv, gain ? row_at(*gain) : Row{}, bias ? row_at(*bias) : Row{},
                                constant_or(setting, "EPS", 1e-5));
      all.push_back({gaussian(tokens, few), gaussian(few, few)});
      largest = std::fmax(largest, largest_row_sum(all.back().inverted));
    }
  }
  // With `norm` all heads start from one factor, halved while a head's first residual is large.
  double shared = kappa * 2 / (largest * largest);
  for (int halved = 0; mode == "norm" && halved < 10; ++halved) {
    double worst = 0;
    for (const Head& head : all) worst = std::fmax(worst, residual(head.inverted, shared));
    if (worst <= 1.01) break;
    shared /= 2;
  }

  const auto head_at = [&](std::int64_t b, std::int64_t h) -> const Head& {
    return all[static_cast<std::size_t>(b * heads + h)];
  };
  ReferenceTensors outputs;
  outputs["PK"] = each_head({q.ranks()[0], q.ranks()[1], q.ranks()[2], "A"}, batch, heads,
                            [&](std::int64_t b, std::int64_t h) { return head_at(b, h).kernel; });
  outputs["AK"] = each_head({q.ranks()[0], q.ranks()[1], "A", "C"}, batch, heads,
                            [&](std::int64_t b, std::int64_t h) { return head_at(b, h).inverted; });
  outputs["O"] = each_head({q.ranks()[0], q.ranks()[1], q.ranks()[2], v.ranks()[3]}, batch, heads,
                           [&](std::int64_t b, std::int64_t h) {
                             const Head& head = head_at(b, h);
                             const Matrix values = matrix_at(v, b, h);
                             Matrix ridged = head.inverted;
                             for (std::size_t a = 0; a < ridged.size(); ++a) ridged[a][a] += ridge;
                             const double own = kappa * 2 / std::pow(largest_row_sum(head.inverted), 2);
                             Matrix z = inverse(ridged, mode == "norm" ? shared : own, iterations);
                             const Row sums = row_sums(head.inverted);
                             for (std::size_t a = 0; mode == "norm" && a < z.size(); ++a)
                               for (std::size_t c = 0; c < z.size(); ++c) z[a][c] /= std::sqrt(sums[a] * sums[c]);
                             Matrix out = times(head.kernel, times(z, times(transposed(head.kernel), values)));
                             for (std::int64_t y = 0; y < grid.y; ++y)
                               for (std::int64_t x = 0; x < grid.x; ++x)
                                 for (std::size_t f = 0; f < values[0].size(); ++f)
                                   out[grid.token(y, x)][f] += window_sum(values, grid, y, x, f, matrix_at(local, h));
                             return out;
                           });
  return outputs;
}

}  // namespace

std::vector<ReferenceKernel> soft_kernels() {
  return {
      {"soft",
       "Q[B,H,N,E], V[B,H,N,F] of Y x X tokens, WC[E,E,R,R], DW[H,I,J], LNG[E] and LNB[E] when given → PK[B,H,N,A], "
       "AK[B,H,A,C], O[B,H,N,F]; mode soft, paper or norm, ITER 20, EPS 1e-5, KAPPA and LAMBDA as the mode says",
       {"DW", "LNB", "LNG", "Q", "V", "WC"},
       {{"AK", {"B", "H", "A", "C"}}, {"O", {"B", "H", "N", "F"}}, {"PK", {"B", "H", "N", "A"}}},
       &run}};
}

}  // namespace einloom::reference
