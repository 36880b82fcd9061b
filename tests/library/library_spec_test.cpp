// SPDX-License-Identifier: Apache-2.0
// Does the spec that fills docs/library.md run every cascade of the folder, each with a preset of its own?
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "experiments/documents.hpp"
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
