// SPDX-License-Identifier: Apache-2.0
// Points from documents: what their formulas do to the documents, and which points are the same.
#include "experiments/point.hpp"

#include <catch2/catch.hpp>

#include "errors/command.hpp"
#include "user_errors.hpp"

namespace einloom {

namespace {

const std::string kOnly =
    "configurations:\n  only: {cascade: ./cascade.yaml, machine: ./machine.yaml, plan: ./plan.yaml}\n";

// The points of a spec with these sections beside the small documents of tests/errors.
std::vector<Point> points_of(const std::string& sections) {
  const TemporaryFolder folder;
  test::write_documents(folder);
  folder.write("spec.yaml", "spec: s\nset: {M: 8, K: 8, N: 8}\n" + sections);
  const Library library(folder.path());
  return resolve_points(library, load_spec_tree(library, (folder.path() / "spec.yaml").string(), Span{}));
}

using Derived = std::vector<std::pair<std::string, std::string>>;

}  // namespace

TEST_CASE("a buffer grows until the plan fits, the same at every fidelity") {
  const std::vector<Point> points =
      points_of(kOnly +
                "sweep: {machine.components.buffer.capacity: 16 B}\nfidelities: [cycle, waterfall]\n"
                "grow: {key: machine.components.buffer.capacity, until: 1}\n");
  REQUIRE(points.size() == 2);
  for (const Point& point : points) {
    CHECK(point.derived == Derived{{"machine.components.buffer.capacity", "512 B"}});
    CHECK(point.machine->find_memory("buffer")->capacity->value() == 512);
    CHECK(point.content.find("512 B") != std::string::npos);
  }
}

TEST_CASE("growing sees the Program's totals and lets") {
  const auto grown = [](const std::string& until) {
    return points_of(kOnly +
                     "let: {wanted: machine.components.buffer.capacity * 4}\ngrow: {key: plan.in_flight, until: " +
                     until + "}\n")
        .at(0)
        .derived.at(0)
        .second;
  };
  // 8 × 8 × 8 points on 4 × 4 PEs, and two cycles for each of 8 × 8 exponentials on 4 PEs.
  CHECK(grown("grid_cycles - 32") == "2");
  CHECK(grown("row_cycles - 32") == "2");
  CHECK(grown("dram_cycles - 1") == "2");
  CHECK(grown("buffer_bytes - dram_bytes") == "2");
  CHECK(grown("wanted - 4096") == "2");
  CHECK(codes_of([&] { (void)grown("grid_cycles - 33"); }) != "");
}

TEST_CASE("derived values are in the documents") {
  const std::vector<Point> points =
      points_of(kOnly + "derive: {machine.components.buffer.capacity: 64 * K, plan.in_flight: K / 2}\n");
  CHECK(points.at(0).machine->find_memory("buffer")->capacity->value() == 512);
  CHECK(points.at(0).derived == Derived{{"machine.components.buffer.capacity", "512"}, {"plan.in_flight", "4"}});
}

TEST_CASE("stages that do the same have the same content") {
  const std::vector<Point> points = points_of(
      "configurations:\n  layer:\n    machine: ./machine.yaml\n    cascade: ./cascade.yaml\n    stages:\n"
      "      one: {plan: ./plan.yaml}\n      two: {plan: ./plan.yaml, repeat: 2}\n      three: {plan: ./plan.yaml, "
      "set: "
      "{K: 4}}\n");
  REQUIRE(points.size() == 3);
  CHECK(points[0].content == points[1].content);
  CHECK(points[0].content != points[2].content);
  CHECK(points[1].label() == "s/layer/two/cycle");
}

}  // namespace einloom
