// SPDX-License-Identifier: Apache-2.0
// Attention to the keys that a low-rank predictor with sparse coefficients and a sparse basis ranks highest for each
// query (Sparsifiner, CVPR 2023), step by step on dense matrices.
#include <cmath>

#include "base/diagnostic.hpp"
#include "einsum/reference/attention_rows.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/top_k.hpp"

namespace einloom::reference {
namespace {

// X·W + bias for the rows of one head.
Row projected(Values x, const Tensor<double>& weight, const Tensor<double>& bias) {
  const std::int64_t inner = weight.extents()[0], columns = weight.extents()[1];
  Row result;
  for (std::int64_t n = 0; n < static_cast<std::int64_t>(x.size()) / inner; ++n) {
    const Row row = weighted_sum(copy(row_of(x, n, static_cast<std::size_t>(inner))),
                                 {weight.data(), static_cast<std::size_t>(weight.size())}, columns);
    for (std::int64_t c = 0; c < columns; ++c) result.push_back(row[static_cast<std::size_t>(c)] + bias(c));
  }
  return result;
}

// Keeps the k largest, or those above a threshold; the others become 0.
void keep(Row& row, bool by_rank, std::int64_t k, double threshold) {
  Row kept(row.size(), 0);
  if (by_rank) {
    for (const std::int64_t i : top_k(row, k)) kept[static_cast<std::size_t>(i)] = row[static_cast<std::size_t>(i)];
  } else {
    for (std::size_t i = 0; i < row.size(); ++i) kept[i] = row[i] > threshold ? row[i] : 0;
  }
  row = kept;
}

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const auto& q = reference_input(inputs, "Q");
  const auto& k = reference_input(inputs, "K");
  const auto& v = reference_input(inputs, "V");
  const auto& wq = reference_input(inputs, "WQ");
  const auto& wk = reference_input(inputs, "WK");
  const auto& bq = reference_input(inputs, "BQ");
  const auto& bk = reference_input(inputs, "BK");
  const auto& down = reference_input(inputs, "PN");
  const auto& basis = reference_input(inputs, "PB");
  const std::int64_t heads = q.extents().at(0), tokens = q.extents().at(1), e_extent = q.extents().at(2);
  const std::int64_t f_extent = v.extents().at(2), c_extent = wq.extents().at(1), l_extent = down.extents().at(1);
  expect_extents(k, "K", {heads, tokens, e_extent});
  expect_extents(v, "V", {heads, tokens, f_extent});
  for (const auto* weight : {&wq, &wk}) expect_extents(*weight, "WQ or WK", {e_extent, c_extent});
  for (const auto* bias : {&bq, &bk}) expect_extents(*bias, "BQ or BK", {c_extent});
  expect_extents(down, "PN", {tokens, l_extent});
  expect_extents(basis, "PB", {tokens, l_extent});
  const bool rank_coefficients = choice(setting, "coefficients", {"top_k", "threshold"}) == "top_k";
  const bool rank_keys = choice(setting, "mask", {"top_k", "threshold"}) == "top_k";
  const std::int64_t kept_coefficients = extent_or(setting, "KL", 8),
                     kept_keys = extent_or(setting, "KM", (tokens + 3) / 4);
  const double least_coefficient = rank_coefficients ? 0 : setting.constant("COEFFICIENTTHRESHOLD");
  const double least_basis = constant_or(setting, "BASISTHRESHOLD", 0.02);
  const double least_score = constant_or(setting, "MASKTHRESHOLD", 1e-4);
  const auto c_size = static_cast<std::size_t>(c_extent);

  Row sparse_basis;  // [L,M]
  for (std::int64_t l = 0; l < l_extent; ++l) {
    for (std::int64_t m = 0; m < tokens; ++m) {
      const double size = std::fabs(basis(m, l));
      sparse_basis.push_back(size > least_basis ? size : 0);
    }
  }
  Tensor<double> o({"H", "P", "F"}, {heads, tokens, f_extent}), mask({"H", "P", "M"}, {heads, tokens, tokens});
  Tensor<double> predicted({"H", "P", "M"}, {heads, tokens, tokens});
  for (std::int64_t h = 0; h < heads; ++h) {
    const Row qc = projected(part(q, h), wq, bq), kc = projected(part(k, h), wk, bk);
    Row low(static_cast<std::size_t>(l_extent * c_extent), 0);  // [L,C]
    for (std::int64_t l = 0; l < l_extent; ++l) {
      for (std::int64_t n = 0; n < tokens; ++n) {
        for (std::int64_t c = 0; c < c_extent; ++c) {
          low[static_cast<std::size_t>(l * c_extent + c)] +=
              kc[static_cast<std::size_t>(n * c_extent + c)] * down(n, l);
        }
      }
    }
    for (std::int64_t m = 0; m < tokens; ++m) mask(h, 0, m) = 1;
    for (std::int64_t p = 1; p < tokens; ++p) {
      Row coefficients = scores(row_of(qc, p, c_size), low, inverse_root(heads));
      (void)softmax(coefficients);
      keep(coefficients, rank_coefficients, kept_coefficients, least_coefficient);
      const Row row = weighted_sum(coefficients, sparse_basis, tokens);
      store(row, &predicted(h, p, 0));
      if (rank_keys) {
        for (const std::int64_t m : top_k(row, kept_keys)) mask(h, p, m) = 1;
      } else {
        for (std::int64_t m = 0; m < tokens; ++m) mask(h, p, m) = predicted(h, p, m) > least_score ? 1 : 0;
      }
    }
    for (std::int64_t p = 0; p < tokens; ++p) {
      store(attend(part(q, h, p), part(k, h), part(v, h), f_extent, inverse_root(e_extent),
                   [&](std::int64_t m) { return mask(h, p, m) != 0; }),
            &o(h, p, 0));
    }
  }
  return {{"AS", predicted}, {"MK", mask}, {"O", o}};
}

}  // namespace

std::vector<ReferenceKernel> sparsifiner_kernels() {
  return {
      {"sparsifiner",
       "Q[H,P,E], K[H,M,E], V[H,M,F] (P = M, token 0 is the class token), WQ[E,C], WK[E,C], BQ[C], BK[C], PN[M,L], "
       "PB[M,L], coefficients: top_k (KL, 8) or threshold (COEFFICIENTTHRESHOLD), BASISTHRESHOLD (0.02), mask: top_k "
       "(KM, a quarter) or threshold (MASKTHRESHOLD, 1e-4) → AS[H,P,M] (row 0 is 0), MK[H,P,M], O[H,P,F]",
       {"BK", "BQ", "K", "PB", "PN", "Q", "V", "WK", "WQ"},
       {{"AS", {"H", "P", "M"}}, {"MK", {"H", "P", "M"}}, {"O", {"H", "P", "F"}}},
       &run}};
}

}  // namespace einloom::reference
