// SPDX-License-Identifier: Apache-2.0
// To how few passes do the facts about operators bring every cascade, over the ranks that fewest_passes.txt has? One
// line for each cascade, choice of options and rank whose passes the document states; every cascade in every choice of
// its cases has one, so that none can be forgotten. Every result has the values of its origin, and says why no fewer
// pass is left.
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
        CHECK(fmt::format("{} -> {}", fewer.before, fewer.after) == row->second[0]);
        CHECK(steps_text(fewer) == row->second[1]);
        CHECK((fewer.forbidden.empty() ? "" : fewer.forbidden.front()) == row->second[2]);
        // A reason where a pass is left, none where none is.
        CHECK((fewer.after > 1) == !fewer.forbidden.empty());
        if (!fewer.steps.empty()) check_same_values(origin, fewer.cascade, one);
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
