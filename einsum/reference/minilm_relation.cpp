// SPDX-License-Identifier: Apache-2.0
// MiniLM (arXiv 2002.10957): how far a student's attention and value relations are from the teacher's.
#include <cmath>
#include <string>

#include "base/diagnostic.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/matrix.hpp"

namespace einloom::reference {
namespace {

// log of the softmax over the keys that are shown, of the products over the root of their length.
Matrix log_relations(const Matrix& a, const Matrix& b, const Row& shown) {
  Matrix result = scores(a, b);
  for (Row& row : result) {
    Row weights = row;
    for (std::size_t m = 0; m < row.size(); ++m) {
      row[m] /= std::sqrt(static_cast<double>(a[0].size()));
      weights[m] = shown[m] != 0 ? row[m] : -HUGE_VAL;
    }
    const double partition = softmax(weights);
    for (double& x : row) x -= partition;
  }
  return result;
}

// Σ_m p (log p - log q) over the keys that are shown.
Row divergence(const Matrix& log_p, const Matrix& log_q, const Row& shown) {
  Row result(log_p.size(), 0);
  for (std::size_t i = 0; i < log_p.size(); ++i)
    for (std::size_t m = 0; m < log_p[i].size(); ++m)
      if (shown[m] != 0) result[i] += std::exp(log_p[i][m]) * (log_p[i][m] - log_q[i][m]);
  return result;
}

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting&) {
  const auto &qt = reference_input(inputs, "QT"), &qs = reference_input(inputs, "QS");
  ensure(qt.extents().size() == 4 && qs.extents().size() == 4, "minilm_relation: QT and QS have four ranks");
  const std::int64_t batch = qt.extents()[0], heads = qt.extents()[1], tokens = qt.extents()[2];
  expect_extents(qs, "QS", {batch, heads, tokens, qs.extents()[3]});
  for (const char* name : {"KT", "VT"}) expect_extents(reference_input(inputs, name), name, qt.extents());
  for (const char* name : {"KS", "VS"}) expect_extents(reference_input(inputs, name), name, qs.extents());
  const Tensor<double>* mask = optional_input(inputs, "MASK");
  if (mask) expect_extents(*mask, "MASK", {batch, tokens});

  const auto relation = [&](const std::string& from, const std::string& to, double& loss) {
    Tensor<double> all({qt.ranks()[0], qt.ranks()[1], qt.ranks()[2]}, {batch, heads, tokens});
    for (std::int64_t b = 0; b < batch; ++b) {
      const Row shown = mask ? row_at(*mask, b) : Row(static_cast<std::size_t>(tokens), 1);
      for (std::int64_t h = 0; h < heads; ++h) {
        const auto log_weights = [&](const std::string& model) {
          return log_relations(matrix_at(reference_input(inputs, from + model), b, h),
                               matrix_at(reference_input(inputs, to + model), b, h), shown);
        };
        const Row rows = divergence(log_weights("T"), log_weights("S"), shown);
        for (std::int64_t p = 0; p < tokens; ++p) {
          const auto at = static_cast<std::size_t>(p);
          all(b, h, p) = rows[at];
          loss += shown[at] * rows[at] / static_cast<double>(batch * heads * tokens);
        }
      }
    }
    return all;
  };
  double attention = 0, value = 0;
  ReferenceTensors outputs;
  outputs["KA"] = relation("Q", "K", attention);
  outputs["KV"] = relation("V", "V", value);
  outputs["LAT"] = scalar_tensor(attention);
  outputs["LVR"] = scalar_tensor(value);
  outputs["LOSS"] = scalar_tensor(attention + value);
  return outputs;
}

}  // namespace

std::vector<ReferenceKernel> minilm_relation_kernels() {
  return {{"minilm_relation",
           "teacher QT, KT, VT[B,H,P,ET], student QS, KS, VS[B,H,P,ES], MASK[B,P] of 0 and 1 when given → per query "
           "KA, KV[B,H,P], and the losses LAT, LVR and their sum LOSS",
           {"KS", "KT", "MASK", "QS", "QT", "VS", "VT"},
           {{"KA", {"B", "H", "P"}}, {"KV", {"B", "H", "P"}}, {"LAT", {}}, {"LOSS", {}}, {"LVR", {}}},
           &run}};
}

}  // namespace einloom::reference
