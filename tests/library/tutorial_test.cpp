// SPDX-License-Identifier: Apache-2.0
// Does the cascade that docs/add_a_variant.md has its reader write keep what it claims, and are its presets there?
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "experiments/documents.hpp"
#include "experiments/library_check.hpp"

using namespace einloom;

namespace {

// The first fenced block whose document starts with `key`.
std::string block_with(const std::filesystem::path& file, const std::string& key) {
  std::ifstream in(file);
  std::ostringstream all;
  all << in.rdbuf();
  const std::string text = all.str(), fence = "```yaml\n";
  for (std::size_t at = text.find(fence); at != std::string::npos; at = text.find(fence, at + 1)) {
    const std::size_t begin = at + fence.size();
    const std::string block = text.substr(begin, text.find("```", begin) - begin);
    if (block.find("\n" + key + ":") != std::string::npos) return block;
  }
  return "";
}

}  // namespace

TEST_CASE("the cascade of the tutorial keeps what it claims") {
  const std::string text = block_with(EINLOOM_SOURCE_DIR "/docs/add_a_variant.md", "cascade");
  REQUIRE_FALSE(text.empty());
  const YamlNode document = parse_yaml(source_from_text("add_a_variant.md", text));
  const LibraryCheck check = check_document(document, 1);
  CHECK(check.cases.size() == 2);
  for (const CaseResult& each : check.cases) {
    INFO(each.name << "\n" << fmt::format("{}", fmt::join(each.problems, "\n")));
    CHECK(each.problems.empty());
    CHECK(each.values > 0);
  }
  const Cascade cascade = load_cascade(document);
  CHECK_FALSE(cascade.family().empty());
  CHECK_FALSE(cascade.presets().empty());
  const std::vector<std::string> models = Library(EINLOOM_SOURCE_DIR).names(DocumentKind::model);
  for (const std::string& preset : cascade.presets()) {
    INFO(preset);
    CHECK(std::find(models.begin(), models.end(), preset) != models.end());
  }
}

TEST_CASE("the model that the tutorial shows is the one in the tree") {
  const std::string text = block_with(EINLOOM_SOURCE_DIR "/docs/add_a_variant.md", "model");
  const YamlNode shown = parse_yaml(source_from_text("add_a_variant.md", text));
  const YamlNode kept = load_yaml(EINLOOM_SOURCE_DIR "/experiments/models/bert_base.yaml");
  CHECK(canonical_text(shown) == canonical_text(kept));
}
