// SPDX-License-Identifier: Apache-2.0
// Signals read off causal attention maps of one forward pass (arXiv 2510.13554): how far back local heads look, and how
// much later tokens look at one in global heads. The maps are computed whole.
#include <algorithm>
#include <cmath>

#include "base/diagnostic.hpp"
#include "einsum/reference/attention_rows.hpp"
#include "einsum/reference/choices.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/top_k.hpp"

namespace einloom::reference {
namespace {

// A[L,H,P,M]; the queries are the response, the last P of M tokens.
struct Maps {
  Tensor<double> a;
  std::int64_t layers, heads, rows, keys, groups;
  std::int64_t token(std::int64_t p) const { return p + keys - rows; }
};

Maps maps_of(const ReferenceTensors& inputs) {
  const auto q = joined_heads(reference_input(inputs, "Q"), 1);
  const auto& k = reference_input(inputs, "K");
  const std::int64_t layers = q.extents().at(0), heads = q.extents().at(1), rows = q.extents().at(2);
  const std::int64_t e_extent = q.extents().at(3), groups = k.extents().at(1), keys = k.extents().at(2);
  expect_extents(k, "K", {layers, groups, keys, e_extent});
  ensure(keys >= rows, "as many keys as queries, or more");
  Maps maps{Tensor<double>({"L", "H", "P", "M"}, {layers, heads, rows, keys}), layers, heads, rows, keys, groups};
  for (std::int64_t l = 0; l < layers; ++l) {
    for (std::int64_t h = 0; h < heads; ++h) {
      for (std::int64_t p = 0; p < rows; ++p) {
        Row row = scores(part(q, l, h, p), part(k, l, group_of(h, heads, groups)), inverse_root(e_extent),
                         [&](std::int64_t m) { return m <= maps.token(p); });
        (void)softmax(row);
        store(row, &maps.a(l, h, p, 0));
      }
    }
  }
  return maps;
}

// Mean distance looked back, per head.
Tensor<double> spans(const Maps& maps) {
  Tensor<double> span({"L", "H"}, {maps.layers, maps.heads});
  for (std::int64_t l = 0; l < maps.layers; ++l) {
    for (std::int64_t h = 0; h < maps.heads; ++h) {
      for (std::int64_t p = 0; p < maps.rows; ++p) {
        for (std::int64_t m = 0; m <= maps.token(p); ++m) {
          span(l, h) += maps.a(l, h, p, m) * static_cast<double>(maps.token(p) - m) / static_cast<double>(maps.rows);
        }
      }
    }
  }
  return span;
}

// 1 for the heads of the set: given, or those with the smallest (sign -1) or largest (+1) spans.
Tensor<double> chosen_heads(const ReferenceTensors& inputs, const ReferenceSetting& setting, const Tensor<double>& span,
                            double sign) {
  if (choice(setting, "heads", {"ranked", "given"}) == "given") {
    const auto given = joined_heads(reference_input(inputs, "HS"), 1);
    expect_extents(given, "HS", span.extents());
    return named(given, {"L", "H"});
  }
  const double share = constant_or(setting, "SHARE", 0.3);
  const auto usual = static_cast<std::int64_t>(share * static_cast<double>(span.size()));
  Row values;
  for (std::int64_t i = 0; i < span.size(); ++i) values.push_back(sign * span.data()[i]);
  Tensor<double> chosen({"L", "H"}, span.extents());
  for (const std::int64_t i : top_k(values, extent_or(setting, "HEADS", std::max<std::int64_t>(1, usual)))) {
    chosen.data()[i] = 1;
  }
  return chosen;
}

// Mean map of the chosen heads.
Tensor<double> mean_map(const Maps& maps, const Tensor<double>& chosen) {
  double count = 0;
  for (std::int64_t i = 0; i < chosen.size(); ++i) count += chosen.data()[i];
  Tensor<double> mean({"P", "M"}, {maps.rows, maps.keys});
  for (std::int64_t l = 0; l < maps.layers; ++l) {
    for (std::int64_t h = 0; h < maps.heads; ++h) {
      if (chosen(l, h) == 0) continue;
      for (std::int64_t p = 0; p < maps.rows; ++p) {
        for (std::int64_t m = 0; m < maps.keys; ++m) mean(p, m) += maps.a(l, h, p, m) / count;
      }
    }
  }
  return mean;
}

ReferenceTensors run_distance(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const Maps maps = maps_of(inputs);
  const Tensor<double> span = spans(maps), local = chosen_heads(inputs, setting, span, -1);
  const Tensor<double> mean = mean_map(maps, local);
  const std::int64_t window = extent_or(setting, "W", 10);
  Tensor<double> distance({"P"}, {maps.rows});
  for (std::int64_t p = 0; p < maps.rows; ++p) {
    for (std::int64_t m = 0; m <= maps.token(p); ++m) {
      distance(p) += mean(p, m) * static_cast<double>(std::min(maps.token(p) - m, window));
    }
  }
  return {
      {"DB", grouped_heads(span, 1, maps.groups)}, {"HL", grouped_heads(local, 1, maps.groups)}, {"WAAD", distance}};
}

ReferenceTensors run_influence(const ReferenceTensors& inputs, const ReferenceSetting& setting) {
  const Maps maps = maps_of(inputs);
  const Tensor<double> span = spans(maps), global = chosen_heads(inputs, setting, span, 1);
  const Tensor<double> mean = mean_map(maps, global);
  const std::int64_t nearest = extent_or(setting, "HLO", 10), farthest = extent_or(setting, "HHI", 100);
  Tensor<double> influence({"M"}, {maps.keys});
  for (std::int64_t m = 0; m < maps.keys; ++m) {
    double sum = 0, count = 0;
    for (std::int64_t p = 0; p < maps.rows; ++p) {
      if (maps.token(p) < m + nearest || maps.token(p) > m + farthest) continue;
      sum += mean(p, m);
      count += 1;
    }
    influence(m) = count == 0 ? 0 : sum / count;
  }
  return {
      {"DB", grouped_heads(span, 1, maps.groups)}, {"FAI", influence}, {"HG", grouped_heads(global, 1, maps.groups)}};
}

}  // namespace

std::vector<ReferenceKernel> attention_signals_kernels() {
  const std::vector<std::string> inputs{"HS", "K", "Q"};
  const std::vector<std::string> heads{"L", "G", "R"};
  return {
      {"attention_distance",
       "Q[L,G,R,P,E] (the last P tokens), K[L,G,M,E], causal, W (10), heads: ranked (HEADS, or SHARE of all, 0.3, with "
       "the smallest DB) or given (HS[L,G,R], 0 or 1) → DB[L,G,R], HL[L,G,R], WAAD[P]",
       inputs,
       {{"DB", heads}, {"HL", heads}, {"WAAD", {"P"}}},
       &run_distance},
      {"future_influence",
       "the same, heads with the largest DB, HLO (10), HHI (100) → DB[L,G,R], HG[L,G,R], FAI[M]",
       inputs,
       {{"DB", heads}, {"FAI", {"M"}}, {"HG", heads}},
       &run_influence}};
}

}  // namespace einloom::reference
