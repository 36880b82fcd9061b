// SPDX-License-Identifier: Apache-2.0
// Files of this folder that state something of every cascade and choice of options, a line each, and what their tests
// share: the library's own list of cascades, and the comparison of a transformed one with its origin.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "einsum/transforms/equivalence.hpp"
#include "support/documents_in_tree.hpp"

namespace einloom::test {

// `cascade [options] rank` → the cells behind it, parted by semicolons.
inline std::map<std::string, std::vector<std::string>> stated_rows(const std::string& name, std::size_t cells) {
  std::ifstream file(EINLOOM_SOURCE_DIR "/tests/library/" + name);
  REQUIRE(file);
  std::map<std::string, std::vector<std::string>> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::vector<std::string> found(1);
    for (const char c : line) {
      if (c == ';') {
        found.emplace_back();
      } else {
        found.back() += c;
      }
    }
    REQUIRE(found.size() == cells + 1);
    CHECK(rows.emplace(found[0], std::vector<std::string>(found.begin() + 1, found.end())).second);
  }
  return rows;
}

inline std::vector<std::string> cascade_names() {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(EINLOOM_SOURCE_DIR "/einsum/cascades")) {
    if (entry.path().extension() == ".yaml") found.push_back(entry.path().stem().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

inline std::string options_text(const CheckCase& one) {
  std::string text;
  for (const auto& [name, value] : one.options) text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value);
  return text;
}

// At the case's shape, with scores as they are and large.
inline void check_same_values(const Cascade& origin, const Cascade& result, const CheckCase& one) {
  Shape shape;
  for (const auto& [name, value] : one.shape) shape.set(name, value);
  shape = origin.bind(shape, {});
  using namespace transforms;
  for (const double scale : {1.0, 10.0}) {
    const Equivalence equivalence = compare_values(origin, result, shape, 1, scale);
    INFO("scale " << scale << " in " << equivalence.where);
    CHECK(equivalence.values > 0);
    CHECK(equivalence.largest_error <= kEquivalenceTolerance);
  }
  // It is a document.
  const std::string text = print_cascade(result);
  CHECK(print_cascade(load_cascade(parse_yaml(source_from_text("printed", text)))) == text);
}

}  // namespace einloom::test
