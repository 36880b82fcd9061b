// SPDX-License-Identifier: Apache-2.0
// Results in the order of rows: those of the points, and after the stages of a configuration their total.
// Contract: points without a report have no line; a total exists only when every stage has one.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "experiments/experiment.hpp"
#include "experiments/point.hpp"

namespace einloom {

struct ResultLine {
  const Point* point = nullptr;
  const PointResult* result = nullptr;  // has a report

  [[nodiscard]] bool is_total() const { return point->stage == kTotal; }
  // Of all that a configuration does: a total, or the only stage.
  [[nodiscard]] bool is_whole() const { return is_total() || point->stage.empty(); }
};

class ResultLines {
 public:
  // Both must outlive this object.
  ResultLines(const std::vector<Point>& points, const std::vector<PointResult>& results);
  [[nodiscard]] const std::vector<ResultLine>& all() const { return lines_; }

 private:
  std::deque<Point> total_points_;
  std::deque<PointResult> total_results_;
  std::vector<ResultLine> lines_;
};

// What the stages share. Cascade and plan are nullptr; the machine has the components of all stages' machines, the
// largest of each name, and is called "" when they are different ones.
[[nodiscard]] Point total_point(const std::vector<const Point*>& stages);

// Each stage counts `repeat` times. Cycles, time, traffic, energy and accounts are added; peaks and areas are maxima;
// utilisations are means weighted by cycles; what belongs to single Einsums is left out.
[[nodiscard]] Report total_report(const std::vector<ResultLine>& stages);

}  // namespace einloom
