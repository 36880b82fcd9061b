// SPDX-License-Identifier: Apache-2.0
// To how few passes do the facts about operators bring every cascade, over each rank whose passes its document states?
// One line of fewest_passes.txt for each cascade, choice of options and rank; the list of lines is the library's own,
// so that no cascade can be forgotten. Every result has the values of its origin, and says why no fewer pass is left.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <set>

#include "einsum/passes.hpp"
#include "einsum/transforms/equivalence.hpp"
#include "einsum/transforms/minimize_passes.hpp"
#include "library/stated_rows.hpp"
#include "support/documents_in_tree.hpp"

using namespace einloom;
using namespace einloom::test;
using namespace einloom::transforms;

namespace {

constexpr std::int64_t kTile = 4;

std::string steps_text(const FewerPasses& fewer) {
  std::string text;
  for (const PassStep& step : fewer.steps) text += (text.empty() ? "" : " ") + step.transform;
  return text;
}

}  // namespace

TEST_CASE("every cascade in as few passes as the facts allow") {
  // Passes (`3 -> 1`), steps, the first reason when a pass is left.
  const auto rows = stated_rows("fewest_passes.txt", 3);
  std::set<std::string> seen;
  for (const std::string& name : cascade_names()) {
    const YamlNode document = document_in_tree("einsum/cascades/" + name + ".yaml");
    const Cascade usual = load_cascade(document);
    std::size_t of_cascade = 0;
    for (const CheckCase& one : usual.checks().cases) {
      const Cascade origin = load_cascade(document, {one.options, one.constants, one.span});
      for (const auto& [rank, stated] : one.passes) {
        const std::string key = fmt::format("{} [{}] {}", name, options_text(one), rank);
        ++of_cascade;
        if (!seen.insert(key).second) continue;
        INFO(key);
        const auto row = rows.find(key);
        CHECK(row != rows.end());
        if (row == rows.end()) continue;
        const FewerPasses fewer = minimize_passes(origin, rank, kTile);
        CHECK(fewer.before == stated);
        CHECK(fmt::format("{} -> {}", fewer.before, fewer.after) == row->second[0]);
        CHECK(steps_text(fewer) == row->second[1]);
        CHECK((fewer.forbidden.empty() ? "" : fewer.forbidden.front()) == row->second[2]);
        // A reason where a pass is left, none where none is.
        CHECK((fewer.after > 1) == !fewer.forbidden.empty());
        if (!fewer.steps.empty()) check_same_values(origin, fewer.cascade, one);
      }
    }
    // A cascade without a rank that is traversed as a whole states no passes; its line says so.
    if (of_cascade == 0) {
      INFO(name);
      CHECK(rows.contains(name + " [] -"));
      seen.insert(name + " [] -");
    }
  }
  for (const auto& [key, row] : rows) {
    INFO(key);
    CHECK(seen.contains(key));
  }
}
