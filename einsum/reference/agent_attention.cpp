// SPDX-License-Identifier: Apache-2.0
// Agent attention (arXiv 2312.08874): pooled queries gather the values, and the queries read what they gathered.
#include <cmath>

#include "einsum/reference/choices.hpp"
#include "einsum/reference/image.hpp"
#include "einsum/reference/kernels.hpp"

namespace einloom::reference {
namespace {

// Agent (i, j) is the mean of the rows from floor(i·Y/side) to below ceil((i+1)·Y/side), the same along x.
Matrix pooled(const Matrix& tokens, const Grid& grid, std::int64_t side) {
  Matrix agents;
  for (std::int64_t i = 0; i < side; ++i) {
    for (std::int64_t j = 0; j < side; ++j) {
      Row mean(tokens[0].size(), 0);
      double count = 0;
      for (std::int64_t y = i * grid.y / side; y < ((i + 1) * grid.y + side - 1) / side; ++y) {
        for (std::int64_t x = j * grid.x / side; x < ((j + 1) * grid.x + side - 1) / side; ++x) {
          add(mean, tokens[grid.token(y, x)]);
          count += 1;
        }
      }
      for (double& each : mean) each /= count;
      agents.push_back(mean);
    }
  }
  return agents;
}

Matrix weights(const Matrix& from, const Matrix& to, double scale, const Matrix* bias) {
  Matrix score = scores(from, to);
  for (std::size_t i = 0; i < score.size(); ++i)
    for (std::size_t j = 0; j < score[i].size(); ++j) score[i][j] = score[i][j] * scale + (bias ? (*bias)[i][j] : 0);
  return softmax_weights(score);
}

// Agents from the image of queries, position biases, and a 3x3 convolution of V.
ReferenceTensors on_image(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const HeadInputs in = token_inputs(inputs);
  const Grid grid = grid_of(setting, in.queries);
  const auto &b1 = reference_input(inputs, "B1"), &b2 = reference_input(inputs, "B2");
  const auto &kernel = reference_input(inputs, "WDW"), &kernel_bias = reference_input(inputs, "BDW");
  const auto side = static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(b1.extents().at(1)))));
  expect_extents(b1, "B1", {in.heads, side * side, in.keys});
  expect_extents(b2, "B2", {in.heads, in.queries, side * side});
  expect_extents(kernel, "WDW", {in.heads, in.f, 3, 3});
  expect_extents(kernel_bias, "BDW", {in.heads, in.f});
  const double scale = 1 / std::sqrt(static_cast<double>(in.e));
  return {{"O", each_head(in.output_ranks(), in.batch, in.heads, [&](std::int64_t b, std::int64_t h) {
             const Matrix queries = matrix_at(in.q, b, h), values = matrix_at(in.v, b, h);
             const Matrix agents = pooled(queries, grid, side), to_keys = matrix_at(b1, h),
                          to_agents = matrix_at(b2, h);
             const Matrix gathered = times(weights(agents, matrix_at(in.k, b, h), scale, &to_keys), values);
             Matrix out = times(weights(queries, agents, scale, &to_agents), gathered);
             for (std::int64_t y = 0; y < grid.y; ++y)
               for (std::int64_t x = 0; x < grid.x; ++x)
                 for (std::int64_t f = 0; f < in.f; ++f)
                   out[grid.token(y, x)][static_cast<std::size_t>(f)] +=
                       window_sum(values, grid, y, x, static_cast<std::size_t>(f), matrix_at(kernel, h, f)) +
                       kernel_bias(h, f);
             return out;
           })}};
}

// Agents are given; no biases; the second scale is E^(-0.3), and a part of V is added.
ReferenceTensors with_given_agents(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const HeadInputs in = token_inputs(inputs);
  const auto& given = reference_input(inputs, "AG");
  expect_extents(given, "AG", {in.batch, in.heads, given.extents().at(2), in.e});
  const double extent = static_cast<double>(in.e), part = constant_or(setting, "VSCALE", 0.075);
  const double exponent = constant_or(setting, "KEXP", 0.3);
  return {{"O", each_head(in.output_ranks(), in.batch, in.heads, [&](std::int64_t b, std::int64_t h) {
             const Matrix agents = matrix_at(given, b, h), values = matrix_at(in.v, b, h);
             const Matrix gathered =
                 times(weights(agents, matrix_at(in.k, b, h), 1 / std::sqrt(extent), nullptr), values);
             Matrix out = times(weights(matrix_at(in.q, b, h), agents, std::pow(extent, -exponent), nullptr), gathered);
             for (std::size_t p = 0; p < out.size(); ++p)
               for (std::size_t f = 0; f < out[p].size(); ++f) out[p][f] += part * values[p][f];
             return out;
           })}};
}

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  return choice(setting, "agents", {"pooled", "given"}) == "given" ? with_given_agents(inputs, setting)
                                                                   : on_image(inputs, setting);
}

}  // namespace

std::vector<ReferenceKernel> agent_attention_kernels() {
  return {{"agent_attention",
           "Q[B,H,P,E], K[B,H,M,E], V[B,H,M,F] of Y x X tokens, B1[H,A,M], B2[H,P,A], WDW[H,F,3,3], BDW[H,F] → "
           "O[B,H,P,F]; agents pooled, or given as AG[B,H,A,E] with no B1, B2, WDW, BDW, KEXP 0.3, VSCALE 0.075",
           {"AG", "B1", "B2", "BDW", "K", "Q", "V", "WDW"},
           {{"O", {"B", "H", "P", "F"}}},
           &run}};
}

}  // namespace einloom::reference
