// SPDX-License-Identifier: Apache-2.0
// Multi-scale retention (arXiv 2307.08621) in its parallel form: head h decays by 1 - 2^(-5-h) a step.
#include <cmath>

#include "einsum/reference/choices.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/matrix.hpp"

namespace einloom::reference {
namespace {

// Pair (2i, 2i+1) turns by t · 10000^(-i/(E/2-1)).
void turn(Row& row, double t) {
  const auto pairs = static_cast<double>(row.size()) / 2;
  for (std::size_t i = 0; 2 * i + 1 < row.size(); ++i) {
    const double angle = t * (pairs > 1 ? std::pow(10000, -static_cast<double>(i) / (pairs - 1)) : 1);
    const double x = row[2 * i], y = row[2 * i + 1];
    row[2 * i] = x * std::cos(angle) - y * std::sin(angle);
    row[2 * i + 1] = y * std::cos(angle) + x * std::sin(angle);
  }
}

// weight[p][m] · decay^(p-m) for m <= p. With row scaling each row of decays goes over the root of its sum, and each
// row of products over max(|its sum|, 1).
Matrix decayed(Matrix weight, double decay, bool row_scale) {
  for (std::size_t p = 0; p < weight.size(); ++p) {
    double decays = 0, sum = 0;
    for (std::size_t m = 0; m <= p; ++m) decays += std::pow(decay, static_cast<double>(p - m));
    for (std::size_t m = 0; m < weight[p].size(); ++m) {
      weight[p][m] *= m <= p ? std::pow(decay, static_cast<double>(p - m)) : 0;
      if (row_scale) weight[p][m] /= std::sqrt(decays);
      sum += weight[p][m];
    }
    for (double& x : weight[p]) x /= row_scale ? std::fmax(std::fabs(sum), 1) : 1;
  }
  return weight;
}

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const HeadInputs in = token_inputs(inputs);
  const auto& gate = reference_input(inputs, "G");
  expect_extents(gate, "G", in.v.extents());
  const bool turned = choice(setting, "rotation", {"none", "interleaved"}) == "interleaved";
  const bool row_scale = choice(setting, "row_scale", {"none", "code"}) == "code";
  const double epsilon = constant_or(setting, "EPS", 1e-5);
  ReferenceTensors outputs;
  outputs["RT"] = each_head(in.output_ranks(), in.batch, in.heads, [&](std::int64_t b, std::int64_t h) {
    Matrix queries = matrix_at(in.q, b, h), keys = matrix_at(in.k, b, h);
    for (std::size_t t = 0; turned && t < queries.size(); ++t) turn(queries[t], static_cast<double>(t));
    for (std::size_t t = 0; t < keys.size(); ++t) {
      if (turned) turn(keys[t], static_cast<double>(t));
      for (double& x : keys[t]) x /= std::sqrt(static_cast<double>(in.e));
    }
    const double decay = 1 - std::pow(2, -5 - static_cast<double>(h));
    return times(decayed(scores(queries, keys), decay, row_scale), matrix_at(in.v, b, h));
  });
  outputs["O"] = each_head(in.output_ranks(), in.batch, in.heads, [&](std::int64_t b, std::int64_t h) {
    Matrix rows = matrix_at(outputs["RT"], b, h);
    for (std::size_t t = 0; t < rows.size(); ++t) {
      rms_norm(rows[t], epsilon);
      const Row gates = row_at(gate, b, h, t);
      for (std::size_t f = 0; f < gates.size(); ++f) rows[t][f] *= silu(gates[f]);
    }
    return rows;
  });
  return outputs;
}

}  // namespace

std::vector<ReferenceKernel> retnet_kernels() {
  return {{"retnet",
           "Q[B,H,T,E], K[B,H,T,E], V[B,H,T,F], gate G[B,H,T,F] → retention RT[B,H,T,F], normalised and gated "
           "O[B,H,T,F]; rotation none or interleaved, row_scale none or code, EPS 1e-5",
           {"G", "K", "Q", "V"},
           {{"O", {"B", "H", "T", "F"}}, {"RT", {"B", "H", "T", "F"}}},
           &run}};
}

}  // namespace einloom::reference
