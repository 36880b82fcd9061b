// SPDX-License-Identifier: Apache-2.0
// What selections are charged, against lists that are kept and searched here.
#include "mappings/steps/selection_cost.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "mappings/default_plan/default_plan.hpp"
#include "mappings/estimate.hpp"
#include "support/documents_in_tree.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

// Keeps the `entries` largest values sorted; the most comparisons that a value took.
std::int64_t most_comparisons(const std::vector<double>& values, std::size_t entries) {
  std::vector<double> list;
  std::int64_t most = 0;
  for (const double value : values) {
    std::int64_t comparisons = 0;
    std::size_t first = 0, last = list.size();
    while (first < last) {
      const std::size_t middle = (first + last) / 2;
      ++comparisons;
      (list[middle] >= value ? first : last) = list[middle] >= value ? middle + 1 : middle;
    }
    most = std::max(most, comparisons);
    list.insert(list.begin() + static_cast<std::ptrdiff_t>(first), value);
    list.resize(std::min(list.size(), entries));
  }
  return most;
}

// A statement that selects `results` of `values` on a PE, in `lists` lists, `across` PEs beside each other.
struct Tile {
  std::int64_t values = 1, results = 1, lists = 1, across = 1;
  [[nodiscard]] SelectionCost cost() const {
    Statement statement;
    statement.box = {{"p", lists, lists, -1}, {"k", results, results, -1}, {"n", values * across, values * across, -1}};
    statement.selection = SelectionShape{"topk", 2, 1};
    statement.places = {{Place::Axis::columns, 2, across, 1},
                        {Place::Axis::time, 0, lists, 1},
                        {Place::Axis::time, 1, results, 1},
                        {Place::Axis::time, 2, values, across}};
    PeArray array;
    array.operations["topk"] = {2, {{"max", 2}}, {}};
    return *selection_cost(statement, array, 0);
  }
};

Totals totals(const std::string& text, std::int64_t columns, const Shape& shape) {
  const Cascade cascade = load_cascade(parse_yaml(source_from_text("cascade", text)));
  const Machine machine = machine_of("fusemax", {{"parameters.dim", std::to_string(columns)}});
  const Plan plan = default_plan(cascade, machine, shape, Dtype::bf16, {});
  return estimate_totals(lower(cascade, machine, plan, shape, Dtype::bf16, {}));
}

}  // namespace

TEST_CASE("a value takes as many comparisons as a binary search in the full list") {
  std::mt19937 random(1);
  for (const std::int64_t entries : {1, 2, 3, 4, 7, 8, 15, 16, 100}) {
    std::int64_t most = 0;
    for (int draw = 0; draw < 20; ++draw) {
      std::vector<double> values(400);
      for (double& value : values) value = static_cast<double>(random());
      most = std::max(most, most_comparisons(values, static_cast<std::size_t>(entries)));
    }
    INFO(entries);
    CHECK(Tile{400, entries}.cost().comparisons_of_value == most);
    // A PE that sees fewer values than are asked for has a list of those.
    CHECK(Tile{entries, 400}.cost().comparisons_of_value == most);
  }
}

TEST_CASE("entries that leave are compared with the neighbours' alone") {
  const SelectionCost alone = Tile{8, 5, 3, 1}.cost();
  CHECK(alone.cycles_of_value == 2 * 3);  // 5 entries: 3 comparisons of 2 cycles
  CHECK(alone.registers_of_value == 3 * 2 * 2);
  CHECK(alone.leaving_cycles == 3 * 4);
  CHECK(alone.leaving_registers == 3 * 4);
  CHECK(alone.merging_comparisons == 0);
  const SelectionCost beside = Tile{8, 5, 3, 4}.cost();
  CHECK(beside.cycles_of_value == alone.cycles_of_value);
  CHECK(beside.leaving_cycles == 3 * 4 * 2);
  CHECK(beside.leaving_registers == 3 * 4 * 4);
  CHECK(beside.merging_comparisons == 3 * 4);
}

// 10 values over 4 columns, 3 in a column, so that 5 results take lists of 3 entries and 2 comparisons a value; 4
// columns merge 4 entries behind the first. One operation for each value all the same.
TEST_CASE("comparisons of a whole selection") {
  Shape shape;
  shape.set("N", 10);
  shape.set("K", 5);
  const Totals found = totals(R"(cascade: one_list
ranks: [N, K]
tensors:
  X: {ranks: [N], role: input}
  IX: {ranks: [K], role: output, dtype: int32}
einsums:
  - IX[k] = topk(n) X[n]
)",
                              4, shape);
  std::int64_t operations = 0, comparisons = 0;
  for (std::size_t a = 0; a < found.operations.size(); ++a) {
    if (found.operations[a].count("topk") == 0) continue;
    operations += found.operations[a].at("topk");
    comparisons += found.comparisons[a].at("topk");
  }
  CHECK(operations == 10);
  CHECK(comparisons == 10 * 2 + 4 * 4);
}
