// SPDX-License-Identifier: Apache-2.0
// State space duality (Mamba-2, arXiv 2405.21060), token by token: a state per head that decays by exp(dt · A).
#include <cmath>

#include "base/diagnostic.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/matrix.hpp"

namespace einloom::reference {
namespace {

struct Scan {
  const Tensor<double>&x, &b, &c, &dt, &dt_bias, &a, &skip;
  std::int64_t batch, heads, steps, f, groups, d;
};

Scan scan_of(const ReferenceTensors& inputs) {
  const auto &x = reference_input(inputs, "X"), &b = reference_input(inputs, "BM"), &c = reference_input(inputs, "CM");
  ensure(x.extents().size() == 4 && b.extents().size() == 4, "ssd: X and BM have four ranks");
  Scan in{x,
          b,
          c,
          reference_input(inputs, "DT"),
          reference_input(inputs, "DTB"),
          reference_input(inputs, "A"),
          reference_input(inputs, "DH"),
          x.extents()[0],
          x.extents()[1],
          x.extents()[2],
          x.extents()[3],
          b.extents()[1],
          b.extents()[3]};
  expect_extents(b, "BM", {in.batch, in.groups, in.steps, in.d});
  expect_extents(c, "CM", {in.batch, in.groups, in.steps, in.d});
  expect_extents(in.dt, "DT", {in.batch, in.heads, in.steps});
  expect_extents(in.dt_bias, "DTB", {in.heads});
  expect_extents(in.a, "A", {in.heads});
  expect_extents(in.skip, "DH", {in.heads});
  ensure(in.heads % in.groups == 0, "ssd: the groups share the heads evenly");
  return in;
}

Matrix scanned(const Scan& in, std::int64_t b, std::int64_t h) {
  const std::int64_t group = h / (in.heads / in.groups);
  Matrix state = zeros(in.d, in.f), out;
  for (std::int64_t t = 0; t < in.steps; ++t) {
    const Row key = row_at(in.b, b, group, t), query = row_at(in.c, b, group, t), x = row_at(in.x, b, h, t);
    const double dt = softplus(in.dt(b, h, t) + in.dt_bias(h));
    for (std::size_t d = 0; d < state.size(); ++d)
      for (std::size_t f = 0; f < x.size(); ++f)
        state[d][f] = std::exp(dt * in.a(h)) * state[d][f] + key[d] * dt * x[f];
    out.push_back(times(query, state));
    for (std::size_t f = 0; f < x.size(); ++f) out.back()[f] += in.skip(h) * x[f];
  }
  return out;
}

// RMS norm of Y · silu(Z) over all values of the heads of a group.
Tensor<double> gated(const Scan& in, const Tensor<double>& y, const Tensor<double>& z, double epsilon) {
  Tensor<double> out(y.ranks(), y.extents());
  const std::int64_t per_group = in.heads / in.groups;
  for (std::int64_t b = 0; b < in.batch; ++b) {
    for (std::int64_t group = 0; group < in.groups; ++group) {
      for (std::int64_t t = 0; t < in.steps; ++t) {
        Row row;
        for (std::int64_t i = 0; i < per_group * in.f; ++i) {
          const std::int64_t h = group * per_group + i / in.f, f = i % in.f;
          row.push_back(y(b, h, t, f) * silu(z(b, h, t, f)));
        }
        rms_norm(row, epsilon);
        for (std::int64_t i = 0; i < per_group * in.f; ++i)
          out(b, group * per_group + i / in.f, t, i % in.f) = row[static_cast<std::size_t>(i)];
      }
    }
  }
  return out;
}

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const Scan in = scan_of(inputs);
  ReferenceTensors outputs;
  outputs["Y"] =
      each_head(in.x.ranks(), in.batch, in.heads, [&](std::int64_t b, std::int64_t h) { return scanned(in, b, h); });
  if (const Tensor<double>* z = optional_input(inputs, "Z")) {
    expect_extents(*z, "Z", in.x.extents());
    outputs["O"] = gated(in, outputs["Y"], *z, constant_or(setting, "EPS", 1e-5));
  }
  return outputs;
}

}  // namespace

std::vector<ReferenceKernel> ssd_kernels() {
  return {{"ssd",
           "X[B,H,T,F], BM[B,G,T,D], CM[B,G,T,D], DT[B,H,T] before softplus, its bias DTB[H], A[H] below 0, DH[H] → "
           "Y[B,H,T,F]; with a gate Z[B,H,T,F] also O[B,H,T,F], EPS 1e-5",
           {"A", "BM", "CM", "DH", "DT", "DTB", "X", "Z"},
           {{"O", {"B", "H", "T", "F"}}, {"Y", {"B", "H", "T", "F"}}},
           &run}};
}

}  // namespace einloom::reference
