// SPDX-License-Identifier: Apache-2.0
// RCMHA: attention with relative positions as in Transformer-XL, whose queries, keys and values first pass a causal
// depthwise convolution along the tokens. Query p stands at p + M - P.
#include "base/diagnostic.hpp"
#include "einsum/reference/kernel_inputs.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/scored_keys.hpp"

namespace einloom::reference {
namespace {

using Int = std::int64_t;

// y[h,i,e] = sum over j of x[h,i-(J-1)+j,e] · taps[e,j] + bias[e]; nothing stands before the first token.
Tensor<double> convolve(const Tensor<double>& x, const Tensor<double>& taps, const Tensor<double>& bias) {
  Tensor<double> y = x;
  const Int length = taps.extents()[1];
  for (Int h = 0; h < x.extents()[0]; ++h) {
    for (Int i = 0; i < x.extents()[1]; ++i) {
      for (Int e = 0; e < x.extents()[2]; ++e) {
        y(h, i, e) = bias(e) + sum_over(length, [&](Int j) {
                       const Int from = i - (length - 1) + j;
                       return from < 0 ? 0 : x(h, from, e) * taps(e, j);
                     });
      }
    }
  }
  return y;
}

ReferenceTensors run(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const auto& q0 = in.read("Q0", {"H", "P", "E"});
  const auto& k0 = in.read("K0", {"H", "M", "E"});
  const auto& v0 = in.read("V0", {"H", "M", "F"});
  const Tensor<double> q = convolve(q0, in.read("CQ", {"E", "J"}), in.read("CBQ", {"E"}));
  const Tensor<double> k = convolve(k0, in.read("CK", {"E", "J"}), in.read("CBK", {"E"}));
  const Tensor<double> v = convolve(v0, in.read("CV", {"F", "J"}), in.read("CBV", {"F"}));
  const auto& u = in.read("U", {"H", "E"});
  const auto& relative = in.read("RT", {"R", "H", "E"});
  const auto& relative_bias = in.read("ST", {"R", "H"});
  const Int heads = in.extent("H"), queries = in.extent("P"), keys = in.extent("M");
  const Int e_extent = in.extent("E"), f_extent = in.extent("F"), middle = in.extent("R") / 2;
  ensure(keys >= queries && middle >= keys, "rcmha: the keys hold the queries, and the tables every distance");

  Tensor<double> out({"H", "P", "F"}, {heads, queries, f_extent});
  for (Int h = 0; h < heads; ++h) {
    for (Int p = 0; p < queries; ++p) {
      const Row row = softmax_values(
          keys, f_extent,
          [&](Int m) {
            const Int distance = m - (p + keys - queries);
            if (distance > 0) return kAbsent;
            const double content = sum_over(e_extent, [&](Int e) { return (q(h, p, e) + u(h, e)) * k(h, m, e); });
            const double position =
                sum_over(e_extent, [&](Int e) { return q(h, p, e) * relative(middle + distance, h, e); }) +
                relative_bias(middle + distance, h);
            return (content + position) * inverse_sqrt(e_extent);
          },
          [&](Int m, Int f) { return v(h, m, f); });
      for (Int f = 0; f < f_extent; ++f) out(h, p, f) = row[to_size(f)];
    }
  }
  return {{"AV", out}};
}

}  // namespace

std::vector<ReferenceKernel> rcmha_kernels() {
  return {{"rcmha",
           "Q0[H,P,E], K0[H,M,E], V0[H,M,F] (projections; M is memory, then the P tokens), taps CQ[E,J], CK[E,J], "
           "CV[F,J], their biases CBQ[E], CBK[E], CBV[F], U[H,E], RT[R,H,E] and ST[R,H] (at R/2 + m - position of p) → "
           "AV[H,P,F]; causal",
           {"CBK", "CBQ", "CBV", "CK", "CQ", "CV", "K0", "Q0", "RT", "ST", "U", "V0"},
           {{"AV", {"H", "P", "F"}}},
           &run}};
}

}  // namespace einloom::reference
