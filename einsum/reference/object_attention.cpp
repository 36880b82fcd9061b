// SPDX-License-Identifier: Apache-2.0
// Which object is looked at next (OAT, arXiv 2407.13335): attention of decoded fixations to encoded objects, two heads
// over all dimensions, logits without values.
#include <cmath>

#include "base/diagnostic.hpp"
#include "einsum/reference/attention_rows.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/kernels.hpp"

namespace einloom::reference {
namespace {

// X·weight[c] + bias[c] for every row of X.
Tensor<double> projected(const Tensor<double>& x, const Tensor<double>& weight, const Tensor<double>& bias) {
  const std::int64_t heads = weight.extents().at(0), columns = weight.extents().at(2), rows = x.extents().at(0);
  expect_extents(weight, "WE or WD", {heads, x.extents().at(1), columns});
  expect_extents(bias, "BE or BD", {heads, columns});
  Tensor<double> result({"C", "N", "A"}, {heads, rows, columns});
  for (std::int64_t c = 0; c < heads; ++c) {
    for (std::int64_t n = 0; n < rows; ++n) {
      for (std::int64_t a = 0; a < columns; ++a) {
        result(c, n, a) = bias(c, a);
        for (std::int64_t d = 0; d < x.extents()[1]; ++d) result(c, n, a) += x(n, d) * weight(c, d, a);
      }
    }
  }
  return result;
}

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const auto& objects = reference_input(inputs, "X");
  const auto& fixations = reference_input(inputs, "Y");
  const auto& mix = reference_input(inputs, "WR");
  const Tensor<double> encoded = projected(objects, reference_input(inputs, "WE"), reference_input(inputs, "BE"));
  const Tensor<double> decoded = projected(fixations, reference_input(inputs, "WD"), reference_input(inputs, "BD"));
  const std::int64_t heads = encoded.extents()[0], count = encoded.extents()[1], steps = decoded.extents()[1];
  expect_extents(mix, "WR", {heads});
  expect_extents(decoded, "WD", {heads, steps, encoded.extents()[2]});
  expect_extents(reference_input(inputs, "BR"), "BR", {});
  const double bias = reference_input(inputs, "BR").data()[0];
  const std::int64_t target = extent_or(setting, "TARGET", count - 1);

  Tensor<double> logit({"T", "J"}, {steps, count + 1}, bias), probability({"T", "J"}, {steps, count + 1});
  Tensor<double> next({"T"}, {steps}, -1);
  for (std::int64_t t = 0; t < steps; ++t) {
    for (std::int64_t i = 0; i < count; ++i) {
      for (std::int64_t c = 0; c < heads; ++c) {
        logit(t, i) += mix(c) * product(part(encoded, c, i), part(decoded, c, t)) * inverse_root(encoded.extents()[2]);
      }
    }
    Row row = copy(part(logit, t));
    (void)softmax(row);
    store(row, &probability(t, 0));
    double largest = -HUGE_VAL;
    for (std::int64_t i = 0; i < count; ++i) {
      if ((t == 0 && i == target) || logit(t, i) <= largest) continue;
      largest = logit(t, i);
      next(t) = static_cast<double>(i);
    }
  }
  return {{"LG", logit}, {"NEXT", next}, {"PR", probability}};
}

}  // namespace

std::vector<ReferenceKernel> object_attention_kernels() {
  return {{"object_attention",
           "objects X[I,D], fixations Y[T,D], WE[C,D,A], BE[C,A], WD[C,D,A], BD[C,A], WR[C], BR[], TARGET (the last "
           "object; never the first step's choice) → LG[T,J], PR[T,J] (J = I + 1, the last column is padding and never "
           "chosen), NEXT[T]",
           {"BD", "BE", "BR", "WD", "WE", "WR", "X", "Y"},
           {{"LG", {"T", "J"}}, {"NEXT", {"T"}}, {"PR", {"T", "J"}}},
           &run}};
}

}  // namespace einloom::reference
