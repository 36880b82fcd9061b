// SPDX-License-Identifier: Apache-2.0
// Attention on sink tokens moved to the image tokens that are none (visual attention redistribution, arXiv 2503.03321),
// on the dense probabilities of each row.
#include <cmath>

#include "base/diagnostic.hpp"
#include "einsum/reference/attention_rows.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/kernels.hpp"

namespace einloom::reference {
namespace {

double over(double a, double b) { return b == 0 ? 0 : a / b; }

// 1 where one of the given dimensions of the normalised hidden state is large.
Tensor<double> sinks(const Tensor<double>& hidden, const Tensor<double>& dimensions, double threshold) {
  const std::int64_t keys = hidden.extents()[0], d_extent = hidden.extents()[1];
  Tensor<double> sink({"M"}, {keys});
  for (std::int64_t m = 0; m < keys; ++m) {
    double squares = 0, largest = 0;
    for (std::int64_t d = 0; d < d_extent; ++d) squares += hidden(m, d) * hidden(m, d);
    for (std::int64_t i = 0; i < dimensions.size(); ++i) {
      const auto d = static_cast<std::int64_t>(dimensions(i));
      ensure(d >= 0 && d < d_extent, "DS names a dimension of X");
      largest = std::fmax(largest, std::fabs(hidden(m, d)));
    }
    sink(m) = largest / std::sqrt(squares / static_cast<double>(d_extent) + 1e-6) > threshold ? 1 : 0;
  }
  return sink;
}

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const auto q = joined_heads(reference_input(inputs, "Q"), 0);
  const auto& k = reference_input(inputs, "K");
  const auto& v = reference_input(inputs, "V");
  const auto& hidden = reference_input(inputs, "X");
  const std::int64_t first = setting.extent("IM"), images = setting.extent("NV");
  const std::int64_t heads = q.extents().at(0), rows = q.extents().at(1), e_extent = q.extents().at(2);
  const std::int64_t groups = k.extents().at(0), keys = k.extents().at(1), f_extent = v.extents().at(2);
  expect_extents(k, "K", {groups, keys, e_extent});
  expect_extents(v, "V", {groups, keys, f_extent});
  expect_extents(hidden, "X", {keys, hidden.extents().at(1)});
  const double rho = constant_or(setting, "RHO", 0.5), least = constant_or(setting, "S0", 0.2);
  const double stays = constant_or(setting, "KA", 0.6);

  const Tensor<double> sink = sinks(hidden, reference_input(inputs, "DS"), constant_or(setting, "TAU", 20));
  const auto image = [&](std::int64_t m) { return m >= first && m < first + images; };
  bool any_visual_sink = false;
  for (std::int64_t m = 0; m < keys; ++m) any_visual_sink = any_visual_sink || (image(m) && sink(m) != 0);

  Tensor<double> gate({"H", "P"}, {heads, rows}), o({"H", "P", "F"}, {heads, rows, f_extent});
  for (std::int64_t h = 0; h < heads; ++h) {
    const std::int64_t g = group_of(h, heads, groups);
    for (std::int64_t p = 0; p < rows; ++p) {
      const std::int64_t own = p + keys - rows;
      Row weights = scores(part(q, h, p), part(k, g), inverse_root(e_extent), [&](std::int64_t m) { return m <= own; });
      (void)softmax(weights);
      double visual = 0, visual_sinks = 0, text_sinks = 0;
      for (std::int64_t m = 0; m < keys; ++m) {
        const double weight = weights[static_cast<std::size_t>(m)];
        if (image(m)) visual += weight;
        if (sink(m) != 0) (image(m) ? visual_sinks : text_sinks) += weight;
      }
      if (any_visual_sink && own >= first + images && over(visual_sinks, visual) <= rho && visual >= least) {
        gate(h, p) = 1;
        const double moved = (1 - stays) * (visual_sinks + text_sinks), others = visual - visual_sinks;
        for (std::int64_t m = 0; m < keys; ++m) {
          double& weight = weights[static_cast<std::size_t>(m)];
          if (sink(m) != 0) {
            weight *= stays;
          } else if (image(m)) {
            weight += moved * over(weight, others);
          }
        }
      }
      store(weighted_sum(weights, part(v, g), f_extent), &o(h, p, 0));
    }
  }
  return {{"GT", grouped_heads(gate, 0, groups)}, {"O", grouped_heads(o, 0, groups)}, {"SK", sink}};
}

}  // namespace

std::vector<ReferenceKernel> attention_redistribution_kernels() {
  return {
      {"attention_redistribution",
       "Q[G,R,P,E], K[G,M,E], V[G,M,F] (causal, the queries are the last P tokens), hidden states X[M,D], dimensions "
       "DS[S], image keys IM to IM + NV - 1, TAU (20), RHO (0.5, share of sinks), S0 (0.2), KA (0.6, what stays) → "
       "SK[M], GT[G,R,P] (0 or 1), O[G,R,P,F]",
       {"DS", "K", "Q", "V", "X"},
       {{"GT", {"G", "R", "P"}}, {"O", {"G", "R", "P", "F"}}, {"SK", {"M"}}},
       &run}};
}

}  // namespace einloom::reference
