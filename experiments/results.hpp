// SPDX-License-Identifier: Apache-2.0
// All results of a run with what they say about each other, as CSV and as JSON.
// Contract: both have the same rows in the same order.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/baseline_ratios.hpp"
#include "experiments/report_json.hpp"
#include "experiments/result_lines.hpp"
#include "experiments/row.hpp"
#include "experiments/spec.hpp"

namespace einloom {

class Results {
 public:
  // All must outlive this object.
  Results(const std::vector<Spec>& specs, const std::vector<Point>& points, const std::vector<PointResult>& results);

  [[nodiscard]] const std::vector<ResultLine>& lines() const { return lines_.all(); }
  [[nodiscard]] const std::vector<std::optional<BaselineRatios>>& comparisons() const { return comparisons_; }
  [[nodiscard]] std::string csv() const;
  [[nodiscard]] Json json() const;  // a list, one object per row

 private:
  ResultLines lines_;
  std::vector<std::optional<BaselineRatios>> comparisons_;
  std::vector<std::optional<bool>> fronts_;
  std::vector<Row> rows_;
};

}  // namespace einloom
