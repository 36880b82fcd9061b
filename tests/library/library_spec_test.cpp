// SPDX-License-Identifier: Apache-2.0
// Does the spec that fills docs/library.md run every cascade of the folder, each with a preset of its own? Does the
// spec of FuseMax's classes name every class and put algorithms where their passes belong?
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "einsum/passes.hpp"
#include "experiments/documents.hpp"
#include "experiments/point.hpp"
#include "experiments/spec.hpp"
#include "support/documents_in_tree.hpp"

using namespace einloom;
using namespace einloom::test;

TEST_CASE("the spec of the library runs every cascade with one of its presets") {
  const Spec spec = load_spec(document_in_tree("experiments/specs/library.yaml"));
  std::map<std::string, std::string> models;
  for (const Configuration& configuration : spec.configurations) {
    INFO(configuration.name.text);
    REQUIRE(configuration.model);
    REQUIRE(configuration.stages.size() == 1);
    CHECK(configuration.stages.front().cascade->text == configuration.name.text);
    CHECK(configuration.stages.front().machine->text == "fusemax");
    CHECK(configuration.stages.front().plan.text == "default");
    models[configuration.name.text] = configuration.model->text;
  }
  for (const std::string& name : documents_of("einsum/cascades")) {
    INFO(name);
    REQUIRE(models.count(name) == 1);
    const std::vector<std::string> presets = cascade_of(name).presets();
    CHECK(std::count(presets.begin(), presets.end(), models[name]) == 1);
  }
}

TEST_CASE("the classes of attention are those of their cascades' passes") {
  const Library library(EINLOOM_SOURCE_DIR);
  const std::vector<Spec> specs{load_spec(document_in_tree("experiments/specs/passes.yaml"))};
  std::map<int, int> algorithms;
  for (const Point& point : resolve_points(library, specs)) {
    INFO(point.configuration);
    const std::string& name = point.configuration;
    const int stated = name.starts_with("three_pass_") ? 3 : name.starts_with("two_pass_") ? 2 : 1;
    REQUIRE((stated > 1 || name.starts_with("one_pass_")));
    // Over the keys: M, or the window where keys are looked up.
    int passes = 0;
    for (const RankPasses& each : count_passes(*point.cascade)) {
      if (!each.group.inside_tile()) passes = std::max(passes, each.passes);
    }
    CHECK(passes == stated);
    ++algorithms[stated];
  }
  CHECK(algorithms[1] > 1);
  CHECK(algorithms[2] > 0);
  CHECK(algorithms[3] > 1);
}
