// SPDX-License-Identifier: Apache-2.0
// Rows against a baseline's and fronts among rows: which are compared, and what is said about those that cannot be.
#include "experiments/baseline_ratios.hpp"

#include <catch2/catch.hpp>

#include "base/yaml_reader.hpp"
#include "experiments/fronts.hpp"
#include "user_errors.hpp"

namespace einloom {

namespace {

Spec spec_from(const std::string& text) {
  return load_spec(
      parse_yaml(source_from_text("spec.yaml", "spec: s\nconfigurations: {flat: {plan: p}, own: {plan: q}}\n" + text)));
}

// Points and results that stay where they are.
struct Run {
  std::vector<Point> points;
  std::vector<PointResult> results;
  void add(const std::string& configuration, const std::string& swept, double latency_s, double energy_pj,
           double area_mm2 = 0) {
    Point point;
    point.spec = "s";
    point.configuration = configuration;
    point.swept = {{"B", swept}};
    point.group = points.size();
    point.machine = std::make_shared<Machine>();
    points.push_back(point);
    Report report;
    report.latency = Seconds(latency_s);
    report.energy.total_pj = energy_pj;
    report.energy.total_one_pe_pj = energy_pj / 2;
    report.energy.total_uniform_pj = energy_pj / 2;
    report.area_mm2 = area_mm2;
    results.push_back(PointResult{report, 0, false});
  }
  void stage(const std::string& name, std::size_t group) {
    points.back().stage = name;
    points.back().group = group;
  }
};

}  // namespace

TEST_CASE("rows are compared with the baseline's at the same place") {
  Run run;
  run.add("flat", "1", 8, 10);
  run.add("flat", "2", 6, 10);
  run.add("own", "1", 2, 5);
  run.add("own", "2", 3, 4);
  const Spec spec = spec_from("compare: {baseline: flat}\n");
  const ResultLines lines(run.points, run.results);
  const auto comparisons = compare_lines({spec}, lines.all());
  CHECK(comparisons.at(0)->speedup == 1);
  CHECK(comparisons.at(2)->speedup == 4);
  CHECK(comparisons.at(3)->speedup == 2);
  CHECK(comparisons.at(3)->energy_ratio == 0.4);
  CHECK(comparison_text(spec, lines.all(), comparisons) ==
        "\n  own vs flat, cycle: mean speed-up 3.00x, energy 45.0 % (one PE's registers), 45.0 % (all PEs' as they "
        "take part), 45.0 % (all PEs' alike)\n");
  CHECK_FALSE(compare_lines({spec_from("")}, lines.all()).at(2).has_value());
}

TEST_CASE("rows without a counterpart are counted") {
  Run run;
  run.add("flat", "1", 8, 10);
  run.add("own", "1", 2, 5);
  run.add("own", "2", 3, 4);
  const Spec spec = spec_from("compare: {baseline: flat}\n");
  const ResultLines lines(run.points, run.results);
  const auto comparisons = compare_lines({spec}, lines.all());
  CHECK_FALSE(comparisons.at(2).has_value());
  CHECK(comparison_text(spec, lines.all(), comparisons) ==
        "\n  own vs flat, cycle: mean speed-up 4.00x, energy 50.0 % (one PE's registers), 50.0 % (all PEs' as they "
        "take part), 50.0 % (all PEs' alike); 1 row "
        "of flat missing to compare with\n");
}

TEST_CASE("stages are compared with the same stage, a total with all the baseline does") {
  Run run;
  run.add("flat", "1", 8, 10);
  run.add("own", "1", 1, 5);
  run.stage("one", 1);
  run.add("own", "1", 1, 5);
  run.stage("two", 1);
  const Spec spec = spec_from("compare: {baseline: flat}\n");
  const ResultLines lines(run.points, run.results);
  const auto comparisons = compare_lines({spec}, lines.all());
  REQUIRE(comparisons.size() == 4);
  CHECK_FALSE(comparisons[1].has_value());
  CHECK(comparisons[3]->speedup == 4);
}

TEST_CASE("fronts are found among rows with equal values of `per`") {
  Run run;
  run.add("flat", "1", 4, 10, 1);
  run.add("own", "1", 2, 10, 2);
  run.add("flat", "2", 4, 10, 2);
  run.add("own", "2", 2, 10, 2);
  const auto marks = [&](const std::string& text) {
    const ResultLines lines(run.points, run.results);
    std::vector<Row> rows;
    for (const ResultLine& line : lines.all()) rows.push_back(make_row(*line.point, *line.result));
    std::string joined;
    for (const auto& mark : mark_fronts({spec_from(text)}, lines.all(), rows))
      joined += !mark ? '-' : *mark ? '1' : '0';
    return joined;
  };
  CHECK(marks("pareto: {minimize: [latency_s, area_mm2], per: [B]}\n") == "1101");
  CHECK(marks("pareto: {minimize: latency_s}\n") == "0101");
  CHECK(marks("pareto: {maximize: [latency_s, area_mm2]}\n") == "0010");
  CHECK(marks("pareto: {minimize: [model]}\n") == "----");
  CHECK(marks("") == "----");
}

TEST_CASE("columns of fronts are checked before anything runs") {
  Run run;
  run.add("flat", "1", 4, 10, 1);
  const auto code = [&](const std::string& text) {
    return codes_of([&] { check_pareto_columns({spec_from(text)}, run.points); });
  };
  CHECK(code("pareto: {minimize: [latency_s, B], per: [fidelity, configuration]}\n") == "");
  CHECK(code("pareto: {minimize: [latency_s, account_row_fill_cycles]}\n") == "");
  CHECK(code("pareto: {maximize: [speedup]}\n") == "pareto-unknown-column");
  CHECK(code("compare: {baseline: flat}\npareto: {maximize: [speedup]}\n") == "");
}

}  // namespace einloom
