// SPDX-License-Identifier: Apache-2.0
#include "einsum/reference/matrix.hpp"

#include <algorithm>
#include <cmath>

#include "base/diagnostic.hpp"
#include "einsum/reference/choices.hpp"

namespace einloom::reference {

Matrix zeros(std::int64_t rows, std::int64_t columns) {
  return Matrix(static_cast<std::size_t>(rows), Row(static_cast<std::size_t>(columns), 0));
}

Matrix transposed(const Matrix& a) {
  ensure(!a.empty(), "transposed: no rows");
  Matrix result(a[0].size(), Row(a.size()));
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t j = 0; j < a[i].size(); ++j) result[j][i] = a[i][j];
  return result;
}

Row times(const Row& a, const Matrix& b) {
  ensure(!b.empty() && a.size() == b.size(), "times: a row and a matrix that do not fit");
  Row result(b[0].size(), 0);
  for (std::size_t j = 0; j < result.size(); ++j)
    for (std::size_t i = 0; i < a.size(); ++i) result[j] += a[i] * b[i][j];
  return result;
}

Matrix times(const Matrix& a, const Matrix& b) {
  Matrix result;
  for (const Row& row : a) result.push_back(times(row, b));
  return result;
}

Matrix scores(const Matrix& a, const Matrix& b) {
  Matrix result;
  for (const Row& query : a) {
    result.emplace_back();
    for (const Row& key : b) result.back().push_back(dot(query, key));
  }
  return result;
}

void add(Row& to, const Row& what) {
  ensure(to.size() == what.size(), "add: rows of different lengths");
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += what[i];
}

Matrix softmax_weights(Matrix scores, const Seen& seen) {
  for (std::size_t p = 0; p < scores.size(); ++p) {
    for (std::size_t m = 0; m < scores[p].size(); ++m) {
      if (seen && !seen(static_cast<std::int64_t>(p), static_cast<std::int64_t>(m))) scores[p][m] = -HUGE_VAL;
    }
    softmax(scores[p]);
  }
  return scores;
}

Tensor<double> each_head(const std::vector<std::string>& ranks, std::int64_t batch, std::int64_t heads,
                         const std::function<Matrix(std::int64_t b, std::int64_t h)>& matrix) {
  Tensor<double> result;
  for (std::int64_t b = 0; b < batch; ++b) {
    for (std::int64_t h = 0; h < heads; ++h) {
      const Matrix rows = matrix(b, h);
      const auto row_count = static_cast<std::int64_t>(rows.size());
      const auto columns = static_cast<std::int64_t>(rows.at(0).size());
      if (b == 0 && h == 0) result = Tensor<double>(ranks, {batch, heads, row_count, columns});
      for (std::int64_t i = 0; i < row_count; ++i) {
        const Row& row = rows[static_cast<std::size_t>(i)];
        std::copy(row.begin(), row.end(), result.data() + result.offset(b, h, i));
      }
    }
  }
  return result;
}

const Tensor<double>* optional_input(const ReferenceTensors& inputs, const std::string& name) {
  const auto found = inputs.find(name);
  return found == inputs.end() ? nullptr : &found->second;
}

Tensor<double> scalar_tensor(double value) { return Tensor<double>({}, {}, value); }

std::vector<std::string> HeadInputs::output_ranks() const {
  return {q.ranks()[0], q.ranks()[1], q.ranks()[2], v.ranks()[3]};
}

HeadInputs head_inputs(const ReferenceTensors& inputs) {
  const auto &q = reference_input(inputs, "Q"), &k = reference_input(inputs, "K"), &v = reference_input(inputs, "V");
  ensure(q.extents().size() == 4 && k.extents().size() == 4 && v.extents().size() == 4, "Q, K and V have four ranks");
  const std::int64_t batch = q.extents()[0], heads = q.extents()[1], keys = k.extents()[2], e = q.extents()[3];
  expect_extents(k, "K", {batch, heads, keys, e});
  expect_extents(v, "V", {batch, heads, keys, v.extents()[3]});
  return {q, k, v, batch, heads, q.extents()[2], keys, e, v.extents()[3]};
}

HeadInputs token_inputs(const ReferenceTensors& inputs) {
  const HeadInputs in = head_inputs(inputs);
  ensure(in.queries == in.keys, "Q and K have one row per token");
  return in;
}

}  // namespace einloom::reference
