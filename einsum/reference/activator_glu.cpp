// SPDX-License-Identifier: Apache-2.0
// Activator: a gated MLP per token in the place of attention, and in the full model an MLP behind it.
#include <cmath>

#include "einsum/reference/kernel_inputs.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/scored_keys.hpp"

namespace einloom::reference {
namespace {

using Int = std::int64_t;

ReferenceTensors run(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const auto& x = in.read("X", {"P", "D"});
  const Int tokens = in.extent("P"), d_extent = in.extent("D");
  const std::string activation = in.form("activation", {"gelu", "relu", "silu"});
  const bool full = in.form("block", {"reduced", "full"}) == "full";
  const auto activate = [&](double value) {
    if (activation == "relu") return std::fmax(value, 0);
    return activation == "silu" ? silu(value) : gelu(value);
  };
  const auto norm = [&](Row& row, const std::string& rank) {
    const auto &gain = in.read("GAIN" + rank, {rank}), &bias = in.read("BIAS" + rank, {rank});
    layer_norm(row, in.constant("EPS", 1e-5), Row(gain.data(), gain.data() + gain.size()),
               Row(bias.data(), bias.data() + bias.size()));
  };
  // Weights[from, to] and bias of the layer of that number.
  const auto linear = [&](const Row& row, const std::string& number, const std::string& from, const std::string& to) {
    const auto &w = in.read("W" + number, {from, to}), &b = in.read("B" + number, {to});
    return row_of_terms(in.extent(to), [&](Int j) {
      return sum_over(in.extent(from), [&](Int i) { return row[to_size(i)] * w(i, j); }) + b(j);
    });
  };

  Tensor<double> out({"P", "D"}, {tokens, d_extent});
  for (Int p = 0; p < tokens; ++p) {
    Row y = row_of_terms(d_extent, [&](Int d) { return x(p, d); });
    Row normed = y;
    norm(normed, "D");
    Row left = linear(normed, "1", "D", "J"), right = linear(normed, "2", "D", "J");
    for (double& value : left) value = activate(value);
    norm(left, "J");
    norm(right, "J");
    for (std::size_t j = 0; j < left.size(); ++j) left[j] *= right[j];
    const Row mixed = linear(left, "3", "J", "D");
    for (std::size_t d = 0; d < y.size(); ++d) y[d] += mixed[d];
    if (full) {
      normed = y;
      norm(normed, "D");
      Row hidden = linear(normed, "4", "D", "K");
      for (double& value : hidden) value = gelu(value);
      const Row added = linear(hidden, "5", "K", "D");
      for (std::size_t d = 0; d < y.size(); ++d) y[d] += added[d];
    }
    for (Int d = 0; d < d_extent; ++d) out(p, d) = y[to_size(d)];
  }
  return {{"Y", out}};
}

}  // namespace

std::vector<ReferenceKernel> activator_glu_kernels() {
  return {
      {"activator_glu",
       "X[P,D], W1[D,J], B1[J], W2[D,J], B2[J], W3[J,D], B3[D], GAIND[D], BIASD[D], GAINJ[J], BIASJ[J], EPS (1e-5), "
       "activation: gelu|relu|silu, block: reduced|full (W4[D,K], B4[K], W5[K,D], B5[D]) → Y[P,D]",
       {"B1", "B2", "B3", "BIASD", "BIASJ", "GAIND", "GAINJ", "W1", "W2", "W3", "X"},
       {{"Y", {"P", "D"}}},
       &run}};
}

}  // namespace einloom::reference
