// SPDX-License-Identifier: Apache-2.0
// A language model's layer that also attends to few visual tokens, apart and behind a gate (a stand-in for the adapters
// of arXiv 2308.09568, whose equation is not published).
#include <cmath>

#include "base/diagnostic.hpp"
#include "einsum/reference/attention_rows.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/kernels.hpp"

namespace einloom::reference {
namespace {

Row times(Values row, Values matrix, std::int64_t columns) { return weighted_sum(copy(row), matrix, columns); }
Values all_of(const Tensor<double>& tensor) { return {tensor.data(), static_cast<std::size_t>(tensor.size())}; }

// Learned queries against projected image features: one attention, J rows of D.
Tensor<double> resampled(const ReferenceTensors& inputs) {
  const auto& image = reference_input(inputs, "IMG");
  const auto& queries = reference_input(inputs, "LQ");
  const auto& to_keys = reference_input(inputs, "WIK");
  const auto& to_values = reference_input(inputs, "WIV");
  const std::int64_t patches = image.extents().at(0), c_extent = image.extents().at(1);
  const std::int64_t count = queries.extents().at(0), a_extent = queries.extents().at(1);
  const std::int64_t d_extent = to_values.extents().at(1);
  expect_extents(to_keys, "WIK", {c_extent, a_extent});
  expect_extents(to_values, "WIV", {c_extent, d_extent});
  Row keys, values;
  for (std::int64_t n = 0; n < patches; ++n) {
    const Row key = times(part(image, n), all_of(to_keys), a_extent);
    const Row value = times(part(image, n), all_of(to_values), d_extent);
    keys.insert(keys.end(), key.begin(), key.end());
    values.insert(values.end(), value.begin(), value.end());
  }
  Tensor<double> tokens({"J", "D"}, {count, d_extent});
  for (std::int64_t j = 0; j < count; ++j) {
    store(attend(part(queries, j), keys, values, d_extent, inverse_root(a_extent)), &tokens(j, 0));
  }
  return tokens;
}

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const auto& q = reference_input(inputs, "Q");
  const auto& k = reference_input(inputs, "K");
  const auto& v = reference_input(inputs, "V");
  const auto& to_keys = reference_input(inputs, "WKA");
  const auto& to_values = reference_input(inputs, "WVA");
  const bool given = choice(setting, "visual_tokens", {"given", "resampled"}) == "given";
  const Tensor<double> visual = given ? named(reference_input(inputs, "VA"), {"J", "D"}) : resampled(inputs);
  const std::int64_t heads = q.extents().at(0), rows = q.extents().at(1), e_extent = q.extents().at(2);
  const std::int64_t keys = k.extents().at(1), f_extent = v.extents().at(2), d_extent = visual.extents().at(1);
  expect_extents(k, "K", {heads, keys, e_extent});
  expect_extents(v, "V", {heads, keys, f_extent});
  expect_extents(to_keys, "WKA", {heads, d_extent, e_extent});
  expect_extents(to_values, "WVA", {heads, d_extent, f_extent});
  expect_extents(reference_input(inputs, "GA"), "GA", {});
  const double gate = std::tanh(reference_input(inputs, "GA").data()[0]), scale = inverse_root(e_extent);

  Tensor<double> o({"H", "P", "F"}, {heads, rows, f_extent});
  for (std::int64_t h = 0; h < heads; ++h) {
    Row visual_keys, visual_values;
    for (std::int64_t j = 0; j < visual.extents()[0]; ++j) {
      const Row key = times(part(visual, j), part(to_keys, h), e_extent);
      const Row value = times(part(visual, j), part(to_values, h), f_extent);
      visual_keys.insert(visual_keys.end(), key.begin(), key.end());
      visual_values.insert(visual_values.end(), value.begin(), value.end());
    }
    for (std::int64_t p = 0; p < rows; ++p) {
      const Row text = attend(part(q, h, p), part(k, h), part(v, h), f_extent, scale,
                              [&](std::int64_t m) { return m <= p + keys - rows; });
      const Row seen = attend(part(q, h, p), visual_keys, visual_values, f_extent, scale);
      for (std::int64_t f = 0; f < f_extent; ++f) {
        o(h, p, f) = text[static_cast<std::size_t>(f)] + gate * seen[static_cast<std::size_t>(f)];
      }
    }
  }
  return {{"O", o}, {"VT", visual}};
}

}  // namespace

std::vector<ReferenceKernel> layer_adapter_kernels() {
  return {
      {"layer_adapter",
       "text Q[H,P,E], K[H,M,E], V[H,M,F] (causal, the queries are the last P tokens), WKA[H,D,E], WVA[H,D,F], gate "
       "GA[], visual_tokens: given (VA[J,D]) or resampled (IMG[N,C], LQ[J,A], WIK[C,A], WIV[C,D]) → O[H,P,F], the "
       "visual tokens VT[J,D]",
       {"GA", "IMG", "K", "LQ", "Q", "V", "VA", "WIK", "WIV", "WKA", "WVA"},
       {{"O", {"H", "P", "F"}}, {"VT", {"J", "D"}}},
       &run}};
}

}  // namespace einloom::reference
