// SPDX-License-Identifier: Apache-2.0
// To how few passes do the facts about operators bring every cascade, over the ranks that fewest_passes.txt has? One
// line for each cascade, choice of options and rank whose passes the document states; every cascade in every choice of
// its cases has one, so that none can be forgotten. Every result has the values of its origin, and says why no fewer
// pass is left.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "einsum/passes.hpp"
#include "einsum/transforms/equivalence.hpp"
#include "einsum/transforms/minimize_passes.hpp"
#include "support/documents_in_tree.hpp"

using namespace einloom;
using namespace einloom::test;
using namespace einloom::transforms;

namespace {

constexpr std::int64_t kTile = 4;

struct Row {
  std::string passes;  // `3 -> 1`
  std::string steps;
  std::string reason;  // the first, when a pass is left
};

// `cascade [options] rank` → its row.
std::map<std::string, Row> expected_rows() {
  std::ifstream file(EINLOOM_SOURCE_DIR "/tests/library/fewest_passes.txt");
  REQUIRE(file);
  std::map<std::string, Row> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::vector<std::string> cells(1);
    for (const char c : line) {
      if (c == ';') {
        cells.emplace_back();
      } else {
        cells.back() += c;
      }
    }
    REQUIRE(cells.size() == 4);
    CHECK(rows.emplace(cells[0], Row{cells[1], cells[2], cells[3]}).second);
  }
  return rows;
}

std::vector<std::string> names() {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(EINLOOM_SOURCE_DIR "/einsum/cascades")) {
    if (entry.path().extension() == ".yaml") found.push_back(entry.path().stem().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string options_text(const CheckCase& one) {
  std::string text;
  for (const auto& [name, value] : one.options) text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value);
  return text;
}

std::string steps_text(const FewerPasses& fewer) {
  std::string text;
  for (const PassStep& step : fewer.steps) text += (text.empty() ? "" : " ") + step.transform;
  return text;
}

// At the case's shape, with scores as they are and large.
void check_values(const Cascade& origin, const Cascade& result, const CheckCase& one) {
  Shape shape;
  for (const auto& [name, value] : one.shape) shape.set(name, value);
  shape = origin.bind(shape, {});
  for (const double scale : {1.0, 10.0}) {
    const Equivalence equivalence = compare_values(origin, result, shape, 1, scale);
    INFO("scale " << scale << " in " << equivalence.where);
    CHECK(equivalence.values > 0);
    CHECK(equivalence.largest_error <= kEquivalenceTolerance);
  }
  const std::string text = print_cascade(result);
  CHECK(print_cascade(load_cascade(parse_yaml(source_from_text("printed", text)))) == text);
}

}  // namespace

TEST_CASE("every cascade in as few passes as the facts allow") {
  const auto rows = expected_rows();
  std::set<std::string> seen;
  for (const std::string& name : names()) {
    const YamlNode document = document_in_tree("einsum/cascades/" + name + ".yaml");
    const Cascade usual = load_cascade(document);
    for (const CheckCase& one : usual.checks().cases) {
      const Cascade origin = load_cascade(document, {one.options, one.constants, one.span});
      std::size_t of_case = 0;
      for (const auto& [rank, stated] : one.passes) {
        const std::string key = fmt::format("{} [{}] {}", name, options_text(one), rank);
        const auto row = rows.find(key);
        if (row == rows.end()) continue;
        ++of_case;
        if (!seen.insert(key).second) continue;
        INFO(key);
        const FewerPasses fewer = minimize_passes(origin, rank, kTile);
        CHECK(fewer.before == stated);
        CHECK(fmt::format("{} -> {}", fewer.before, fewer.after) == row->second.passes);
        CHECK(steps_text(fewer) == row->second.steps);
        CHECK((fewer.forbidden.empty() ? "" : fewer.forbidden.front()) == row->second.reason);
        // A reason where a pass is left, none where none is.
        CHECK((fewer.after > 1) == !fewer.forbidden.empty());
        if (!fewer.steps.empty()) check_values(origin, fewer.cascade, one);
      }
      INFO(name << " [" << options_text(one) << "]");
      CHECK(of_case > 0);
    }
  }
  for (const auto& [key, row] : rows) {
    INFO(key);
    CHECK(seen.contains(key));
  }
}
