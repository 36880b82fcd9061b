// SPDX-License-Identifier: Apache-2.0
// EcoFormer: tokens hashed to signs by kernels around anchors, weights from the codes' agreement.
#include <cmath>

#include "base/diagnostic.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/matrix.hpp"

namespace einloom::reference {
namespace {

// What the sign is taken of, before it is: kernels of the distances to the anchors, centred and projected.
Matrix hashed(Matrix tokens, const Matrix& anchors, const Matrix& hashes, const Row& centre) {
  Matrix distance;
  double mean = 0;
  for (Row& token : tokens) {
    l2_normalise(token);
    distance.emplace_back();
    for (const Row& anchor : anchors) {
      double square = 0;
      for (std::size_t e = 0; e < anchor.size(); ++e) square += (token[e] - anchor[e]) * (token[e] - anchor[e]);
      distance.back().push_back(square);
      mean += square / static_cast<double>(tokens.size() * anchors.size());
    }
  }
  for (Row& row : distance)
    for (std::size_t a = 0; a < row.size(); ++a) row[a] = std::exp(-row[a] / (2 * mean)) - centre[a];
  return scores(distance, hashes);
}

int agreement(const Row& a, const Row& b) {
  int sum = 0;
  for (std::size_t j = 0; j < a.size(); ++j) sum += (a[j] < 0) == (b[j] < 0) ? 1 : -1;
  return sum;
}

// The smallest power of two above `bits`, so that no weight is below 1.
double usual_bias(std::int64_t bits) {
  double bias = 1;
  while (bias <= static_cast<double>(bits)) bias *= 2;
  return bias;
}

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const auto &x = reference_input(inputs, "X"), &v = reference_input(inputs, "V");
  const auto &anchors = reference_input(inputs, "AN"), &hashes = reference_input(inputs, "HA"),
             &centres = reference_input(inputs, "MV");
  ensure(x.extents().size() == 4 && v.extents().size() == 4 && hashes.extents().size() == 3,
         "ecoformer: X and V have four ranks, HA three");
  const std::int64_t batch = x.extents()[0], heads = x.extents()[1], bits = hashes.extents()[1],
                     kernels = hashes.extents()[2];
  expect_extents(v, "V", {batch, heads, x.extents()[2], v.extents()[3]});
  expect_extents(anchors, "AN", {heads, kernels, x.extents()[3]});
  expect_extents(hashes, "HA", {heads, bits, kernels});
  expect_extents(centres, "MV", {heads, kernels});
  const bool own = choice(setting, "bias_mode", {"sum_v", "own_v"}) == "own_v";
  const double bias = constant_or(setting, "C0", usual_bias(bits));
  ReferenceTensors outputs;
  outputs["HR"] = each_head(
      {x.ranks()[0], x.ranks()[1], x.ranks()[2], hashes.ranks()[1]}, batch, heads, [&](std::int64_t b, std::int64_t h) {
        return hashed(matrix_at(x, b, h), matrix_at(anchors, h), matrix_at(hashes, h), row_at(centres, h));
      });
  outputs["O"] = each_head({x.ranks()[0], x.ranks()[1], x.ranks()[2], v.ranks()[3]}, batch, heads,
                           [&](std::int64_t b, std::int64_t h) {
                             const Matrix code = matrix_at(outputs["HR"], b, h), values = matrix_at(v, b, h);
                             Matrix out = zeros(x.extents()[2], v.extents()[3]);
                             for (std::size_t p = 0; p < code.size(); ++p) {
                               double sum = 0;
                               for (std::size_t m = 0; m < code.size(); ++m) {
                                 const double weight = agreement(code[p], code[m]) + bias;
                                 sum += weight;
                                 for (std::size_t f = 0; f < out[p].size(); ++f)
                                   out[p][f] += (own ? weight - bias : weight) * values[m][f];
                               }
                               for (std::size_t f = 0; f < out[p].size(); ++f) {
                                 if (own) out[p][f] += bias * values[p][f];
                                 out[p][f] = sum == 0 ? 0 : out[p][f] / sum;
                               }
                             }
                             return out;
                           });
  return outputs;
}

}  // namespace

std::vector<ReferenceKernel> ecoformer_kernels() {
  return {
      {"ecoformer",
       "X[B,H,N,E], V[B,H,N,F], anchors AN[H,A,E], hashes HA[H,J,A], centres MV[H,A] → HR[B,H,N,J] (its sign is the "
       "code, that of 0 is +), O[B,H,N,F]; bias_mode sum_v or own_v, C0 the smallest power of 2 above J",
       {"AN", "HA", "MV", "V", "X"},
       {{"HR", {"B", "H", "N", "J"}}, {"O", {"B", "H", "N", "F"}}},
       &run}};
}

}  // namespace einloom::reference
