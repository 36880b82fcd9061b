// SPDX-License-Identifier: Apache-2.0
// Hedgehog (arXiv 2402.04347): features are exponentials of a learned projection and of its negative.
#include <algorithm>
#include <cmath>

#include "einsum/reference/choices.hpp"
#include "einsum/reference/feature_attention.hpp"
#include "einsum/reference/kernels.hpp"

namespace einloom::reference {
namespace {

Row joined(Row a, const Row& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Row times_each(Row row, double by) {
  for (double& x : row) x *= by;
  return row;
}

Row features(const Row& x, const std::string& map) {
  Row up = x, down = times_each(x, -1);
  if (map == "sm") {
    softmax(up);
    softmax(down);
    Row all = joined(up, down);
    for (double& each : all) each = std::fmax(each, 1e-12);
    return all;
  }
  if (map == "joint") {
    Row all = joined(times_each(x, 2), times_each(x, -2));
    softmax(all);
    return all;
  }
  const double largest = map == "expmax" ? *std::max_element(x.begin(), x.end()) : 0;
  const double smallest = map == "expmax" ? *std::min_element(x.begin(), x.end()) : 0;
  for (double& each : up) each = std::exp(each - largest);
  for (double& each : down) each = std::exp(smallest + each);
  return joined(up, down);
}

Matrix projected(const Matrix& rows, const Matrix& weights, const Tensor<double>* bias, std::int64_t h,
                 const std::string& map) {
  Matrix result;
  for (const Row& row : rows) {
    Row x = times(row, weights);
    if (bias) add(x, row_at(*bias, h));
    result.push_back(features(x, map));
  }
  return result;
}

ReferenceTensors attention(const ReferenceTensors& inputs, const HeadInputs& in, const ReferenceSetting& setting,
                           const Seen& seen) {
  const auto &wq = reference_input(inputs, "WQ"), &wk = reference_input(inputs, "WK");
  expect_extents(wq, "WQ", {in.heads, in.e, wq.extents().back()});
  expect_extents(wk, "WK", wq.extents());
  const Tensor<double>*bq = optional_input(inputs, "BQ"), *bk = optional_input(inputs, "BK");
  for (const Tensor<double>* bias : {bq, bk}) {
    if (bias) expect_extents(*bias, "BQ or BK", {in.heads, wq.extents().back()});
  }
  const std::string map = choice(setting, "feature_map", {"sm", "exp", "expmax", "joint"});
  const double epsilon = constant_or(setting, "EPS", 1e-12);
  return {{"O", each_head(in.output_ranks(), in.batch, in.heads, [&](std::int64_t b, std::int64_t h) {
             return feature_attention(projected(matrix_at(in.q, b, h), matrix_at(wq, h), bq, h, map),
                                      projected(matrix_at(in.k, b, h), matrix_at(wk, h), bk, h, map),
                                      matrix_at(in.v, b, h), seen, [&](double sum) { return sum + epsilon; });
           })}};
}

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  return attention(inputs, head_inputs(inputs), setting, {});
}
ReferenceTensors run_causal(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  return attention(inputs, token_inputs(inputs), setting, causal);
}

}  // namespace

std::vector<ReferenceKernel> hedgehog_kernels() {
  const std::vector<std::string> inputs{"BK", "BQ", "K", "Q", "V", "WK", "WQ"};
  const std::string settings = "; feature_map sm, exp, expmax or joint, EPS 1e-12";
  return {{"hedgehog",
           "Q[B,H,P,E], K[B,H,M,E], V[B,H,M,F], WQ[H,E,D], WK[H,E,D], BQ[H,D] and BK[H,D] when given → O[B,H,P,F]" +
               settings,
           inputs,
           {{"O", {"B", "H", "P", "F"}}},
           &run},
          {"hedgehog_causal",
           "the same with P = M, both named T; token t sees tokens 0 to t" + settings,
           inputs,
           {{"O", {"B", "H", "T", "F"}}},
           &run_causal}};
}

}  // namespace einloom::reference
