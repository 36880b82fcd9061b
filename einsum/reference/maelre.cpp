// SPDX-License-Identifier: Apache-2.0
// MAELRE, as far as its abstract goes: tokens are merged stage by stage, and attention goes through a D x D matrix
// while there are more tokens than D. What the paper leaves open is an option here.
#include <algorithm>
#include <cmath>

#include "base/diagnostic.hpp"
#include "einsum/reference/kernel_inputs.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/scored_keys.hpp"

namespace einloom::reference {
namespace {

using Int = std::int64_t;

// Neighbouring tokens side by side through one linear layer.
ReferenceTensors merge_linear(KernelInputs& in, const Tensor<double>& x) {
  const auto& w = in.read("WM", {"I", "D", "C"});
  const auto& b = in.read("BM", {"C"});
  const Int per_merge = in.extent("I"), stage = in.extent("N") / per_merge, c_extent = in.extent("C");
  ensure(stage * per_merge == in.extent("N"), "maelre_merge: the tokens divide into groups");
  Tensor<double> out({"S", "C"}, {stage, c_extent});
  for (Int n = 0; n < stage; ++n) {
    for (Int c = 0; c < c_extent; ++c) {
      out(n, c) = b(c) + sum_over(per_merge, [&](Int i) {
                    return sum_over(in.extent("D"), [&](Int d) { return x(n * per_merge + i, d) * w(i, d, c); });
                  });
    }
  }
  return {{"XS", out}};
}

// Every even token looks for the odd one most like it by key; the MERGED best pairs become one token each, averaged by
// size. The even tokens that are left stand before the odd ones, each in their old order.
ReferenceTensors merge_bipartite(KernelInputs& in, const Tensor<double>& x) {
  const auto& k = in.read("K", {"N", "E"});
  const auto& size = in.read("SIZE", {"N"});
  const Int tokens = in.extent("N"), d_extent = in.extent("D"), merged = in.parameter("MERGED");
  const Int evens = (tokens + 1) / 2, odds = tokens / 2;
  ensure(merged >= 0 && merged <= evens && odds > 0, "maelre_merge: as many merges as even tokens at most");
  const auto key = [&](Int n) {
    Row row = row_of_terms(in.extent("E"), [&](Int e) { return k(n, e); });
    l2_normalise(row);
    return row;
  };
  std::vector<Int> partner(to_size(evens), 0);
  Row likeness(to_size(evens), kAbsent);
  for (Int a = 0; a < evens; ++a) {
    for (Int b = 0; b < odds; ++b) {
      const double cosine = dot(key(2 * a), key(2 * b + 1));
      if (cosine <= likeness[to_size(a)]) continue;
      likeness[to_size(a)] = cosine;
      partner[to_size(a)] = b;
    }
  }
  const auto goes = [&](Int a) {  // among the MERGED largest, of equal ones the first
    Int before = 0;
    for (Int other = 0; other < evens; ++other) {
      const double mine = likeness[to_size(a)], its = likeness[to_size(other)];
      before += its > mine || (its == mine && other < a) ? 1 : 0;
    }
    return before < merged;
  };
  Tensor<double> out({"S", "C"}, {tokens - merged, d_extent});
  Int written = 0;
  for (Int a = 0; a < evens; ++a) {
    if (goes(a)) continue;
    for (Int d = 0; d < d_extent; ++d) out(written, d) = x(2 * a, d);
    ++written;
  }
  for (Int b = 0; b < odds; ++b, ++written) {
    double total = size(2 * b + 1);
    for (Int d = 0; d < d_extent; ++d) out(written, d) = x(2 * b + 1, d) * size(2 * b + 1);
    for (Int a = 0; a < evens; ++a) {
      if (!goes(a) || partner[to_size(a)] != b) continue;
      total += size(2 * a);
      for (Int d = 0; d < d_extent; ++d) out(written, d) += x(2 * a, d) * size(2 * a);
    }
    for (Int d = 0; d < d_extent; ++d) out(written, d) = total == 0 ? 0 : out(written, d) / total;
  }
  return {{"XS", out}};
}

ReferenceTensors merge(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const auto& x = in.read("X", {"N", "D"});
  return in.form("merge", {"linear", "bipartite"}) == "linear" ? merge_linear(in, x) : merge_bipartite(in, x);
}

// Weights of all key tokens for a query token, of one head; each form of attention has its own.
struct Head {
  const Tensor<double>&q, &k;
  Int h, queries, keys, e_extent;

  [[nodiscard]] Row q_row(Int p) const {
    return row_of_terms(e_extent, [&](Int e) { return q(h, p, e); });
  }
  [[nodiscard]] Row k_row(Int m) const {
    return row_of_terms(e_extent, [&](Int e) { return k(h, m, e); });
  }
};

// softmax over M of the keys, by e.
std::vector<Row> key_columns(const Head& head) {
  std::vector<Row> columns;
  for (Int e = 0; e < head.e_extent; ++e) {
    columns.push_back(row_of_terms(head.keys, [&](Int m) { return head.k(head.h, m, e); }));
    softmax(columns.back());
  }
  return columns;
}

// softmax over E of the query times softmax over M of the keys.
Row efficient_weights(const Head& head, Int p, const std::vector<Row>& columns) {
  Row query = head.q_row(p);
  softmax(query);
  Row weights(to_size(head.keys), 0);
  for (std::size_t e = 0; e < columns.size(); ++e) {
    for (std::size_t m = 0; m < weights.size(); ++m) weights[m] += query[e] * columns[e][m];
  }
  return weights;
}

// φ(q)·φ(k) over its sum, φ(x) = elu(x) + 1.
Row kernel_weights(const Head& head, Int p) {
  const auto feature = [](Row row) {
    for (double& x : row) x = x > 0 ? x + 1 : std::exp(x);
    return row;
  };
  const Row query = feature(head.q_row(p));
  Row weights = row_of_terms(head.keys, [&](Int m) { return dot(query, feature(head.k_row(m))); });
  double sum = 0;
  for (const double w : weights) sum += w;
  for (double& w : weights) w = sum == 0 ? 0 : w / sum;
  return weights;
}

Row softmax_weights(const Head& head, Int p) {
  const Row query = head.q_row(p);
  Row weights = row_of_terms(head.keys, [&](Int m) { return dot(query, head.k_row(m)) * inverse_sqrt(head.e_extent); });
  softmax(weights);
  return weights;
}

// One row of softmax over e2 of TAU · q̂[·,e1]·k̂[·,e2], columns of unit length over the tokens.
Row channel_weights(const Head& head, Int e1, double tau) {
  const auto column = [&](const Tensor<double>& x, Int tokens, Int e) {
    Row row = row_of_terms(tokens, [&](Int p) { return x(head.h, p, e); });
    l2_normalise(row);
    return row;
  };
  const Row query = column(head.q, head.queries, e1);
  Row weights = row_of_terms(head.e_extent, [&](Int e2) { return tau * dot(query, column(head.k, head.keys, e2)); });
  softmax(weights);
  return weights;
}

ReferenceTensors attention(const ReferenceTensors& tensors, const ReferenceSetting& setting) {
  KernelInputs in(tensors, setting);
  const auto& q = in.read("Q", {"H", "P", "E"});
  const auto& k = in.read("K", {"H", "M", "E"});
  const auto& v = in.read("V", {"H", "M", "F"});
  const Int heads = in.extent("H"), queries = in.extent("P"), keys = in.extent("M");
  const Int e_extent = in.extent("E"), f_extent = in.extent("F");
  std::string form = in.form("form", {"efficient", "kernel", "cross_covariance", "softmax", "switched"});
  if (form == "switched") form = keys > heads * e_extent ? "efficient" : "softmax";
  if (form == "cross_covariance") {
    ensure(queries == keys && f_extent == e_extent, "maelre_attention: channels mix among tokens of one kind");
  }
  Tensor<double> out({"H", "P", "F"}, {heads, queries, f_extent});
  for (Int h = 0; h < heads; ++h) {
    const Head head{q, k, h, queries, keys, e_extent};
    const std::vector<Row> columns = form == "efficient" ? key_columns(head) : std::vector<Row>();
    for (Int p = 0; p < queries && form != "cross_covariance"; ++p) {
      const Row weights = form == "efficient" ? efficient_weights(head, p, columns)
                          : form == "kernel"  ? kernel_weights(head, p)
                                              : softmax_weights(head, p);
      const Row row = weighted_values(weights, f_extent, [&](Int m, Int f) { return v(h, m, f); });
      for (Int f = 0; f < f_extent; ++f) out(h, p, f) = row[to_size(f)];
    }
    for (Int e1 = 0; e1 < e_extent && form == "cross_covariance"; ++e1) {
      const Row weights = channel_weights(head, e1, in.constant("TAU", 1));
      const Row column = weighted_values(weights, queries, [&](Int e2, Int p) { return v(h, p, e2); });
      for (Int p = 0; p < queries; ++p) out(h, p, e1) = column[to_size(p)];
    }
  }
  return {{"AV", out}};
}

}  // namespace

std::vector<ReferenceKernel> maelre_kernels() {
  return {
      {"maelre_attention",
       "Q[H,P,E], K[H,M,E], V[H,M,F], form: efficient|kernel|cross_covariance (TAU (1))|softmax|switched (efficient "
       "when M > H·E, else softmax) → AV[H,P,F]",
       {"K", "Q", "V"},
       {{"AV", {"H", "P", "F"}}},
       &attention},
      {"maelre_merge",
       "X[N,D], merge: linear (WM[I,D,C], BM[C]; S = N / I) or bipartite (K[N,E], SIZE[N], MERGED; S = N - MERGED, "
       "C = D) → XS[S,C]",
       {"X"},
       {{"XS", {"S", "C"}}},
       &merge}};
}

}  // namespace einloom::reference
