// SPDX-License-Identifier: Apache-2.0
// One query at a time, tile by tile over its keys.
#include "einsum/reference/pwl_attention.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/kernels.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/diagnostic.hpp"

namespace einloom {
namespace {

// Running state of one query.
struct Row {
  double largest = -HUGE_VAL;
  double denominator = 0;
  std::vector<double> numerator;
};

}  // namespace

double pwl_exp2(double x, std::int64_t pieces, Dtype slope_dtype) {
  if (x == -HUGE_VAL) return 0;
  const double n = static_cast<double>(pieces);
  const double k = std::ceil(x), f = x - k;
  double i = 0;  // piece [-(i + 1)/n, -i/n]
  while (i + 1 < n && f <= -(i + 1) / n) i += 1;
  const double at_right = std::pow(2, -i / n), at_left = std::pow(2, -(i + 1) / n);
  const double slope = (at_right - at_left) * n;
  const double intercept = at_right + slope * i / n;
  return (round_to(slope_dtype, slope) * f + intercept) * std::pow(2, k);
}

Tensor<double> pwl_attention(const Tensor<double>& q, const Tensor<double>& k, const Tensor<double>& v,
                             const PwlAttention& options) {
  ensure(q.extents().size() == 4 && k.extents().size() == 4 && v.extents().size() == 4,
         "pwl_attention: Q, K and V have four ranks");
  const std::int64_t batch = q.extents()[0], heads = q.extents()[1], rows = q.extents()[2], e_extent = q.extents()[3];
  const std::int64_t keys = k.extents()[2], f_extent = v.extents()[3];
  ensure(k.extents() == std::vector<std::int64_t>({batch, heads, keys, e_extent}), "pwl_attention: K does not fit Q");
  ensure(v.extents() == std::vector<std::int64_t>({batch, heads, keys, f_extent}), "pwl_attention: V does not fit K");
  const auto element = [&](double value) { return round_to(options.element, value); };
  const auto sum = [&](double value) { return round_to(options.sum, value); };
  const double scale = std::log2(std::exp(1.0)) / std::sqrt(static_cast<double>(e_extent));
  const auto exp2 = [&](double x) { return pwl_exp2(x, options.pieces, options.slope); };

  Tensor<double> out({"B", "H", "P", "F"}, {batch, heads, rows, f_extent});
  std::vector<double> score, weight;
  for (std::int64_t b = 0; b < batch; ++b) {
    for (std::int64_t h = 0; h < heads; ++h) {
      for (std::int64_t p = 0; p < rows; ++p) {
        Row row;
        row.numerator.assign(static_cast<std::size_t>(f_extent), 0);
        const std::int64_t seen = options.causal ? std::min(keys, p + 1) : keys;
        for (std::int64_t from = 0; from < seen; from += options.keys_per_tile) {
          const std::int64_t to = std::min(seen, from + options.keys_per_tile);
          score.clear();
          double largest = row.largest;
          for (std::int64_t m = from; m < to; ++m) {
            double dot = 0;
            for (std::int64_t e = 0; e < e_extent; ++e) dot = sum(dot + q(b, h, p, e) * k(b, h, m, e));
            largest = std::fmax(largest, dot);
            score.push_back(dot);
          }
          weight.clear();
          double weights = 0;
          for (double each : score) {
            const double scaled = element(element(element(each) - largest) * scale);
            weight.push_back(element(exp2(scaled)));
            weights = sum(weights + weight.back());
          }
          const double correction = row.largest == -HUGE_VAL ? 0 : sum(exp2((row.largest - largest) * scale));
          row.denominator = sum(row.denominator * correction + weights);
          for (std::int64_t f = 0; f < f_extent; ++f) {
            double tile = 0;
            for (std::int64_t m = from; m < to; ++m) {
              tile = sum(tile + weight[static_cast<std::size_t>(m - from)] * v(b, h, m, f));
            }
            double& numerator = row.numerator[static_cast<std::size_t>(f)];
            numerator = sum(numerator * correction + tile);
          }
          row.largest = largest;
        }
        const double reciprocal = row.denominator == 0 ? 0 : sum(1 / row.denominator);
        for (std::int64_t f = 0; f < f_extent; ++f) {
          out(b, h, p, f) = sum(row.numerator[static_cast<std::size_t>(f)] * reciprocal);
        }
      }
    }
  }
  return out;
}

}  // namespace einloom

namespace einloom::reference {
namespace {

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  PwlAttention options;
  options.keys_per_tile = setting.extent("M0");
  options.pieces = setting.extent("PIECES");
  options.causal = choice(setting, "mask", {"full", "causal"}) == "causal";
  return {{"O", pwl_attention(reference_input(inputs, "Q"), reference_input(inputs, "K"), reference_input(inputs, "V"),
                              options)}};
}

}  // namespace

std::vector<ReferenceKernel> pwl_attention_kernels() {
  const std::vector<std::string> inputs{"K", "Q", "V"};
  const std::vector<ReferenceOutput> outputs{{"O", {"B", "H", "P", "F"}}};
  return {{"pwl_attention",
           "Q[B,H,P,E], K[B,H,M,E], V[B,H,M,F], M0, PIECES → O[B,H,P,F]; mask causal: query p sees keys 0 to p", inputs,
           outputs, &run}};
}

}  // namespace einloom::reference
