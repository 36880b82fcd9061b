// SPDX-License-Identifier: Apache-2.0
// Totals of stages: what is added, what is the largest, what is a mean, and when there is none.
#include "experiments/result_lines.hpp"

#include <catch2/catch.hpp>

namespace einloom {

namespace {

Point stage(const std::string& name, std::int64_t repeat, std::size_t group) {
  Point point;
  point.stage = name;
  point.repeat = repeat;
  point.group = group;
  auto machine = std::make_shared<Machine>();
  machine->name = "m";
  machine->memories.emplace_back().name = "buffer";
  machine->memories.back().area_um2 = static_cast<double>(repeat);
  point.machine = machine;
  point.extents = {{"B", 1}, {"K", repeat}};
  return point;
}

PointResult result(std::int64_t cycles, double utilisation, std::int64_t bytes) {
  Report report;
  report.cycles = Cycles(cycles);
  report.latency = Seconds(static_cast<double>(cycles) / 8);
  report.arrays = {{"grid", utilisation, {{"Z", utilisation}}, {}, {{"busy", "Z", Cycles(cycles)}}}};
  report.memories = {{"buffer", bytes, 2 * bytes, 1, 2, bytes, {}}};
  report.energy = {{{"buffer", 1.0}}, 4, 2, 6, 5, 3, 7};
  report.area_mm2 = static_cast<double>(bytes);
  return PointResult{report, 0.5, false};
}

}  // namespace

TEST_CASE("a total counts every stage as often as it is repeated") {
  const std::vector<Point> points = {stage("one", 1, 0), stage("two", 3, 0)};
  const std::vector<PointResult> results = {result(100, 0.5, 7), result(200, 1.0, 5)};
  const ResultLines lines(points, results);
  REQUIRE(lines.all().size() == 3);
  CHECK_FALSE(lines.all()[1].is_total());
  const ResultLine& total = lines.all()[2];
  REQUIRE(total.is_total());
  CHECK(total.is_whole());
  const Report& report = *total.result->report;
  CHECK(report.cycles == Cycles(700));
  CHECK(report.latency.value() == 87.5);
  CHECK(report.arrays.at(0).utilisation == Approx((100 * 0.5 + 600 * 1.0) / 700));
  CHECK(report.arrays.at(0).busy.empty());
  CHECK(report.arrays.at(0).accounts.at(0).cycles == Cycles(700));
  CHECK(report.memories.at(0).read_bytes == 22);
  CHECK(report.memories.at(0).write_bytes == 44);
  CHECK(report.memories.at(0).peak_bytes == 7);
  CHECK(report.energy.total_pj == 20);
  CHECK(report.energy.total_one_pe_pj == 12);
  CHECK(report.energy.total_uniform_pj == 28);
  CHECK(report.area_mm2 == 7);
  CHECK(total.result->wall_s == 1.0);
}

TEST_CASE("a total has what its stages share") {
  const Point one = stage("one", 1, 0), two = stage("two", 3, 0);
  const Point total = total_point({&one, &two});
  CHECK(total.stage == "total");
  CHECK(total.cascade_name().empty());
  CHECK(total.extents == std::map<std::string, std::int64_t>{{"B", 1}});
  CHECK(total.machine->name == "m");
  CHECK(total.machine->memories.at(0).area_um2 == 3);
}

TEST_CASE("no total without all stages, and none for a plain configuration") {
  const std::vector<Point> points = {stage("one", 1, 0), stage("two", 1, 0), stage("", 1, 1)};
  const std::vector<PointResult> results = {result(1, 1, 1), PointResult{}, result(2, 1, 1)};
  const ResultLines lines(points, results);
  REQUIRE(lines.all().size() == 2);
  CHECK(lines.all()[0].point == &points[0]);
  CHECK(lines.all()[1].point == &points[2]);
  CHECK(lines.all()[1].is_whole());
}

}  // namespace einloom
