// SPDX-License-Identifier: Apache-2.0
#include "experiments/fronts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/suggest.hpp"
#include "experiments/pareto.hpp"

namespace einloom {

namespace {

const std::string* value_in(const Row& row, const std::string& column) {
  const auto found = std::find_if(row.begin(), row.end(), [&](const Cell& cell) { return cell.column == column; });
  return found == row.end() ? nullptr : &found->value;
}

// The objectives of a row, smaller is better; empty when one is missing.
std::vector<double> costs_of(const Row& row, const ParetoQuery& query) {
  std::vector<double> costs;
  for (const Objective& objective : query.objectives) {
    const std::string* text = value_in(row, objective.column.text);
    const std::optional<double> value = text == nullptr ? std::nullopt : number_in(*text);
    if (!value) return {};
    costs.push_back(objective.maximize ? -*value : *value);
  }
  return costs;
}

void mark_spec(const Spec& spec, const std::vector<ResultLine>& lines, const std::vector<Row>& rows,
               std::vector<std::optional<bool>>& marks) {
  struct Group {
    std::vector<std::size_t> lines;
    std::vector<std::vector<double>> costs;
  };
  std::map<std::vector<std::string>, Group> groups;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].point->spec != spec.name) continue;
    std::vector<double> costs = costs_of(rows[i], *spec.pareto);
    if (costs.empty()) continue;
    std::vector<std::string> key = {lines[i].is_whole() ? "" : lines[i].point->stage};
    for (const Name& column : spec.pareto->per) {
      const std::string* value = value_in(rows[i], column.text);
      key.push_back(value == nullptr ? "" : *value);
    }
    Group& group = groups[key];
    group.lines.push_back(i);
    group.costs.push_back(std::move(costs));
  }
  for (const auto& [key, group] : groups) {
    const std::vector<bool> on_front = pareto_front(group.costs);
    for (std::size_t i = 0; i < group.lines.size(); ++i) marks[group.lines[i]] = on_front[i];
  }
}

}  // namespace

void check_pareto_columns(const std::vector<Spec>& specs, const std::vector<Point>& points) {
  Diagnostics diagnostics;
  for (const Spec& spec : specs) {
    if (!spec.pareto) continue;
    std::set<std::string> seen;
    std::vector<std::string> known;
    for (const Point& point : points) {
      if (point.spec != spec.name) continue;
      for (std::string& column : columns_before_run(point, spec.baseline.has_value())) {
        if (seen.insert(column).second) known.push_back(std::move(column));
      }
    }
    if (known.empty()) continue;  // nothing of this spec runs
    const auto check = [&](const Name& column) {
      if (seen.contains(column.text) || column.text.starts_with("busy_") || column.text.starts_with("account_")) return;
      diagnostics
          .error("pareto-unknown-column", column.span,
                 fmt::format("the rows of this spec have no column `{}`; a front is found among columns", column.text))
          .with_help(suggestion(column.text, known));
    };
    for (const Objective& objective : spec.pareto->objectives) check(objective.column);
    for (const Name& column : spec.pareto->per) check(column);
  }
  diagnostics.throw_if_any();
}

std::vector<std::optional<bool>> mark_fronts(const std::vector<Spec>& specs, const std::vector<ResultLine>& lines,
                                             const std::vector<Row>& rows) {
  std::vector<std::optional<bool>> marks(lines.size());
  for (const Spec& spec : specs) {
    if (spec.pareto) mark_spec(spec, lines, rows, marks);
  }
  return marks;
}

}  // namespace einloom
