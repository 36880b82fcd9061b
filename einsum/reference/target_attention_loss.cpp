// SPDX-License-Identifier: Apache-2.0
// How far the attention of some queries to one key is from a mask (target-aware video diffusion, arXiv 2503.18950), and
// the gradients of that loss through the dense softmax.
#include "base/diagnostic.hpp"
#include "einsum/reference/attention_rows.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/kernels.hpp"

namespace einloom::reference {
namespace {

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const auto& q = reference_input(inputs, "Q");
  const auto& k = reference_input(inputs, "K");
  const auto& v = reference_input(inputs, "V");
  const auto& wanted = reference_input(inputs, "MSK");
  const std::int64_t heads = q.extents().at(0), rows = q.extents().at(1), e_extent = q.extents().at(2);
  const std::int64_t keys = k.extents().at(1), f_extent = v.extents().at(2), probed = wanted.extents().at(0);
  const std::int64_t target = setting.extent("TGT"), first = extent_or(setting, "FROM", 0);
  expect_extents(k, "K", {heads, keys, e_extent});
  expect_extents(v, "V", {heads, keys, f_extent});
  ensure(first >= 0 && first + probed <= rows && target >= 0 && target < keys, "probed rows and column are there");
  const double scale = inverse_root(e_extent);
  const bool each = choice(setting, "heads", {"mean", "each"}) == "each";

  Tensor<double> map({"H", "P", "M"}, {heads, rows, keys}), o({"H", "P", "F"}, {heads, rows, f_extent});
  Tensor<double> attention({"N"}, {probed}), loss({}, {});
  for (std::int64_t h = 0; h < heads; ++h) {
    for (std::int64_t p = 0; p < rows; ++p) {
      Row weights = scores(part(q, h, p), part(k, h), scale);
      (void)softmax(weights);
      store(weights, &map(h, p, 0));
      store(weighted_sum(weights, part(v, h), f_extent), &o(h, p, 0));
    }
  }
  for (std::int64_t n = 0; n < probed; ++n) {
    for (std::int64_t h = 0; h < heads; ++h) attention(n) += map(h, first + n, target) / static_cast<double>(heads);
    for (std::int64_t h = 0; h < heads; ++h) {
      const double error = (each ? map(h, first + n, target) : attention(n)) - wanted(n);
      loss.data()[0] += error * error / static_cast<double>(probed * heads);
    }
  }

  Tensor<double> dq({"H", "P", "E"}, q.extents()), dk({"H", "M", "E"}, k.extents());
  for (std::int64_t h = 0; h < heads; ++h) {
    for (std::int64_t n = 0; n < probed; ++n) {
      const std::int64_t p = first + n;
      const double compared = each ? map(h, p, target) : attention(n);
      const double upstream = 2 * (compared - wanted(n)) / static_cast<double>(probed * heads);
      for (std::int64_t m = 0; m < keys; ++m) {
        const double jacobian = map(h, p, target) * ((m == target ? 1 : 0) - map(h, p, m));
        for (std::int64_t e = 0; e < e_extent; ++e) {
          dq(h, p, e) += scale * upstream * jacobian * k(h, m, e);
          dk(h, m, e) += scale * upstream * jacobian * q(h, p, e);
        }
      }
    }
  }
  return {{"AT", attention}, {"DK", dk}, {"DQ", dq}, {"LA", loss}, {"O", o}};
}

}  // namespace

std::vector<ReferenceKernel> target_attention_loss_kernels() {
  return {{"target_attention_loss",
           "Q[H,P,E], K[H,M,E], V[H,M,F], MSK[N] of the queries from FROM (0) on, key TGT, heads: mean or each → "
           "AT[N], LA[], gradients of LA "
           "DQ[H,P,E] and DK[H,M,E], O[H,P,F]",
           {"K", "MSK", "Q", "V"},
           {{"AT", {"N"}}, {"DK", {"H", "M", "E"}}, {"DQ", {"H", "P", "E"}}, {"LA", {}}, {"O", {"H", "P", "F"}}},
           &run}};
}

}  // namespace einloom::reference
