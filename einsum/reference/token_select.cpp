// SPDX-License-Identifier: Apache-2.0
// Attention to the cached tokens that all heads together vote for, beside the first and the latest ones (TokenSelect,
// arXiv 2411.02886), step by step.
#include "base/diagnostic.hpp"
#include "einsum/reference/attention_rows.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/top_k.hpp"

namespace einloom::reference {
namespace {

struct TokenSelect {
  const Tensor<double>& q;
  const Tensor<double>& keys;
  const Tensor<double>& values;
  const Tensor<double>& pages;
  std::int64_t first, latest, chosen;
  std::string rotary;
  double rotary_theta;

  std::int64_t heads() const { return q.extents().at(0); }
  std::int64_t rows() const { return q.extents().at(1); }
  std::int64_t e_extent() const { return q.extents().at(2); }
  std::int64_t groups() const { return keys.extents().at(1); }
  std::int64_t tokens() const { return pages.extents().at(0); }
  std::int64_t slot(std::int64_t token) const { return static_cast<std::int64_t>(pages(token)); }
};

// Mean query of the chunk, per head.
Tensor<double> mean_query(const TokenSelect& in) {
  Tensor<double> mean({"H", "E"}, {in.heads(), in.e_extent()});
  for (std::int64_t h = 0; h < in.heads(); ++h) {
    for (std::int64_t p = 0; p < in.rows(); ++p) {
      for (std::int64_t e = 0; e < in.e_extent(); ++e) mean(h, e) += in.q(h, p, e) / static_cast<double>(in.rows());
    }
  }
  return mean;
}

// Sum over heads of their softmax over the candidates; 0 elsewhere.
Tensor<double> votes(const TokenSelect& in, const Tensor<double>& mean) {
  Tensor<double> vote({"N"}, {in.tokens()});
  for (std::int64_t h = 0; h < in.heads(); ++h) {
    Row weights;
    for (std::int64_t j = in.first; j < in.tokens() - in.latest; ++j) {
      const Values key = part(in.keys, in.slot(j), group_of(h, in.heads(), in.groups()));
      weights.push_back(product(part(mean, h), key));
    }
    (void)softmax(weights);
    for (std::size_t j = 0; j < weights.size(); ++j) vote(in.first + static_cast<std::int64_t>(j)) += weights[j];
  }
  return vote;
}

Row turned(Values vector, std::int64_t position, const TokenSelect& in) {
  Row row = copy(vector);
  if (in.rotary == "none") return row;
  rotate(row, static_cast<double>(position), in.rotary_theta,
         in.rotary == "interleaved" ? RotaryPairs::interleaved : RotaryPairs::half_split);
  return row;
}

Tensor<double> attention(const TokenSelect& in, const std::vector<std::int64_t>& selected) {
  const auto seen_keys = static_cast<std::int64_t>(selected.size());
  const std::int64_t f_extent = in.values.extents().at(2);
  Tensor<double> o({"H", "P", "F"}, {in.heads(), in.rows(), f_extent});
  for (std::int64_t h = 0; h < in.heads(); ++h) {
    const std::int64_t g = group_of(h, in.heads(), in.groups());
    Row keys, values;
    for (std::int64_t t = 0; t < seen_keys; ++t) {
      const std::int64_t slot = in.slot(selected[static_cast<std::size_t>(t)]);
      const Row key = turned(part(in.keys, slot, g), t, in);
      const Values value = part(in.values, slot, g);
      keys.insert(keys.end(), key.begin(), key.end());
      values.insert(values.end(), value.begin(), value.end());
    }
    for (std::int64_t p = 0; p < in.rows(); ++p) {
      const std::int64_t own = seen_keys - in.rows() + p;
      store(attend(turned(part(in.q, h, p), own, in), keys, values, f_extent, inverse_root(in.e_extent()),
                   [&](std::int64_t t) { return t <= own; }),
            &o(h, p, 0));
    }
  }
  return o;
}

ReferenceTensors run(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const auto q = joined_heads(reference_input(inputs, "Q"), 0);
  const TokenSelect in{q,
                       reference_input(inputs, "KC"),
                       reference_input(inputs, "VC"),
                       reference_input(inputs, "PT"),
                       setting.extent("NINIT"),
                       setting.extent("NLOCAL"),
                       setting.extent("K"),
                       choice(setting, "rotary", {"half_split", "interleaved", "none"}),
                       constant_or(setting, "ROTARYTHETA", 10000)};
  const bool cached = choice(setting, "selection_cache", {"off", "on"}) == "on";
  expect_extents(in.keys, "KC", {in.keys.extents().at(0), in.groups(), in.e_extent()});
  expect_extents(in.values, "VC", {in.keys.extents().at(0), in.groups(), in.values.extents().at(2)});
  ensure(in.rows() <= in.tokens(), "the queries' own tokens are in the cache");

  Tensor<double> indices({"K"}, {in.chosen}, -1), vote({"N"}, {in.tokens()}), query = mean_query(in);
  std::vector<std::int64_t> selected;
  if (in.first + in.chosen + in.latest >= in.tokens()) {
    for (std::int64_t j = 0; j < in.tokens(); ++j) selected.push_back(j);
  } else {
    ensure(in.rows() <= in.latest, "NLOCAL holds at least the queries' own tokens");
    bool reuse = false;
    if (cached) {
      const auto old = joined_heads(reference_input(inputs, "CQ"), 0);
      expect_extents(old, "CQ", {in.heads(), in.e_extent()});
      Row before(old.data(), old.data() + old.size()), now(query.data(), query.data() + query.size());
      l2_normalise(before);  // an empty cache is a CQ of zeros
      l2_normalise(now);
      reuse = dot(before, now) >= constant_or(setting, "THETA", 0.9);
      if (reuse) {
        query = named(old, {"H", "E"});
        indices = named(reference_input(inputs, "CIDX"), {"K"});
        expect_extents(indices, "CIDX", {in.chosen});
      }
    }
    if (!reuse) {
      vote = votes(in, query);
      const Row candidates(vote.data() + in.first, vote.data() + in.tokens() - in.latest);
      const auto best = top_k(candidates, in.chosen);
      for (std::size_t i = 0; i < best.size(); ++i) {
        indices(static_cast<std::int64_t>(i)) = static_cast<double>(in.first + best[i]);
      }
    }
    for (std::int64_t j = 0; j < in.first; ++j) selected.push_back(j);
    for (std::int64_t i = 0; i < in.chosen; ++i) selected.push_back(static_cast<std::int64_t>(indices(i)));
    for (std::int64_t j = in.tokens() - in.latest; j < in.tokens(); ++j) selected.push_back(j);
  }
  return {{"IDX", indices},
          {"O", grouped_heads(attention(in, selected), 0, in.groups())},
          {"QN", grouped_heads(query, 0, in.groups())},
          {"VOTE", vote}};
}

}  // namespace

std::vector<ReferenceKernel> token_select_kernels() {
  return {
      {"token_select",
       "Q[G,R,P,E], KC[S,G,E], VC[S,G,F], PT[N] (token to slot), NINIT, NLOCAL, K, rotary: half_split, interleaved or "
       "none, ROTARYTHETA, selection_cache: off or on (CQ[G,R,E], CIDX[K] are read, THETA) → IDX[K] (-1 when all "
       "tokens are kept), VOTE[N], QN[G,R,E] (the next CQ), O[G,R,P,F]",
       {"CIDX", "CQ", "KC", "PT", "Q", "VC"},
       {{"IDX", {"K"}}, {"O", {"G", "R", "P", "F"}}, {"QN", {"G", "R", "E"}}, {"VOTE", {"N"}}},
       &run}};
}

}  // namespace einloom::reference
