// SPDX-License-Identifier: Apache-2.0
// A result as named cells, and many of them as one tidy table: the columns of results.csv.
// Contract: columns are the union over all rows, in the order of their groups; every name carries its unit.
#pragma once

#include <string>
#include <vector>

#include "experiments/baseline_ratios.hpp"
#include "experiments/experiment.hpp"
#include "experiments/point.hpp"

namespace einloom {

enum class ColumnGroup {
  identity,
  extents,
  sweep,
  fidelity,
  time,
  algorithm,
  utilisation,
  busy,
  traffic,
  energy,
  area,
  comparison,
  pareto,
  check,
  accounts,
  wall
};

struct Cell {
  ColumnGroup group = ColumnGroup::identity;
  std::string column;
  std::string value;
};
using Row = std::vector<Cell>;

// `result` has a report.
[[nodiscard]] Row make_row(const Point& point, const PointResult& result);

void add_baseline_ratios(const BaselineRatios& comparison, Row& row);

// Columns the row of a point will have, as far as its documents tell: not those of single Einsums and accounts.
[[nodiscard]] std::vector<std::string> columns_before_run(const Point& point, bool compared);

struct Columns {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;  // "" where a row lacks the column
};
[[nodiscard]] Columns merge_rows(const std::vector<Row>& rows);

// RFC 4180 with \n line ends: cells with commas, quotes or line ends are quoted, quotes doubled.
[[nodiscard]] std::string csv_text(const Columns& columns);

}  // namespace einloom
