// SPDX-License-Identifier: Apache-2.0
// Power-law graph attention (PLDR-LLM): scores q · G · k, where a residual network, a
// power and two linear maps make G of the products of all queries.
#include <cmath>

#include "base/diagnostic.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/feature_attention.hpp"
#include "einsum/reference/kernels.hpp"

namespace einloom::reference {
namespace {

Row affine(const Row& x, const Matrix& weights, const Row& bias) {
  Row result = times(x, weights);
  add(result, bias);
  return result;
}

// Residual units of gated dense layers, each followed by a norm; a row at a time.
Matrix metric(Matrix rows, const ReferenceTensors& inputs, double epsilon) {
  const auto& w1 = reference_input(inputs, "W1");
  const auto &gain = reference_input(inputs, "LNG"), &bias = reference_input(inputs, "LNB");
  const std::int64_t units = w1.extents()[0], depth = w1.extents()[1];
  for (Row& row : rows) {
    layer_norm(row, epsilon, row_at(gain, 0), row_at(bias, 0));
    for (std::int64_t r = 0; r < units; ++r) {
      Row y = row;
      for (std::int64_t j = 0; j < depth; ++j) {
        const auto dense = [&](const Row& x, const char* weights, const char* offset) {
          return affine(x, matrix_at(reference_input(inputs, weights), r, j),
                        row_at(reference_input(inputs, offset), r, j));
        };
        Row gate = dense(y, "W1", "C1");
        const Row linear = dense(y, "W2", "C2");
        for (std::size_t u = 0; u < gate.size(); ++u) gate[u] = silu(gate[u]) * linear[u];
        y = dense(gate, "W3", "C3");
      }
      add(row, y);
      layer_norm(row, epsilon, row_at(gain, r + 1), row_at(bias, r + 1));
    }
  }
  return rows;
}

// left · middle + offset
Matrix mapped(const Matrix& left, const Matrix& middle, const Matrix& offset) {
  Matrix result = times(left, middle);
  for (std::size_t i = 0; i < result.size(); ++i) add(result[i], offset[i]);
  return result;
}

// The energy-curvature tensor of head h from its metric tensor.
Matrix curvature(const Matrix& metric, const ReferenceTensors& inputs, std::int64_t h) {
  const auto head = [&](const char* name) { return matrix_at(reference_input(inputs, name), h); };
  Matrix potential = mapped(head("WM"), metric, head("BM"));
  const Matrix power = head("PW");
  for (std::size_t i = 0; i < potential.size(); ++i) {
    for (std::size_t j = 0; j < potential[i].size(); ++j) {
      const double z = potential[i][j];
      potential[i][j] = std::pow(z * silu(z) + 1e-9, power[i][j]);
    }
  }
  return mapped(head("AW"), potential, head("BA"));
}

Matrix attended(const Matrix& queries, const Matrix& g, const Matrix& keys, const Matrix& values, const Seen& seen) {
  Matrix score = scores(times(queries, g), keys);
  for (Row& row : score)
    for (double& x : row) x /= std::sqrt(static_cast<double>(g.size()));
  return times(softmax_weights(score, seen), values);
}

void expect_head_weights(const ReferenceTensors& inputs, const HeadInputs& in) {
  for (const char* name : {"WM", "BM", "PW", "AW", "BA"})
    expect_extents(reference_input(inputs, name), name, {in.heads, in.e, in.e});
}

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const HeadInputs in = head_inputs(inputs);
  const auto& w1 = reference_input(inputs, "W1");
  ensure(w1.extents().size() == 4, "plga: W1 has four ranks");
  const std::int64_t units = w1.extents()[0], depth = w1.extents()[1], width = w1.extents()[3];
  expect_extents(w1, "W1", {units, depth, in.e, width});
  expect_extents(reference_input(inputs, "W2"), "W2", w1.extents());
  expect_extents(reference_input(inputs, "W3"), "W3", {units, depth, width, in.e});
  expect_extents(reference_input(inputs, "C1"), "C1", {units, depth, width});
  expect_extents(reference_input(inputs, "C2"), "C2", {units, depth, width});
  expect_extents(reference_input(inputs, "C3"), "C3", {units, depth, in.e});
  expect_extents(reference_input(inputs, "LNG"), "LNG", {units + 1, in.e});
  expect_extents(reference_input(inputs, "LNB"), "LNB", {units + 1, in.e});
  expect_head_weights(inputs, in);
  const double epsilon = constant_or(setting, "EPS", 1e-6);
  const Seen seen = choice(setting, "form", {"causal", "full"}) == "causal" ? Seen(causal) : Seen();
  const auto& weights = reference_input(inputs, "WM");
  ReferenceTensors outputs;
  const std::vector<std::string> ranks{in.q.ranks()[0], in.q.ranks()[1], weights.ranks()[1], weights.ranks()[2]};
  outputs["AR"] = each_head(ranks, in.batch, in.heads, [&](std::int64_t b, std::int64_t h) {
    const Matrix queries = matrix_at(in.q, b, h);
    return metric(times(transposed(queries), queries), inputs, epsilon);
  });
  outputs["GLM"] = each_head(ranks, in.batch, in.heads, [&](std::int64_t b, std::int64_t h) {
    return curvature(matrix_at(outputs["AR"], b, h), inputs, h);
  });
  outputs["O"] = each_head(in.output_ranks(), in.batch, in.heads, [&](std::int64_t b, std::int64_t h) {
    return attended(matrix_at(in.q, b, h), matrix_at(outputs["GLM"], b, h), matrix_at(in.k, b, h),
                    matrix_at(in.v, b, h), seen);
  });
  return outputs;
}

// One step with what the prompt left: the energy-curvature tensor, or the metric tensor that gives it.
ReferenceTensors run_decode(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const HeadInputs in = head_inputs(inputs);
  const bool from_metric = choice(setting, "cache", {"g", "kv"}) == "kv";
  const auto& cached = reference_input(inputs, from_metric ? "AR" : "GLM");
  expect_extents(cached, from_metric ? "AR" : "GLM", {in.batch, in.heads, in.e, in.e});
  if (from_metric) expect_head_weights(inputs, in);
  return {{"O", each_head(in.output_ranks(), in.batch, in.heads, [&](std::int64_t b, std::int64_t h) {
             const Matrix g = from_metric ? curvature(matrix_at(cached, b, h), inputs, h) : matrix_at(cached, b, h);
             return attended(matrix_at(in.q, b, h), g, matrix_at(in.k, b, h), matrix_at(in.v, b, h), {});
           })}};
}

}  // namespace

std::vector<ReferenceKernel> plga_kernels() {
  return {{"plga",
           "Q[B,H,P,E], K[B,H,M,E], V[B,H,M,F], W1 and W2[R,J,E,U], W3[R,J,U,E], C1 and C2[R,J,U], C3[R,J,E], LNG and "
           "LNB[R+1,E], WM, BM, PW, AW, BA[H,E,D], D = E → metric tensor AR and GLM[B,H,E,D], O[B,H,P,F]; form causal "
           "or full, EPS 1e-6",
           {"AW", "BA", "BM", "C1", "C2", "C3", "K", "LNB", "LNG", "PW", "Q", "V", "W1", "W2", "W3", "WM"},
           {{"AR", {"B", "H", "E", "D"}}, {"GLM", {"B", "H", "E", "D"}}, {"O", {"B", "H", "P", "F"}}},
           &run},
          {"plga_decode",
           "Q[B,H,P,E], all keys K[B,H,M,E], V[B,H,M,F] and GLM[B,H,E,D] → O[B,H,P,F]; cache g, or kv with the metric "
           "tensor AR[B,H,E,D], WM, BM, PW, AW, BA[H,E,D] in place of GLM",
           {"AR", "AW", "BA", "BM", "GLM", "K", "PW", "Q", "V", "WM"},
           {{"O", {"B", "H", "P", "F"}}},
           &run_decode}};
}

}  // namespace einloom::reference
