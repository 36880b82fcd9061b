// SPDX-License-Identifier: Apache-2.0
// DCAL: the patches that a class token attends to most, through all layers, query all patches (global-local); and one
// image attends over itself and another one (pair-wise).
#include <algorithm>

#include "base/diagnostic.hpp"
#include "einsum/reference/kernel_inputs.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/scored_keys.hpp"

namespace einloom::reference {
namespace {

using Int = std::int64_t;
using Matrix = std::vector<Row>;

Matrix product(const Matrix& a, const Matrix& b) {
  Matrix c(a.size(), Row(a.size(), 0));
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < a.size(); ++j) {
      for (std::size_t k = 0; k < a.size(); ++k) c[i][j] += a[i][k] * b[k][j];
    }
  }
  return c;
}

// Product of the layers' attention, the last one leftmost; each the heads' mean or largest, averaged with the identity.
Matrix rollout(const Tensor<double>& attention, bool largest) {
  const Int layers = attention.extents()[0], heads = attention.extents()[1], tokens = attention.extents()[2];
  Matrix all;
  for (Int l = 0; l < layers; ++l) {
    Matrix layer;
    for (Int i = 0; i < tokens; ++i) {
      layer.push_back(row_of_terms(tokens, [&](Int j) {
        double joined = sum_over(heads, [&](Int h) { return attention(l, h, i, j); }) / static_cast<double>(heads);
        if (largest) {
          for (Int h = 0; h < heads; ++h)
            joined = std::max(h == 0 ? attention(l, h, i, j) : joined, attention(l, h, i, j));
        }
        return 0.5 * joined + (i == j ? 0.5 : 0);
      }));
    }
    all = l == 0 ? layer : product(layer, all);
  }
  return all;
}

ReferenceTensors global_local(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const auto& attention = in.read("SA", {"L", "H", "P", "M"});
  const auto& q = in.read("Q", {"H", "P", "E"});
  const auto& k = in.read("K", {"H", "M", "E"});
  const auto& v = in.read("V", {"H", "M", "F"});
  const Int heads = in.extent("H"), tokens = in.extent("M"), local = in.parameter("LOCAL");
  // Patches that query beside the class.
  const Int patches = in.form("class_token", {"added", "counted"}) == "counted" ? local - 1 : local;
  const Int e_extent = in.extent("E"), f_extent = in.extent("F");
  ensure(in.extent("P") == tokens && patches >= 0 && patches < tokens,
         "global_local_cross: LOCAL of the patches query");

  const Row from_class = rollout(attention, in.form("heads", {"mean", "max"}) == "max").front();
  std::vector<Int> order;  // of the patches, the most attended first, of equal ones the first
  for (Int j = 1; j < tokens; ++j) order.push_back(j);
  std::stable_sort(order.begin(), order.end(),
                   [&](Int a, Int b) { return from_class[to_size(a)] > from_class[to_size(b)]; });
  std::vector<Int> chosen{0};
  chosen.insert(chosen.end(), order.begin(), order.begin() + patches);

  Tensor<double> rolled({"M"}, {tokens}), index({"R"}, {patches + 1});
  std::copy(from_class.begin(), from_class.end(), rolled.data());
  std::copy(chosen.begin(), chosen.end(), index.data());
  Tensor<double> out({"H", "R", "F"}, {heads, patches + 1, f_extent});
  for (Int h = 0; h < heads; ++h) {
    for (Int r = 0; r <= patches; ++r) {
      const Int p = chosen[to_size(r)];
      const Row row = softmax_values(
          tokens, f_extent,
          [&](Int m) {
            return sum_over(e_extent, [&](Int e) { return q(h, p, e) * k(h, m, e); }) * inverse_sqrt(e_extent);
          },
          [&](Int m, Int f) { return v(h, m, f); });
      for (Int f = 0; f < f_extent; ++f) out(h, r, f) = row[to_size(f)];
    }
  }
  return {{"AV", out}, {"IDX", index}, {"ROLL", rolled}};
}

ReferenceTensors pairwise(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const auto& q = in.read("Q", {"B", "H", "P", "E"});
  const auto& k = in.read("K", {"B", "H", "M", "E"});
  const auto& v = in.read("V", {"B", "H", "M", "F"});
  const auto& pair = in.read("PAIR", {"B"});
  const Int batch = in.extent("B"), heads = in.extent("H"), queries = in.extent("P"), keys = in.extent("M");
  const Int e_extent = in.extent("E"), f_extent = in.extent("F");
  Tensor<double> out({"B", "H", "P", "F"}, {batch, heads, queries, f_extent});
  for (Int b = 0; b < batch; ++b) {
    const auto other = static_cast<Int>(pair(b));
    ensure(other >= 0 && other < batch, "pairwise_cross: a pair is an image of the batch");
    for (Int h = 0; h < heads; ++h) {
      for (Int p = 0; p < queries; ++p) {
        const Row row = softmax_values(
            2 * keys, f_extent,
            [&](Int m) {
              const Int image = m < keys ? b : other;
              return sum_over(e_extent, [&](Int e) { return q(b, h, p, e) * k(image, h, m % keys, e); }) *
                     inverse_sqrt(e_extent);
            },
            [&](Int m, Int f) { return v(m < keys ? b : other, h, m % keys, f); });
        for (Int f = 0; f < f_extent; ++f) out(b, h, p, f) = row[to_size(f)];
      }
    }
  }
  return {{"AV", out}};
}

}  // namespace

std::vector<ReferenceKernel> cross_attention_learning_kernels() {
  return {{"global_local_cross",
           "attention of all layers SA[L,H,P,M], Q[H,P,E], K[H,M,E], V[H,M,F] (P = M, token 0 is the class), LOCAL, "
           "heads: mean or max, class_token: added or counted (of LOCAL) → AV[H,R,F], IDX[R] (0, then the patches by "
           "falling rollout), ROLL[M] (rollout from the class)",
           {"K", "Q", "SA", "V"},
           {{"AV", {"H", "R", "F"}}, {"IDX", {"R"}}, {"ROLL", {"M"}}},
           &global_local},
          {"pairwise_cross",
           "Q[B,H,P,E], K[B,H,M,E], V[B,H,M,F], PAIR[B] (the other image) → AV[B,H,P,F]",
           {"K", "PAIR", "Q", "V"},
           {{"AV", {"B", "H", "P", "F"}}},
           &pairwise}};
}

}  // namespace einloom::reference
