// SPDX-License-Identifier: Apache-2.0
// What a cascade is by itself at one shape: operations, passes, what they keep alive, compulsory traffic, intensity;
// and, against a machine, the bound that no plan beats.
// Contract: the numbers are those of einsum/ and mappings/; here they are only put together and written out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "einsum/footprint.hpp"
#include "experiments/report_json.hpp"
#include "experiments/row.hpp"
#include "mappings/roofline.hpp"

namespace einloom {

struct CascadeAnalysis {
  Cascade cascade;
  Shape shape;
  bool own_shape = false;  // not the one that the others of a table have
  Dtype dtype = Dtype::bf16;
  OperationCounts operations;
  std::vector<RankPasses> passes;   // of rank_groups
  std::vector<LiveFootprint> live;  // likewise
  CompulsoryTraffic traffic;
  std::string machine;  // "" when none
  std::optional<Roofline> roofline;

  [[nodiscard]] double macs_per_byte() const;
  [[nodiscard]] double operations_per_byte() const;  // a MAC counts two
  // What stays of one fibre where a rank has several passes; if none has, inside a tile: `M: M`, `M0: M0`; "" if
  // nothing.
  [[nodiscard]] std::string held_text() const;
};

// `shape` is bound. UserError workload-too-large when counts would exceed 64 bits.
[[nodiscard]] CascadeAnalysis analyze_cascade(const Cascade& cascade, const Shape& shape, Dtype dtype,
                                              const Machine* machine, const Span& where);

[[nodiscard]] std::string analysis_text(const CascadeAnalysis& analysis);
// One line a cascade.
[[nodiscard]] std::string analyses_table(const std::vector<CascadeAnalysis>& analyses);
[[nodiscard]] Row analysis_row(const CascadeAnalysis& analysis);
[[nodiscard]] Json analysis_json(const CascadeAnalysis& analysis);

}  // namespace einloom
