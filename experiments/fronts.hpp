// SPDX-License-Identifier: Apache-2.0
// The rows of a spec that are on its Pareto front (`pareto` in specs), by the columns they have.
// Contract: rows are compared within one spec, one stage and equal values of the columns `per`.
#pragma once

#include <optional>
#include <vector>

#include "experiments/result_lines.hpp"
#include "experiments/row.hpp"
#include "experiments/spec.hpp"

namespace einloom {

// UserError pareto-unknown-column for columns that no row of a spec will have. Columns of single Einsums and accounts
// are known after the run only; a row without them is on no front.
void check_pareto_columns(const std::vector<Spec>& specs, const std::vector<Point>& points);

// One per line, whose row is `rows[i]`: whether it is on the front. Unset when the spec has none, or the row lacks an
// objective.
[[nodiscard]] std::vector<std::optional<bool>> mark_fronts(const std::vector<Spec>& specs,
                                                           const std::vector<ResultLine>& lines,
                                                           const std::vector<Row>& rows);

}  // namespace einloom
