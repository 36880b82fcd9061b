// SPDX-License-Identifier: Apache-2.0
// Which iterations of the library are linear recurrences, and what forbids to cut the others into chunks: one line of
// chunks.txt for each cascade, choice of options and iterative rank; the list of lines is the library's own. Every
// result has the values of its origin, and goes over no rank more often.
#include <catch2/catch.hpp>
#include <set>

#include "base/diagnostic.hpp"
#include "einsum/passes.hpp"
#include "einsum/transforms/chunk_recurrence.hpp"
#include "library/stated_rows.hpp"

using namespace einloom;
using namespace einloom::test;
using namespace einloom::transforms;

namespace {

constexpr std::int64_t kChunk = 3;
constexpr const char* kInChunks = "in chunks";

void check_passes(const Cascade& origin, const Cascade& result) {
  for (const RankDecl& rank : origin.ranks()) {
    const auto& left = result.ranks();
    const auto is_it = [&](const RankDecl& each) { return each.name == rank.name; };
    if (std::none_of(left.begin(), left.end(), is_it)) continue;
    INFO("passes over " << rank.name);
    CHECK(passes_over(result, rank.name) <= std::max(1, passes_over(origin, rank.name)));
  }
}

}  // namespace

TEST_CASE("every linear recurrence of the library is cut into chunks") {
  const auto rows = stated_rows("chunks.txt", 1);
  std::set<std::string> seen;
  for (const std::string& name : cascade_names()) {
    const YamlNode document = document_in_tree("einsum/cascades/" + name + ".yaml");
    const Cascade usual = load_cascade(document);
    for (const CheckCase& one : usual.checks().cases) {
      const Cascade origin = load_cascade(document, {one.options, one.constants, one.span});
      for (const RankDecl& rank : origin.iterative_ranks()) {
        const std::string key = fmt::format("{} [{}] {}", name, options_text(one), rank.name);
        if (!seen.insert(key).second) continue;
        INFO(key);
        std::string outcome = kInChunks;
        try {
          const Cascade result = chunk_recurrence(origin, rank.name, kChunk);
          check_same_values(origin, result, one);
          check_passes(origin, result);
        } catch (const UserError& error) {
          outcome = error.diagnostics().front().message;
          outcome = outcome.substr(outcome.find(": ") + 2);
        }
        const auto row = rows.find(key);
        CHECK((row == rows.end() ? "" : row->second[0]) == outcome);
      }
    }
  }
  for (const auto& [key, row] : rows) {
    INFO(key);
    CHECK(seen.contains(key));
  }
}
