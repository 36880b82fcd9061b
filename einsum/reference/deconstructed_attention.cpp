// SPDX-License-Identifier: Apache-2.0
// Deconstructing Attention (arXiv 2510.11602): causal layers that each drop one property of attention. Every map is
// written out as rows of weights over the keys up to the query's own.
#include "base/diagnostic.hpp"
#include "einsum/reference/kernel_inputs.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/scored_keys.hpp"

namespace einloom::reference {
namespace {

using Int = std::int64_t;

// weights(h, p) of keys 0 to p, applied to V[H,M,F].
template <class Weights>
ReferenceTensors apply(const Tensor<double>& v, const Weights& weights) {
  const Int heads = v.extents()[0], tokens = v.extents()[1], f_extent = v.extents()[2];
  Tensor<double> out({"H", "P", "F"}, {heads, tokens, f_extent});
  for (Int h = 0; h < heads; ++h) {
    for (Int p = 0; p < tokens; ++p) {
      const Row row = weighted_values(weights(h, p), f_extent, [&](Int m, Int f) { return v(h, m, f); });
      for (Int f = 0; f < f_extent; ++f) out(h, p, f) = row[to_size(f)];
    }
  }
  return {{"AV", out}};
}

// Q[H,P,E], K[H,M,E], V[H,M,F] of the same tokens.
struct Heads {
  explicit Heads(KernelInputs& in)
      : q(in.read("Q", {"H", "P", "E"})), k(in.read("K", {"H", "M", "E"})), v(in.read("V", {"H", "M", "F"})) {
    ensure(in.extent("P") == in.extent("M"), "deconstructed attention: queries and keys are the same tokens");
    e_extent = in.extent("E");
  }
  [[nodiscard]] double scaled_dot(Int h, Int p, Int m) const {
    return sum_over(e_extent, [&](Int e) { return q(h, p, e) * k(h, m, e); }) * inverse_sqrt(e_extent);
  }
  const Tensor<double>&q, &k, &v;
  Int e_extent = 0;
};

ReferenceTensors standard(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const Heads heads(in);
  return apply(heads.v, [&](Int h, Int p) {
    Row row = row_of_terms(p + 1, [&](Int m) { return heads.scaled_dot(h, p, m); });
    softmax(row);
    return row;
  });
}

ReferenceTensors mlp(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const auto& x = in.read("X", {"P", "D"});
  const auto &gate = in.read("WG", {"D", "J"}), &up = in.read("WU", {"D", "J"}), &down = in.read("WD", {"J", "D"});
  const Int tokens = in.extent("P"), d_extent = in.extent("D"), j_extent = in.extent("J");
  Tensor<double> out({"P", "D"}, {tokens, d_extent});
  for (Int p = 0; p < tokens; ++p) {
    const Row hidden = row_of_terms(j_extent, [&](Int j) {
      return silu(sum_over(d_extent, [&](Int d) { return x(p, d) * gate(d, j); })) *
             sum_over(d_extent, [&](Int d) { return x(p, d) * up(d, j); });
    });
    for (Int d = 0; d < d_extent; ++d) {
      out(p, d) = sum_over(j_extent, [&](Int j) { return hidden[to_size(j)] * down(j, d); });
    }
  }
  return {{"O", out}};
}

// Divided by its sum; by 0: 0.
void divide_by_sum(Row& row) {
  double sum = 0;
  for (const double x : row) sum += x;
  for (double& x : row) x = sum == 0 ? 0 : x / sum;
}

// exp(s) up to its second order. `elementwise` keeps, of the square of the sum over E, the squares only.
ReferenceTensors taylor(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const Heads heads(in);
  const bool outer = in.form("second_order", {"outer", "elementwise"}) == "outer";
  const bool joint = in.form("norm", {"joint", "separate"}) == "joint";
  const auto second = [&](Int h, Int p, Int m) {
    if (outer) return heads.scaled_dot(h, p, m) * heads.scaled_dot(h, p, m) / 2;
    return sum_over(heads.e_extent,
                    [&](Int e) {
                      const double term = heads.q(h, p, e) * heads.k(h, m, e);
                      return term * term;
                    }) /
           (2 * static_cast<double>(heads.e_extent));
  };
  return apply(heads.v, [&](Int h, Int p) {
    Row zeroth(to_size(p + 1), 1);
    Row first = row_of_terms(p + 1, [&](Int m) { return heads.scaled_dot(h, p, m); });
    Row squares = row_of_terms(p + 1, [&](Int m) { return second(h, p, m); });
    if (!joint) {
      divide_by_sum(zeroth);
      divide_by_sum(first);
      divide_by_sum(squares);
    }
    Row all = row_of_terms(p + 1, [&](Int m) { return zeroth[to_size(m)] + first[to_size(m)] + squares[to_size(m)]; });
    if (joint) divide_by_sum(all);
    return all;
  });
}

// A key's score comes from its own token alone.
ReferenceTensors shared_score(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const auto &q = in.read("Q", {"H", "M", "E"}), &k = in.read("K", {"H", "M", "E"});
  const auto& v = in.read("V", {"H", "M", "F"});
  const Int e_extent = in.extent("E");
  return apply(v, [&](Int h, Int p) {
    Row row = row_of_terms(p + 1, [&](Int m) {
      return sum_over(e_extent, [&](Int e) { return silu(q(h, m, e)) * k(h, m, e); }) * inverse_sqrt(e_extent);
    });
    softmax(row);
    return row;
  });
}

// Queries and keys are projections of `source`[·,D], not of the layer's input; rotated ones turn by their positions.
ReferenceTensors map_from(KernelInputs& in, const Tensor<double>& source, const Tensor<double>& v,
                          bool rotated = false) {
  const auto &wq = in.read("WQ", {"D", "H", "E"}), &wk = in.read("WK", {"D", "H", "E"});
  const Int d_extent = in.extent("D"), e_extent = in.extent("E");
  const auto project = [&](const Tensor<double>& w, Int h, Int i) {
    Row row = row_of_terms(e_extent,
                           [&](Int e) { return sum_over(d_extent, [&](Int d) { return source(i, d) * w(d, h, e); }); });
    if (rotated) rotate(row, static_cast<double>(i), in.constant("THETA", 10000), RotaryPairs::half_split);
    return row;
  };
  return apply(v, [&](Int h, Int p) {
    const Row query = project(wq, h, p);
    Row row = row_of_terms(p + 1, [&](Int m) {
      const Row key = project(wk, h, m);
      return sum_over(e_extent, [&](Int e) { return query[to_size(e)] * key[to_size(e)]; }) * inverse_sqrt(e_extent);
    });
    softmax(row);
    return row;
  });
}

ReferenceTensors static_qk(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const auto& v = in.read("V", {"H", "M", "F"});
  const bool rotated = in.form("rotary", {"none", "half_split"}) == "half_split";
  ReferenceTensors result = map_from(in, in.read("EMB", {"M", "D"}), v, rotated);
  if (in.form("projection", {"none", "given"}) == "none") return result;
  const auto& w = in.read("WO", {"H", "F", "D"});
  const auto& mixed = result.at("AV");
  Tensor<double> out({"P", "D"}, {in.extent("M"), in.extent("D")});
  for (Int p = 0; p < in.extent("M"); ++p) {
    for (Int d = 0; d < in.extent("D"); ++d) {
      for (Int h = 0; h < in.extent("H"); ++h) {
        out(p, d) += sum_over(in.extent("F"), [&](Int f) { return mixed(h, p, f) * w(h, f, d); });
      }
    }
  }
  result.emplace("O", out);
  return result;
}

// The sequence that queries and keys come from is the same for every input and at least as long.
ReferenceTensors constant_qk(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const auto& v = in.read("V", {"H", "M", "F"});
  const bool cached = in.form("map", {"computed", "cached"}) == "cached";
  const Tensor<double>& source = cached ? in.read("A", {"H", "S", "T"}) : in.read("SEQ", {"T", "D"});
  ensure(in.extent("T") >= in.extent("M") && (!cached || in.extent("S") >= in.extent("M")),
         "deconstructed attention: the constant sequence is too short");
  if (!cached) return map_from(in, source, v);
  return apply(v, [&](Int h, Int p) { return row_of_terms(p + 1, [&](Int m) { return source(h, p, m); }); });
}

}  // namespace

std::vector<ReferenceKernel> deconstructed_attention_kernels() {
  const std::vector<std::string> qkv{"K", "Q", "V"};
  const std::vector<ReferenceOutput> av{{"AV", {"H", "P", "F"}}};
  const std::string heads = "Q[H,P,E], K[H,M,E], V[H,M,F]";
  const std::string constant =
      "V[H,M,F], map: computed (SEQ[T,D], WQ[D,H,E], WK[D,H,E]) or cached (A[H,S,T], rows of a causal softmax; S and T "
      "may exceed M) → AV[H,P,F]; SEQ ";
  return {
      {"decon_fixed_qk", constant + "is one fixed text", {"V"}, av, &constant_qk},
      {"decon_mlp", "X[P,D], WG[D,J], WU[D,J], WD[J,D] → O[P,D]", {"WD", "WG", "WU", "X"}, {{"O", {"P", "D"}}}, &mlp},
      {"decon_random_qk", constant + "is noise", {"V"}, av, &constant_qk},
      {"decon_shared_score", "Q[H,M,E], K[H,M,E], V[H,M,F] → AV[H,P,F], P = M; keys are scored by their own token", qkv,
       av, &shared_score},
      {"decon_standard", heads + " → AV[H,P,F]; causal", qkv, av, &standard},
      {"decon_static_qk",
       "EMB[M,D] (embeddings of the input), WQ[D,H,E], WK[D,H,E], V[H,M,F], rotary: none or half_split (THETA, 10000), "
       "projection: none or given (WO[H,F,D]) → AV[H,P,F], P = M, and O[P,D]",
       {"EMB", "V", "WK", "WQ"},
       {{"AV", {"H", "P", "F"}}, {"O", {"P", "D"}}},
       &static_qk},
      {"decon_taylor", heads + ", second_order: outer|elementwise, norm: joint|separate → AV[H,P,F]; causal", qkv, av,
       &taylor},
  };
}

}  // namespace einloom::reference
