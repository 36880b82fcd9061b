// SPDX-License-Identifier: Apache-2.0
// Does every cascade in the tree keep what its document claims: values of its hand-written kernel, stated operation
// counts, stated passes, and does it print back to itself? The list is the folder, so no entry can be forgotten.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "experiments/library_check.hpp"

using namespace einloom;

namespace {

std::vector<std::filesystem::path> documents() {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(EINLOOM_SOURCE_DIR "/einsum/cascades")) {
    if (entry.path().extension() == ".yaml") found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

TEST_CASE("every cascade keeps what its document claims") {
  std::size_t cases = 0;
  for (const auto& path : documents()) {
    const YamlNode document = load_yaml(path);
    const LibraryCheck check = check_document(document, 1);
    CHECK(check.cascade == path.stem().string());
    CHECK(check.cases.size() >= 2);
    for (const CaseResult& each : check.cases) {
      INFO(check.cascade << " at " << each.name << "\n" << fmt::format("{}", fmt::join(each.problems, "\n")));
      CHECK(each.problems.empty());
      CHECK(each.values > 0);
      ++cases;
    }
  }
  fmt::print("{} cascades, {} cases\n", documents().size(), cases);
  CHECK(documents().size() >= 90);
}

TEST_CASE("every cascade says what it is and where it comes from") {
  for (const auto& path : documents()) {
    const Cascade cascade = load_cascade(load_yaml(path));
    INFO(path.stem().string());
    CHECK_FALSE(cascade.description().empty());
    CHECK_FALSE(cascade.paper().empty());
    CHECK_FALSE(cascade.family().empty());
  }
}

TEST_CASE("every cascade states its operations, and prints back to itself in every form it is checked in") {
  for (const auto& path : documents()) {
    const YamlNode document = load_yaml(path);
    const Cascade usual = load_cascade(document);
    for (const CheckCase& one : usual.checks().cases) {
      const Cascade cascade = load_cascade(document, {one.options, one.constants, one.span});
      INFO(path.stem().string());
      CHECK_FALSE(one.operations.empty());
      const std::string text = print_cascade(cascade);
      CHECK(print_cascade(load_cascade(parse_yaml(source_from_text("printed", text)))) == text);
    }
  }
}
