// SPDX-License-Identifier: Apache-2.0
// Do the shipped cascades count the operations of their publications at their publications' shapes? One row of
// golden_counts.csv for each number; where conventions differ the row has both numbers and the reason.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "einsum/counts.hpp"
#include "einsum/transforms/minimize_passes.hpp"
#include "evaluation/csv_rows.hpp"
#include "support/documents_in_tree.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

std::vector<std::string> words(const std::string& text, char separator = ' ') {
  std::vector<std::string> found;
  std::istringstream stream(text);
  for (std::string word; std::getline(stream, word, separator);) {
    if (!word.empty()) found.push_back(word);
  }
  return found;
}

std::pair<std::string, std::string> setting(const std::string& text) {
  const auto equals = text.find('=');
  ensure(equals != std::string::npos, "a golden count has no `=` in " + text);
  return {text.substr(0, equals), text.substr(equals + 1)};
}

struct AtShape {
  Cascade cascade;
  Shape shape;
};

AtShape bound(const std::string& name, const std::string& options, const std::string& extents) {
  CascadeChoices choices;
  for (const std::string& option : words(options)) choices.options.insert(setting(option));
  Cascade cascade = load_cascade(document_in_tree("einsum/cascades/" + name + ".yaml"), choices);
  Shape shape;
  for (const std::string& extent : words(extents)) {
    const auto [rank, value] = setting(extent);
    shape.set(rank, std::stoll(value));
  }
  const Shape complete = cascade.bind(shape, {});
  return {std::move(cascade), complete};
}

// Operations of these kinds in these Einsums; in all when none is named.
std::int64_t operations(const AtShape& bound, const std::vector<std::string>& einsums,
                        const std::vector<std::string>& kinds) {
  std::int64_t total = 0;
  std::size_t used = 0;
  for (std::size_t i = 0; i < bound.cascade.einsums().size(); ++i) {
    const std::string& name = bound.cascade.einsums()[i].name();
    if (!einsums.empty() && std::find(einsums.begin(), einsums.end(), name) == einsums.end()) continue;
    ++used;
    const OperationCounts counts = count_operations(bound.cascade, static_cast<int>(i), bound.shape);
    for (const std::string& kind : kinds) {
      const auto found = counts.find(kind);
      if (found != counts.end()) total += found->second;
    }
  }
  CHECK(used == (einsums.empty() ? bound.cascade.einsums().size() : einsums.size()));
  return total;
}

std::vector<CsvRow> golden_counts() {
  std::ifstream file(EINLOOM_SOURCE_DIR "/tests/library/golden_counts.csv");
  REQUIRE(file);
  return csv_rows(file);
}

}  // namespace

TEST_CASE("operation counts at published shapes") {
  const auto rows = golden_counts();
  CHECK(rows.size() >= 228);
  for (const CsvRow& row : rows) {
    INFO(row.at("source") << ": " << row.at("cascade") << " " << row.at("options") << ", " << row.at("operations"));
    const AtShape at_shape = bound(row.at("cascade"), row.at("options"), row.at("extents"));
    const auto counted = operations(at_shape, words(row.at("einsums")), words(row.at("operations"), '+'));
    CHECK(fmt::format("{}", counted) == row.at("counted"));
    CHECK_FALSE(row.at("source").empty());
    // A difference has a reason, and a reason a difference.
    CHECK((row.at("published") != row.at("counted")) == !row.at("reason").empty());
  }
}

TEST_CASE("extents that follow at published shapes") {
  struct Follows {
    std::string source, cascade, extents, rank;
    std::int64_t extent;
  };
  const std::string sparse = "P=4224 GEN=128 M0=128 G=1 R=1 E=128";
  for (const Follows& each : std::vector<Follows>{
           {"SparseD (ICLR 2026): blocks of 4096 + 128 tokens", "sparse_d_mask", sparse, "P1", 33},
           {"SparseD: blocks kept of all", "sparse_d_mask", sparse, "K1", 10},
           {"SparseD: blocks kept of the generation", "sparse_d_mask", sparse, "K2", 1},
           {"Sparsifiner (CVPR 2023): keys of a row", "sparsifiner", "H=1 M=197 E=64 F=64 C=32 L=32 KL=8", "KM", 50},
           {"PAROAttention (NeurIPS 2025): blocks a side", "paro", "H=1 P=17550 E=64 F=64", "P1", 275},
           {"TokenSelect (EMNLP 2025): keys", "token_select", "G=4 R=7 P=1 S=131072 N=131072 K=2048 E=128 F=128", "M",
            2688},
       }) {
    INFO(each.source);
    CHECK(bound(each.cascade, "", each.extents).shape.at(each.rank) == each.extent);
  }
  // 196 rows of 50 keys and one of all 197.
  CHECK(196 * bound("sparsifiner", "", "H=1 M=197 E=64 F=64 C=32 L=32 KL=8").shape.at("KM") + 197 == 9997);
}

TEST_CASE("causal attention in its running form, with the corrections of every tile") {
  // FlashAttention-2 counts corrections at the 40 tiles (p, m1) with a key; here a state has a value at all 64.
  const Cascade causal = load_cascade(document_in_tree("einsum/cascades/causal.yaml"));
  const Cascade running = transforms::minimize_passes(causal, "M", 4).cascade;
  Shape extents;
  for (const auto& [rank, extent] :
       std::map<std::string, std::int64_t>{{"B", 1}, {"H", 1}, {"P", 16}, {"M", 16}, {"E", 4}, {"F", 4}}) {
    extents.set(rank, extent);
  }
  const std::int64_t pairs = 136, tiles = 64;
  CHECK(count_operations(running, running.bind(extents, {})) == OperationCounts{{"add", pairs + tiles * 5},
                                                                                {"div", 64},
                                                                                {"exp", pairs + tiles},
                                                                                {"mac", 1088},
                                                                                {"max", pairs + tiles},
                                                                                {"mul", tiles * 5},
                                                                                {"sub", pairs + tiles}});
}
