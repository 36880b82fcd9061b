// SPDX-License-Identifier: Apache-2.0
// Multi-head latent attention (DeepSeek-V2): keys and values of all heads are re-expanded from one latent per token.
// Both forms of it have one answer: that of the expanded keys and values.
#include "einsum/reference/kernel_inputs.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/scored_keys.hpp"

namespace einloom::reference {
namespace {

using Int = std::int64_t;

ReferenceTensors run(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const auto& q_plain = in.read("QN", {"B", "H", "P", "E"});
  const auto& q_turned = in.read("QR", {"B", "H", "P", "R"});
  const auto& latent = in.read("CKV", {"B", "M", "C"});
  const auto& k_turned = in.read("KR", {"B", "M", "R"});
  const auto& w_k = in.read("WUK", {"C", "H", "E"});
  const auto& w_v = in.read("WUV", {"C", "H", "F"});
  const Int batch = in.extent("B"), heads = in.extent("H"), queries = in.extent("P"), keys = in.extent("M");
  const Int c_extent = in.extent("C"), e_extent = in.extent("E"), r_extent = in.extent("R"), f_extent = in.extent("F");

  Tensor<double> out({"B", "H", "P", "F"}, {batch, heads, queries, f_extent});
  for (Int b = 0; b < batch; ++b) {
    for (Int h = 0; h < heads; ++h) {
      Tensor<double> k({"M", "E"}, {keys, e_extent}, 0), v({"M", "F"}, {keys, f_extent}, 0);
      for (Int m = 0; m < keys; ++m) {
        for (Int c = 0; c < c_extent; ++c) {
          const double l = latent(b, m, c);
          double *k_row = &k(m, 0), *v_row = &v(m, 0);
          const double *w_k_row = &w_k(c, h, 0), *w_v_row = &w_v(c, h, 0);
          for (Int e = 0; e < e_extent; ++e) k_row[e] += l * w_k_row[e];
          for (Int f = 0; f < f_extent; ++f) v_row[f] += l * w_v_row[f];
        }
      }
      for (Int p = 0; p < queries; ++p) {
        const Row row = softmax_values(
            keys, f_extent,
            [&](Int m) {
              if (m > p + keys - queries) return kAbsent;
              const double plain = sum_over(e_extent, [&](Int e) { return q_plain(b, h, p, e) * k(m, e); });
              const double turned = sum_over(r_extent, [&](Int r) { return q_turned(b, h, p, r) * k_turned(b, m, r); });
              return (plain + turned) * inverse_sqrt(e_extent + r_extent);
            },
            [&](Int m, Int f) { return v(m, f); });
        for (Int f = 0; f < f_extent; ++f) out(b, h, p, f) = row[to_size(f)];
      }
    }
  }
  return {{"AV", out}};
}

}  // namespace

std::vector<ReferenceKernel> mla_kernels() {
  const std::string description =
      "QN[B,H,P,E], QR[B,H,P,R] (rotated), CKV[B,M,C] (normalised latent), KR[B,M,R] (rotated), WUK[C,H,E], WUV[C,H,F] "
      "→ AV[B,H,P,F]; causal";
  const std::vector<std::string> inputs{"CKV", "KR", "QN", "QR", "WUK", "WUV"};
  const std::vector<ReferenceOutput> outputs{{"AV", {"B", "H", "P", "F"}}};
  return {{"mla_absorbed", description, inputs, outputs, &run}, {"mla_naive", description, inputs, outputs, &run}};
}

}  // namespace einloom::reference
