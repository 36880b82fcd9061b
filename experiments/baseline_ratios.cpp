// SPDX-License-Identifier: Apache-2.0
#include "experiments/baseline_ratios.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "experiments/text_table.hpp"

namespace einloom {

namespace {

// Where a line stands, its configuration left out; what is a whole is compared with the whole.
std::string place_of(const ResultLine& line) {
  const Point& point = *line.point;
  std::string place = fmt::format("{}\n{}\n{}\n{}", point.spec, line.is_whole() ? "" : point.stage, point.model,
                                  name_of(point.fidelity));
  for (const auto& [key, value] : point.swept) place += fmt::format("\n{}={}", key, value);
  return place;
}

const Spec* spec_of(const std::vector<Spec>& specs, const Point& point) {
  const auto found =
      std::find_if(specs.begin(), specs.end(), [&](const Spec& spec) { return spec.name == point.spec; });
  return found == specs.end() || !found->baseline ? nullptr : &*found;
}

std::optional<BaselineRatios> compare(const Report& own, const Report& baseline) {
  const BaselineRatios comparison{baseline.latency.value() / own.latency.value(),
                                  own.energy.total_pj / baseline.energy.total_pj,
                                  own.energy.total_one_pe_pj / baseline.energy.total_one_pe_pj,
                                  own.energy.total_uniform_pj / baseline.energy.total_uniform_pj};
  const bool finite = std::isfinite(comparison.speedup) && std::isfinite(comparison.energy_ratio) &&
                      std::isfinite(comparison.energy_one_pe_registers_ratio) &&
                      std::isfinite(comparison.energy_uniform_registers_ratio);
  return finite ? std::optional(comparison) : std::nullopt;
}

// Rows of one configuration, fidelity and stage.
struct Mean {
  std::string title;
  std::size_t rows = 0, missing = 0;
  BaselineRatios sum;
};

std::string mean_text(const Mean& mean, const std::string& baseline) {
  std::string text = "  " + mean.title + ": ";
  if (mean.rows > 0) {
    const auto rows = static_cast<double>(mean.rows);
    text += fmt::format(
        "mean speed-up {:.2f}x, energy {} (one PE's registers), {} (all PEs' as they take part), {} (all PEs' alike)",
        mean.sum.speedup / rows, percent_text(mean.sum.energy_one_pe_registers_ratio / rows),
        percent_text(mean.sum.energy_ratio / rows), percent_text(mean.sum.energy_uniform_registers_ratio / rows));
  }
  if (mean.missing > 0) {
    text += fmt::format("{}{} row{} of {} missing to compare with", mean.rows > 0 ? "; " : "", mean.missing,
                        mean.missing == 1 ? "" : "s", baseline);
  }
  return text + "\n";
}

}  // namespace

std::vector<std::optional<BaselineRatios>> compare_lines(const std::vector<Spec>& specs,
                                                         const std::vector<ResultLine>& lines) {
  std::map<std::string, const Report*> baselines;
  for (const ResultLine& line : lines) {
    const Spec* spec = spec_of(specs, *line.point);
    if (spec != nullptr && line.point->configuration == spec->baseline->text) {
      baselines[place_of(line)] = &*line.result->report;
    }
  }
  std::vector<std::optional<BaselineRatios>> comparisons(lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (spec_of(specs, *lines[i].point) == nullptr) continue;
    const auto found = baselines.find(place_of(lines[i]));
    if (found != baselines.end()) comparisons[i] = compare(*lines[i].result->report, *found->second);
  }
  return comparisons;
}

std::string comparison_text(const Spec& spec, const std::vector<ResultLine>& lines,
                            const std::vector<std::optional<BaselineRatios>>& comparisons) {
  if (!spec.baseline) return "";
  std::vector<Mean> means;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Point& point = *lines[i].point;
    if (point.spec != spec.name || point.configuration == spec.baseline->text || !lines[i].is_whole()) continue;
    const std::string title = fmt::format("{} vs {}, {}{}{}", point.configuration, spec.baseline->text,
                                          name_of(point.fidelity), point.stage.empty() ? "" : ", ", point.stage);
    auto mean = std::find_if(means.begin(), means.end(), [&](const Mean& one) { return one.title == title; });
    if (mean == means.end()) mean = means.insert(mean, Mean{title, 0, 0, {}});
    if (!comparisons[i]) {
      ++mean->missing;
      continue;
    }
    ++mean->rows;
    mean->sum.speedup += comparisons[i]->speedup;
    mean->sum.energy_ratio += comparisons[i]->energy_ratio;
    mean->sum.energy_one_pe_registers_ratio += comparisons[i]->energy_one_pe_registers_ratio;
    mean->sum.energy_uniform_registers_ratio += comparisons[i]->energy_uniform_registers_ratio;
  }
  std::string text;
  for (const Mean& mean : means) text += mean_text(mean, spec.baseline->text);
  return text.empty() ? "" : "\n" + text;
}

}  // namespace einloom
