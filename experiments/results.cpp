// SPDX-License-Identifier: Apache-2.0
#include "experiments/results.hpp"

#include "einsum/passes.hpp"
#include "experiments/fronts.hpp"

namespace einloom {

Results::Results(const std::vector<Spec>& specs, const std::vector<Point>& points,
                 const std::vector<PointResult>& results)
    : lines_(points, results), comparisons_(compare_lines(specs, lines_.all())) {
  for (std::size_t i = 0; i < lines().size(); ++i) {
    rows_.push_back(make_row(*lines()[i].point, *lines()[i].result));
    if (comparisons_[i]) add_baseline_ratios(*comparisons_[i], rows_.back());
  }
  fronts_ = mark_fronts(specs, lines(), rows_);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (fronts_[i]) rows_[i].push_back(Cell{ColumnGroup::pareto, "pareto", *fronts_[i] ? "1" : "0"});
  }
}

std::string Results::csv() const { return csv_text(merge_rows(rows_)); }

Json Results::json() const {
  Json all = Json::array();
  for (std::size_t i = 0; i < lines().size(); ++i) {
    const Point& point = *lines()[i].point;
    const PointResult& result = *lines()[i].result;
    Json swept = Json::object();
    for (const auto& [key, value] : point.swept) swept[key] = value;
    Json one = {{"spec", point.spec},
                {"configuration", point.configuration},
                {"cascade", point.cascade_name()},
                {"passes", point.cascade ? passes_text(*point.cascade) : ""},
                {"machine", point.machine->name},
                {"plan", point.plan_name()},
                {"model", point.model},
                {"extents", point.extents},
                {"swept", swept},
                {"dtype", name_of(point.dtype)},
                {"wall_s", result.wall_s},
                {"report", to_json(*result.report)}};
    for (const auto& [key, value] : point.derived) one["derived"][key] = value;
    if (!point.stage.empty()) one["stage"] = point.stage;
    if (point.seq_len) one["seq_len"] = *point.seq_len;
    if (comparisons_[i]) {
      one["comparison"] = {{"speedup", comparisons_[i]->speedup},
                           {"energy_ratio", comparisons_[i]->energy_ratio},
                           {"energy_one_pe_registers_ratio", comparisons_[i]->energy_one_pe_registers_ratio},
                           {"energy_uniform_registers_ratio", comparisons_[i]->energy_uniform_registers_ratio}};
    }
    if (fronts_[i]) one["pareto"] = *fronts_[i];
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace einloom
