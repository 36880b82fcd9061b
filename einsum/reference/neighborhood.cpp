// SPDX-License-Identifier: Apache-2.0
// Neighborhood attention on grids of one to three axes: every pair of tokens is asked whether it is in the window on
// all axes; scores of those that are go through one softmax. Window rule: NATTEN's reference kernel.
#include "einsum/reference/neighborhood.hpp"

#include <algorithm>
#include <vector>

#include "base/diagnostic.hpp"
#include "einsum/reference/kernel_inputs.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/scored_keys.hpp"

namespace einloom::reference {

bool is_neighbour(const NeighborhoodAxis& axis, std::int64_t query, std::int64_t key) {
  const std::int64_t residue = query % axis.dilation;
  if (key % axis.dilation != residue) return false;
  // Among the tokens of this residue, which stand one after another:
  const std::int64_t u = query / axis.dilation, v = key / axis.dilation;
  const std::int64_t count = (axis.length - residue + axis.dilation - 1) / axis.dilation;
  const std::int64_t first_of_group = u / axis.stride * axis.stride;
  if (axis.causal) {
    const std::int64_t centre = std::min(first_of_group + axis.stride - 1, count - 1);
    return v >= std::max<std::int64_t>(centre - axis.kernel + 1, 0) && v <= u;
  }
  const std::int64_t left = axis.kernel / 2, right = axis.kernel / 2 + axis.kernel % 2 - 1;
  const std::int64_t centre = std::min(first_of_group + axis.stride / 2, count - 1);
  std::int64_t start = std::max<std::int64_t>(centre - left, 0);
  if (centre + right >= count) start += count - right - centre - 1;
  return v >= start && v < start + axis.kernel;
}

namespace {

using Int = std::int64_t;
using Names = std::vector<std::string>;

struct Grid {
  std::vector<NeighborhoodAxis> axes;

  [[nodiscard]] Int tokens() const {
    Int product = 1;
    for (const auto& axis : axes) product *= axis.length;
    return product;
  }
  // Coordinates of a token numbered in row-major order.
  [[nodiscard]] std::vector<Int> place(Int token) const {
    std::vector<Int> at(axes.size());
    for (std::size_t i = axes.size(); i-- > 0;) {
      at[i] = token % axes[i].length;
      token /= axes[i].length;
    }
    return at;
  }
};

Names with_heads(Names ranks, const std::string& last) {
  ranks.insert(ranks.begin(), "H");
  if (!last.empty()) ranks.push_back(last);
  return ranks;
}

// `axes` are the letters of the axes, `queries` and `keys` their ranks.
ReferenceTensors attend(const ReferenceTensors& tensors, const ReferenceSetting& setting, const std::string& axes,
                        const Names& queries, const Names& keys, bool needs_bias = false) {
  KernelInputs in(tensors, setting);
  const auto& q = in.read("Q", with_heads(queries, "E"));
  const auto& k = in.read("K", with_heads(keys, "E"));
  const auto& v = in.read("V", with_heads(keys, "F"));
  Grid grid;
  Names bias_ranks;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::string letter(1, axes[i]);
    NeighborhoodAxis axis{in.extent(queries[i]), in.parameter("K" + letter), in.parameter("D" + letter, 1),
                          in.parameter("S" + letter, 1), in.parameter("C" + letter, 0) != 0};
    ensure(in.extent(keys[i]) == axis.length, "neighborhood: queries and keys are the same tokens");
    ensure(axis.kernel >= 1 && axis.dilation >= 1 && axis.kernel * axis.dilation <= axis.length && axis.stride >= 1 &&
               axis.stride <= axis.kernel,
           "neighborhood: kernel · dilation <= length and 1 <= stride <= kernel");
    grid.axes.push_back(axis);
    bias_ranks.push_back("R" + letter);
  }
  const Tensor<double>* bias =
      needs_bias ? &in.read("RPB", with_heads(bias_ranks, "")) : in.read_if_present("RPB", with_heads(bias_ranks, ""));
  for (std::size_t i = 0; bias != nullptr && i < axes.size(); ++i) {
    ensure(bias->extents()[i + 1] == 2 * grid.axes[i].kernel - 1, "neighborhood: RPB has 2 · kernel - 1 distances");
  }

  const Int heads = in.extent("H"), tokens = grid.tokens(), e_extent = in.extent("E"), f_extent = in.extent("F");
  std::vector<Int> extents{heads};
  for (const auto& axis : grid.axes) extents.push_back(axis.length);
  Tensor<double> lse(with_heads(queries, ""), extents);
  extents.push_back(f_extent);
  Tensor<double> out(with_heads(queries, "F"), extents);
  std::vector<std::vector<Int>> places;
  for (Int x = 0; x < tokens; ++x) places.push_back(grid.place(x));
  for (Int h = 0; h < heads; ++h) {
    for (Int x = 0; x < tokens; ++x) {
      const auto& query_place = places[static_cast<std::size_t>(x)];
      Row weights = row_of_terms(tokens, [&](Int y) {
        const auto& key_place = places[static_cast<std::size_t>(y)];
        Int bias_at = h;
        for (std::size_t i = 0; i < grid.axes.size(); ++i) {
          const auto& axis = grid.axes[i];
          if (!is_neighbour(axis, query_place[i], key_place[i])) return kAbsent;
          const Int steps = (key_place[i] - query_place[i]) / axis.dilation;
          bias_at = bias_at * (2 * axis.kernel - 1) + steps + axis.kernel - 1;
        }
        const double* query = q.data() + (h * tokens + x) * e_extent;
        const double* key = k.data() + (h * tokens + y) * e_extent;
        return sum_over(e_extent, [&](Int e) { return query[e] * key[e]; }) * inverse_sqrt(e_extent) +
               (bias == nullptr ? 0 : bias->data()[bias_at]);
      });
      lse.data()[h * tokens + x] = softmax(weights);
      const Row row =
          weighted_values(weights, f_extent, [&](Int y, Int f) { return v.data()[(h * tokens + y) * f_extent + f]; });
      std::copy(row.begin(), row.end(), out.data() + (h * tokens + x) * f_extent);
    }
  }
  return {{"AV", out}, {"LSE", lse}};
}

ReferenceTensors only_av(ReferenceTensors both) {
  both.erase("LSE");
  return both;
}

ReferenceTensors on_line(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  return only_av(attend(tensors, setting, "X", {"P"}, {"M"}));
}
ReferenceTensors fused(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  return attend(tensors, setting, "X", {"P"}, {"M"});
}
ReferenceTensors on_plane(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  return only_av(attend(tensors, setting, "YX", {"PY", "PX"}, {"MY", "MX"}));
}
ReferenceTensors in_space(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  return only_av(attend(tensors, setting, "ZYX", {"PZ", "PY", "PX"}, {"MZ", "MY", "MX"}));
}
ReferenceTensors dilated(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  return only_av(attend(tensors, setting, "YX", {"PY", "PX"}, {"MY", "MX"}, true));
}

}  // namespace

std::vector<ReferenceKernel> neighborhood_kernels() {
  const Names qkv{"K", "Q", "V"};
  const std::string one = "Q[H,P,E], K[H,M,E], V[H,M,F], kernel KX, dilation DX (1), stride SX (1), causal CX (0)";
  const std::string two = "Q[H,PY,PX,E], K[H,MY,MX,E], V[H,MY,MX,F], ";
  return {
      {"dilated_neighborhood_2d",
       two + "RPB[H,RY,RX] (2K-1 distances each), kernel KY, KX, dilation DY, DX (1) → AV[H,PY,PX,F]",
       {"K", "Q", "RPB", "V"},
       {{"AV", {"H", "PY", "PX", "F"}}},
       &dilated},
      {"neighborhood_1d", one + ", RPB[H,RX] (optional) → AV[H,P,F]", qkv, {{"AV", {"H", "P", "F"}}}, &on_line},
      {"neighborhood_2d",
       two + "per axis Y, X: kernel K, dilation D (1), stride S (1), causal C (0); RPB[H,RY,RX] (optional) → "
             "AV[H,PY,PX,F]",
       qkv,
       {{"AV", {"H", "PY", "PX", "F"}}},
       &on_plane},
      {"neighborhood_3d",
       "Q[H,PZ,PY,PX,E], K[H,MZ,MY,MX,E], V[H,MZ,MY,MX,F], per axis Z, Y, X: kernel K, dilation D (1), stride S (1), "
       "causal C (0); RPB[H,RZ,RY,RX] (optional) → AV[H,PZ,PY,PX,F]",
       qkv,
       {{"AV", {"H", "PZ", "PY", "PX", "F"}}},
       &in_space},
      {"neighborhood_fused",
       one + " → AV[H,P,F], LSE[H,P]",
       qkv,
       {{"AV", {"H", "P", "F"}}, {"LSE", {"H", "P"}}},
       &fused},
  };
}

}  // namespace einloom::reference
