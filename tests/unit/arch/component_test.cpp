// SPDX-License-Identifier: Apache-2.0
// Are the component descriptions complete and sorted, and does the README say what they say?
#include "arch/component.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "unit/arch/documents.hpp"

using namespace einloom;

TEST_CASE("kinds and their parameters are sorted and explained") {
  CHECK(component_kinds() == std::vector<std::string>{"buffer", "dram", "pe_array"});
  for (const ComponentDescription& description : component_descriptions()) {
    INFO(description.kind);
    CHECK_FALSE(description.doc.empty());
    CHECK_FALSE(description.actions.empty());
    CHECK(description.build != nullptr);
    CHECK(std::is_sorted(description.parameters.begin(), description.parameters.end(),
                         [](const auto& a, const auto& b) { return a.key < b.key; }));
    for (const ComponentParameter& parameter : description.parameters) {
      INFO(parameter.key);
      CHECK_FALSE(parameter.doc.empty());
      CHECK_FALSE((parameter.required && parameter.default_value.has_value()));
    }
  }
  CHECK(find_component_description("dram")->kind == "dram");
  CHECK(find_component_description("sram") == nullptr);
}

TEST_CASE("arch/README.md shows the descriptions as they are") {
  std::ifstream file(std::string(EINLOOM_SOURCE_DIR) + "/arch/README.md");
  std::stringstream readme;
  readme << file.rdbuf();
  INFO("put this into arch/README.md:\n" << print_component_kinds());
  CHECK(readme.str().find(print_component_kinds()) != std::string::npos);
}

TEST_CASE("a value read as another type than declared is our mistake, not the user's") {
  ComponentValues values;
  values.values["ports"] = std::int64_t{4};
  CHECK(values.integer("ports") == 4);
  CHECK(values.integer("banks", 7) == 7);
  CHECK_THROWS_AS(values.find<BytesPerSecond>("ports"), InternalError);
}
