// SPDX-License-Identifier: Apache-2.0
// Gated attention: a sigmoid gate computed from the token multiplies what attention gives (at the query's token) or the
// values it reads (at the key's token). Causal, grouped queries.
#include "einsum/reference/kernel_inputs.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/scored_keys.hpp"

namespace einloom::reference {
namespace {

using Int = std::int64_t;

// Causal attention with value(g, m, f).
template <class Value>
Tensor<double> attend(KernelInputs& in, const Tensor<double>& q, const Tensor<double>& k, const Value& value) {
  const Int groups = in.extent("G"), per_group = in.extent("R"), queries = in.extent("P"), keys = in.extent("M");
  const Int e_extent = in.extent("E"), f_extent = in.extent("F");
  Tensor<double> out({"G", "R", "P", "F"}, {groups, per_group, queries, f_extent});
  for (Int g = 0; g < groups; ++g) {
    for (Int r = 0; r < per_group; ++r) {
      for (Int p = 0; p < queries; ++p) {
        const Row row = softmax_values(
            keys, f_extent,
            [&](Int m) {
              if (m > p + keys - queries) return kAbsent;
              return sum_over(e_extent, [&](Int e) { return q(g, r, p, e) * k(g, m, e); }) * inverse_sqrt(e_extent);
            },
            [&](Int m, Int f) { return value(g, m, f); });
        for (Int f = 0; f < f_extent; ++f) out(g, r, p, f) = row[to_size(f)];
      }
    }
  }
  return out;
}

const std::vector<std::string> kGates{"elementwise", "headwise", "shared_scores", "shared_gates"};

// The gate of one dimension of one of `heads` heads that have score(head): its own, or one that all heads share.
template <class Score>
double gate_of(const std::string& form, Int head, Int heads, const Score& score) {
  if (form == "shared_scores") return sigmoid(sum_over(heads, score) / static_cast<double>(heads));
  if (form == "shared_gates") {
    return sum_over(heads, [&](Int each) { return sigmoid(score(each)); }) / static_cast<double>(heads);
  }
  return sigmoid(score(head));
}

ReferenceTensors gated_output(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const auto& q = in.read("Q", {"G", "R", "P", "E"});
  const auto& k = in.read("K", {"G", "M", "E"});
  const auto& v = in.read("V", {"G", "M", "F"});
  const auto& x = in.read("X", {"P", "D"});
  const std::string form = in.form("gate", kGates);
  const bool per_head = form == "headwise";
  const auto& w = per_head ? in.read("WG", {"D", "G", "R"}) : in.read("WG", {"D", "G", "R", "F"});
  Tensor<double> out = attend(in, q, k, [&](Int g, Int m, Int f) { return v(g, m, f); });
  for (Int g = 0; g < in.extent("G"); ++g) {
    for (Int r = 0; r < in.extent("R"); ++r) {
      for (Int p = 0; p < in.extent("P"); ++p) {
        for (Int f = 0; f < in.extent("F"); ++f) {
          const auto score = [&](Int head) {
            const Int group = head / in.extent("R"), member = head % in.extent("R");
            return sum_over(in.extent("D"),
                            [&](Int d) { return x(p, d) * (per_head ? w(d, group, member) : w(d, group, member, f)); });
          };
          out(g, r, p, f) *= gate_of(form, g * in.extent("R") + r, in.extent("G") * in.extent("R"), score);
        }
      }
    }
  }
  return {{"AG", out}};
}

ReferenceTensors gated_value(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const auto& q = in.read("Q", {"G", "R", "P", "E"});
  const auto& k = in.read("K", {"G", "M", "E"});
  const auto& v = in.read("V", {"G", "M", "F"});
  const auto& x = in.read("X", {"M", "D"});
  const std::string form = in.form("gate", kGates);
  const bool per_head = form == "headwise";
  const auto& w = per_head ? in.read("WG", {"D", "G"}) : in.read("WG", {"D", "G", "F"});
  Tensor<double> gated = v;
  for (Int g = 0; g < in.extent("G"); ++g) {
    for (Int m = 0; m < in.extent("M"); ++m) {
      for (Int f = 0; f < in.extent("F"); ++f) {
        const auto score = [&](Int group) {
          return sum_over(in.extent("D"), [&](Int d) { return x(m, d) * (per_head ? w(d, group) : w(d, group, f)); });
        };
        gated(g, m, f) *= gate_of(form, g, in.extent("G"), score);
      }
    }
  }
  return {{"AV", attend(in, q, k, [&](Int g, Int m, Int f) { return gated(g, m, f); })}};
}

}  // namespace

std::vector<ReferenceKernel> gated_attention_kernels() {
  const std::vector<std::string> inputs{"K", "Q", "V", "WG", "X"};
  const std::string heads = "Q[G,R,P,E], K[G,M,E], V[G,M,F], ";
  return {
      {"gated_output",
       heads + "X[P,D], gate: elementwise (WG[D,G,R,F]), headwise (WG[D,G,R]), shared_scores or shared_gates "
               "(WG[D,G,R,F]) → "
               "AG[G,R,P,F]",
       inputs,
       {{"AG", {"G", "R", "P", "F"}}},
       &gated_output},
      {"gated_value",
       heads + "X[M,D], gate: elementwise (WG[D,G,F]), headwise (WG[D,G]), shared_scores or shared_gates (WG[D,G,F]) → "
               "AV[G,R,P,F]",
       inputs,
       {{"AV", {"G", "R", "P", "F"}}},
       &gated_value}};
}

}  // namespace einloom::reference
