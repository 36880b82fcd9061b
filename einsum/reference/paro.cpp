// SPDX-License-Identifier: Apache-2.0
// Attention between permuted tokens, restricted to blocks (PAROAttention, arXiv 2506.16054); with whole numbers, block
// after block, as the running maximum there decides what is rounded.
#include <algorithm>
#include <cmath>

#include "base/diagnostic.hpp"
#include "einsum/reference/attention_rows.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/kernels.hpp"

namespace einloom::reference {
namespace {

struct Paro {
  const Tensor<double>& q;
  const Tensor<double>& k;
  const Tensor<double>& v;
  const Tensor<double>& order;
  const Tensor<double>& blocks;
  std::int64_t block, text;

  std::int64_t heads() const { return q.extents().at(0); }
  std::int64_t tokens() const { return q.extents().at(1); }
  std::int64_t e_extent() const { return q.extents().at(2); }
  std::int64_t f_extent() const { return v.extents().at(2); }
  std::int64_t block_count() const { return (tokens() + block - 1) / block; }
  std::int64_t from(std::int64_t h, std::int64_t i) const { return static_cast<std::int64_t>(order(h, i)); }
  bool seen(std::int64_t h, std::int64_t i, std::int64_t j) const {
    return i < text || j < text || blocks(h, i / block, j / block) != 0;
  }
};

Paro read(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const Paro in{reference_input(inputs, "Q"),  reference_input(inputs, "K"),  reference_input(inputs, "V"),
                reference_input(inputs, "PI"), reference_input(inputs, "BM"), setting.extent("M0"),
                extent_or(setting, "T0", 0)};
  expect_extents(in.k, "K", {in.heads(), in.tokens(), in.e_extent()});
  expect_extents(in.v, "V", {in.heads(), in.tokens(), in.f_extent()});
  expect_extents(in.order, "PI", {in.heads(), in.tokens()});
  expect_extents(in.blocks, "BM", {in.heads(), in.block_count(), in.block_count()});
  for (std::int64_t h = 0; h < in.heads(); ++h) {
    std::vector<bool> taken(static_cast<std::size_t>(in.tokens()), false);
    for (std::int64_t i = 0; i < in.tokens(); ++i) taken.at(static_cast<std::size_t>(in.from(h, i))) = true;
    ensure(std::find(taken.begin(), taken.end(), false) == taken.end(), "PI is a permutation of the tokens");
    for (std::int64_t i = 0; i < in.text; ++i) ensure(in.from(h, i) == i, "PI leaves the T0 text tokens in front");
  }
  return in;
}

Row permuted(const Paro& in, const Tensor<double>& tensor, std::int64_t h) {
  Row all;
  for (std::int64_t i = 0; i < in.tokens(); ++i) {
    const Values row = part(tensor, h, in.from(h, i));
    all.insert(all.end(), row.begin(), row.end());
  }
  return all;
}

ReferenceTensors run_real(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const Paro in = read(inputs, setting);
  const auto e = static_cast<std::size_t>(in.e_extent());
  Tensor<double> o({"H", "P", "F"}, {in.heads(), in.tokens(), in.f_extent()});
  for (std::int64_t h = 0; h < in.heads(); ++h) {
    const Row q = permuted(in, in.q, h), k = permuted(in, in.k, h), v = permuted(in, in.v, h);
    for (std::int64_t i = 0; i < in.tokens(); ++i) {
      store(attend(row_of(q, i, e), k, v, in.f_extent(), inverse_root(in.e_extent()),
                   [&](std::int64_t j) { return in.seen(h, i, j); }),
            &o(h, in.from(h, i), 0));
    }
  }
  return {{"O", o}};
}

double over(double a, double b) { return b == 0 ? 0 : a / b; }
double rounded(double x) { return std::nearbyint(x); }  // halves to the even neighbour

// Whole numbers of rows, each group of `group` rows and `width` columns sharing a scale: largest absolute value / most.
struct Rounded {
  Row whole;
  Row scale;  // of each element
};
Rounded round_groups(const Row& matrix, std::int64_t columns, std::int64_t group, std::int64_t width, double most) {
  const auto rows = static_cast<std::int64_t>(matrix.size()) / columns;
  Rounded result{Row(matrix.size()), Row(matrix.size())};
  const auto at = [&](std::int64_t i, std::int64_t c) { return static_cast<std::size_t>(i * columns + c); };
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t c = 0; c < columns; ++c) {
      const std::int64_t top = i / group * group, left = c / width * width;
      double largest = 0;
      for (std::int64_t y = top; y < std::min(rows, top + group); ++y) {
        for (std::int64_t x = left; x < left + width; ++x) largest = std::fmax(largest, std::fabs(matrix[at(y, x)]));
      }
      result.scale[at(i, c)] = largest / most;
      result.whole[at(i, c)] = rounded(over(matrix[at(i, c)], result.scale[at(i, c)]));
    }
  }
  return result;
}

ReferenceTensors run_whole(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const Paro in = read(inputs, setting);
  const auto most = static_cast<double>(extent_or(setting, "QM", 127));
  const bool block_scale = choice(setting, "weight_scale", {"block", "static"}) == "block";
  const std::int64_t n = in.tokens(), e_extent = in.e_extent(), f_extent = in.f_extent(), block = in.block;
  Tensor<double> o({"H", "P", "F"}, {in.heads(), n, f_extent});
  Tensor<double> qi({"H", "P", "E"}, {in.heads(), n, e_extent}), ki({"H", "M", "E"}, {in.heads(), n, e_extent});
  Tensor<double> vi({"H", "M", "F"}, {in.heads(), n, f_extent}), pq({"H", "P", "M"}, {in.heads(), n, n});
  for (std::int64_t h = 0; h < in.heads(); ++h) {
    const Rounded q = round_groups(permuted(in, in.q, h), e_extent, extent_or(setting, "QROWS", block), e_extent, most);
    const Rounded k = round_groups(permuted(in, in.k, h), e_extent, block, e_extent, most);
    const Rounded v = round_groups(permuted(in, in.v, h), f_extent, block, 1, most);
    store(q.whole, &qi(h, 0, 0));
    store(k.whole, &ki(h, 0, 0));
    store(v.whole, &vi(h, 0, 0));
    const auto element = [](const Row& row, std::int64_t i, std::int64_t c, std::int64_t columns) {
      return row[static_cast<std::size_t>(i * columns + c)];
    };
    Row largest(static_cast<std::size_t>(n), -HUGE_VAL), sum(static_cast<std::size_t>(n), 0);
    for (std::int64_t i1 = 0; i1 < n; i1 += block) {
      const std::int64_t i_end = std::min(n, i1 + block);
      for (std::int64_t j1 = 0; j1 < n; j1 += block) {
        const std::int64_t j_end = std::min(n, j1 + block);
        Tensor<double> weight({"I", "J"}, {block, block});
        double scale = 0;  // of the block's weights
        for (std::int64_t i = i1; i < i_end; ++i) {
          Row score(static_cast<std::size_t>(block), -HUGE_VAL);
          double& running = largest[static_cast<std::size_t>(i)];
          const double before = running;
          for (std::int64_t j = j1; j < j_end; ++j) {
            if (!in.seen(h, i, j)) continue;
            double whole = 0;
            for (std::int64_t e = 0; e < e_extent; ++e) {
              whole += element(q.whole, i, e, e_extent) * element(k.whole, j, e, e_extent);
            }
            const double real = whole * element(q.scale, i, 0, e_extent) * element(k.scale, j, 0, e_extent);
            score[static_cast<std::size_t>(j - j1)] = real * inverse_root(e_extent);
            running = std::fmax(running, score[static_cast<std::size_t>(j - j1)]);
          }
          const double correction = before == -HUGE_VAL ? 0 : std::exp(before - running);
          sum[static_cast<std::size_t>(i)] *= correction;
          for (std::int64_t f = 0; f < f_extent; ++f) o(h, in.from(h, i), f) *= correction;
          for (std::int64_t j = 0; j < block; ++j) {
            const double each = score[static_cast<std::size_t>(j)];
            if (each == -HUGE_VAL) continue;
            weight(i - i1, j) = std::exp(each - running);
            sum[static_cast<std::size_t>(i)] += weight(i - i1, j);
            scale = std::fmax(scale, weight(i - i1, j));
          }
        }
        scale = block_scale ? scale / most : 1 / most;
        for (std::int64_t i = i1; i < i_end; ++i) {
          for (std::int64_t j = j1; j < j_end; ++j) pq(h, i, j) = rounded(over(weight(i - i1, j - j1), scale));
          for (std::int64_t f = 0; f < f_extent; ++f) {
            double whole = 0;
            for (std::int64_t j = j1; j < j_end; ++j) whole += pq(h, i, j) * element(v.whole, j, f, f_extent);
            o(h, in.from(h, i), f) += whole * scale * element(v.scale, j1, f, f_extent);
          }
        }
      }
    }
    for (std::int64_t i = 0; i < n; ++i) {
      double* const row = &o(h, in.from(h, i), 0);
      for (std::int64_t f = 0; f < f_extent; ++f) row[f] = over(row[f], sum[static_cast<std::size_t>(i)]);
    }
  }
  return {{"KI", ki}, {"O", o}, {"PQ", pq}, {"QI", qi}, {"VI", vi}};
}

}  // namespace

std::vector<ReferenceKernel> paro_kernels() {
  const std::vector<std::string> inputs{"BM", "K", "PI", "Q", "V"};
  return {
      {"paro",
       "Q[H,P,E], K[H,M,E], V[H,M,F] (P = M), permutation PI[H,M], kept blocks BM[H,P1,M1] of M0 × M0 permuted tokens, "
       "T0 text tokens in front (0) → O[H,P,F] in the tokens' own order",
       inputs,
       {{"O", {"H", "P", "F"}}},
       &run_real},
      {"paro_int8",
       "the same with whole numbers up to QM (127), QROWS queries (M0) to a scale, weight_scale: block or static → "
       "O[H,P,F]; in permuted order QI[H,P,E], KI[H,M,E], VI[H,M,F], PQ[H,P,M]",
       inputs,
       {{"KI", {"H", "M", "E"}},
        {"O", {"H", "P", "F"}},
        {"PQ", {"H", "P", "M"}},
        {"QI", {"H", "P", "E"}},
        {"VI", {"H", "M", "F"}}},
       &run_whole}};
}

}  // namespace einloom::reference
