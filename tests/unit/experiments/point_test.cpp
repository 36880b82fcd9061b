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

// A sum over the first WINDOW keys; the model states 8 of them, the document 4.
std::vector<Point> windowed(const std::string& sections, const std::vector<std::string>& overrides = {}) {
  const TemporaryFolder folder;
  test::Documents documents;
  documents.cascade = test::replaced(documents.cascade, "tensors:\n", "parameters: {WINDOW: 4}\ntensors:\n");
  documents.cascade = test::replaced(documents.cascade, "* B[k,n]", "* B[k,n] | k < WINDOW");
  test::write_documents(folder, documents);
  folder.write("model.yaml", "model: m\nsource: test\nextents: {M: 8, N: 8, K: 8, WINDOW: 8}\n");
  folder.write("spec.yaml", "spec: s\nmodels: [./model.yaml]\n" + kOnly + sections);
  const Library library(folder.path());
  std::vector<Spec> specs = load_spec_tree(library, (folder.path() / "spec.yaml").string(), Span{});
  std::vector<std::vector<Setting>> settings;
  for (const std::string& text : overrides) settings.push_back(parse_command_line_setting(text));
  override_specs(specs, settings);
  return resolve_points(library, specs);
}

TEST_CASE("a parameter set, swept, derived or grown in the cascade's document wins over the model's") {
  const auto windows = [](const std::vector<Point>& points) {
    std::vector<std::int64_t> values;
    for (const Point& point : points) {
      values.push_back(point.workload.at("WINDOW"));
      CHECK(point.extents.at("WINDOW") == values.back());
    }
    return values;
  };
  using Values = std::vector<std::int64_t>;
  const std::string key = "cascade.parameters.WINDOW";
  CHECK(windows(windowed("")) == Values{8});
  CHECK(windows(windowed("set: {" + key + ": 3}\n")) == Values{3});
  CHECK(windows(windowed("sweep: {" + key + ": [2, 5]}\n")) == Values{2, 5});
  CHECK(windows(windowed("", {key + "=2,5"})) == Values{2, 5});
  CHECK(windows(windowed("derive: {" + key + ": K - 1}\n")) == Values{7});
  CHECK(windows(windowed("grow: {key: " + key + ", until: 1}\n")) == Values{4});
  // Of the two keys of a parameter the later one holds, and the command line's is neither derived nor grown.
  CHECK(windows(windowed("set: {" + key + ": 3, WINDOW: 6}\n")) == Values{6});
  CHECK(windows(windowed("set: {WINDOW: 6, " + key + ": 3}\n")) == Values{3});
  CHECK(windows(windowed("derive: {" + key + ": K - 1}\n", {"WINDOW=5"})) == Values{5});
  CHECK(windows(windowed("derive: {WINDOW: K - 1}\n", {key + "=5"})) == Values{5});
  CHECK(windows(windowed("grow: {key: " + key + ", until: 1}\n", {"WINDOW=5"})) == Values{5});
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
