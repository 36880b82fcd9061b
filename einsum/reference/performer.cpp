// SPDX-License-Identifier: Apache-2.0
// FAVOR+ (arXiv 2009.14794): positive random features of given directions, weights query · key.
#include <algorithm>
#include <cmath>

#include "einsum/reference/choices.hpp"
#include "einsum/reference/feature_attention.hpp"
#include "einsum/reference/kernels.hpp"

namespace einloom::reference {
namespace {

// Projections of x · E^(-1/4), and half the squared length of that.
struct Projected {
  Matrix onto;
  Row half_square;
};

Projected projected(Matrix rows, const Matrix& directions) {
  Projected result;
  for (Row& row : rows) {
    for (double& x : row) x *= std::pow(static_cast<double>(row.size()), -0.25);
    result.half_square.push_back(dot(row, row) / 2);
  }
  result.onto = scores(rows, directions);
  return result;
}

double largest(const Row& row) { return *std::max_element(row.begin(), row.end()); }

Row features(const Row& onto, double half_square, double maximum, double epsilon) {
  Row result;
  for (const double x : onto)
    result.push_back((std::exp(x - half_square - maximum) + epsilon) / std::sqrt(static_cast<double>(onto.size())));
  return result;
}

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const HeadInputs in = head_inputs(inputs);
  const Seen seen = seen_keys(setting);
  const double epsilon = constant_or(setting, "EPS", 1e-4);
  const auto& om = reference_input(inputs, "OM");
  expect_extents(om, "OM", {om.extents().at(0), in.e});
  const Matrix directions = matrix_at(om);
  return {{"O", each_head(in.output_ranks(), in.batch, in.heads, [&](std::int64_t b, std::int64_t h) {
             const Projected q = projected(matrix_at(in.q, b, h), directions);
             const Projected k = projected(matrix_at(in.k, b, h), directions);
             double over_keys = -HUGE_VAL;
             for (const Row& row : k.onto) over_keys = std::fmax(over_keys, largest(row));
             Matrix queries, keys;
             for (std::size_t p = 0; p < q.onto.size(); ++p)
               queries.push_back(features(q.onto[p], q.half_square[p], largest(q.onto[p]), epsilon));
             for (std::size_t m = 0; m < k.onto.size(); ++m)
               keys.push_back(features(k.onto[m], k.half_square[m], over_keys, epsilon));
             return feature_attention(queries, keys, matrix_at(in.v, b, h), seen,
                                      [](double sum) { return std::fabs(sum) <= 1e-6 ? sum + 2e-6 : sum; });
           })}};
}

}  // namespace

std::vector<ReferenceKernel> performer_kernels() {
  return {{"performer",
           "Q[B,H,P,E], K[B,H,M,E], V[B,H,M,F], directions OM[R,E] → O[B,H,P,F]; form full or causal, EPS 1e-4",
           {"K", "OM", "Q", "V"},
           {{"O", {"B", "H", "P", "F"}}},
           &run}};
}

}  // namespace einloom::reference
