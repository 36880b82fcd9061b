// SPDX-License-Identifier: Apache-2.0
// Two matrix products per block of rows with a row-wise softmax between them.
#include "einsum/reference/softmax_attention_blas.hpp"

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/diagnostic.hpp"

namespace einloom {
namespace {

// Softmax of the first `seen` scores of a row in place; the others become 0.
void softmax_row(float* row, std::int64_t seen, std::int64_t keys) {
  float largest = -HUGE_VALF;
  for (std::int64_t m = 0; m < seen; ++m) largest = std::max(largest, row[m]);
  double sum = 0;
  for (std::int64_t m = 0; m < seen; ++m) {
    row[m] = std::exp(row[m] - largest);
    sum += row[m];
  }
  const float scale = sum == 0 ? 0.0f : static_cast<float>(1.0 / sum);
  for (std::int64_t m = 0; m < seen; ++m) row[m] *= scale;
  std::fill(row + seen, row + keys, 0.0f);
}

}  // namespace

Tensor<float> softmax_attention_blas(const Tensor<float>& q, const Tensor<float>& k, const Tensor<float>& v,
                                     bool causal, std::int64_t rows_per_block) {
  ensure(q.extents().size() == 4 && k.extents().size() == 4 && v.extents().size() == 4 && rows_per_block > 0,
         "softmax_attention_blas: Q, K and V have four ranks");
  const std::int64_t batch = q.extents()[0], heads = q.extents()[1], rows = q.extents()[2], e_extent = q.extents()[3];
  const std::int64_t keys = k.extents()[2], f_extent = v.extents()[3];
  ensure(k.extents() == std::vector<std::int64_t>({batch, heads, keys, e_extent}),
         "softmax_attention_blas: K does not fit Q");
  ensure(v.extents() == std::vector<std::int64_t>({batch, heads, keys, f_extent}),
         "softmax_attention_blas: V does not fit K");

  Tensor<float> out({"B", "H", "P", "F"}, {batch, heads, rows, f_extent});
  const float scale = 1.0f / std::sqrt(static_cast<float>(e_extent));
  const std::int64_t block = std::min(rows_per_block, std::max<std::int64_t>(rows, 1));
  std::vector<float> scores(static_cast<std::size_t>(block * keys));
  const auto as_int = [](std::int64_t value) { return static_cast<int>(value); };
  for (std::int64_t b = 0; b < batch; ++b) {
    for (std::int64_t h = 0; h < heads; ++h) {
      for (std::int64_t p = 0; p < rows; p += block) {
        const std::int64_t count = std::min(block, rows - p);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, as_int(count), as_int(keys), as_int(e_extent), scale,
                    &q(b, h, p, 0), as_int(e_extent), &k(b, h, 0, 0), as_int(e_extent), 0.0f, scores.data(),
                    as_int(keys));
        for (std::int64_t i = 0; i < count; ++i) {
          softmax_row(scores.data() + i * keys, causal ? std::min(keys, p + i + 1) : keys, keys);
        }
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, as_int(count), as_int(f_extent), as_int(keys), 1.0f,
                    scores.data(), as_int(keys), &v(b, h, 0, 0), as_int(f_extent), 0.0f, &out(b, h, p, 0),
                    as_int(f_extent));
      }
    }
  }
  return out;
}

}  // namespace einloom
