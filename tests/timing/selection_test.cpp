// SPDX-License-Identifier: Apache-2.0
// How long selections take. A PE keeps what it has seen in a sorted list: a value takes a binary search in it, and the
// results leave one behind the other (sim/README.md).
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>

#include "mappings/default_plan/default_plan.hpp"
#include "timing/recorded_run.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

const std::string kOneList = R"(cascade: one_list
ranks: [N, K]
tensors:
  X: {ranks: [N], role: input}
  IX: {ranks: [K], role: output, dtype: int32}
einsums:
  - IX[k] = topk(n) X[n]
)";

const std::string kManyLists = R"(cascade: many_lists
ranks: [P, N, K]
tensors:
  X: {ranks: [P, N], role: input}
  IX: {ranks: [P, K], role: output, dtype: int32}
einsums:
  - IX[p,k] = topk(n) X[p,n]
)";

std::string with_selection(std::string cascade, const std::string& op) {
  return cascade.replace(cascade.find("topk"), 4, op);
}

Machine machine_of_columns(std::int64_t columns, const Overrides& more = {}) {
  Overrides overrides{{"parameters.dim", std::to_string(columns)}};
  overrides.insert(overrides.end(), more.begin(), more.end());
  return machine_of("fusemax", overrides);
}

RecordedRun run(const std::string& cascade_text, const Machine& machine, const Shape& shape) {
  const Cascade cascade = cascade_from(cascade_text);
  return record(lower(cascade, machine, default_plan(cascade, machine, shape, Dtype::bf16, {}), shape, Dtype::bf16, {}),
                machine);
}

RecordedRun run_one_list(const std::string& op, const Machine& machine, std::int64_t values, std::int64_t results) {
  Shape shape;
  shape.set("N", values);
  shape.set("K", results);
  return run(with_selection(kOneList, op), machine, shape);
}

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

std::int64_t ceil_log2(std::int64_t places) {
  return static_cast<std::int64_t>(std::ceil(std::log2(static_cast<double>(places))));
}

}  // namespace

// C columns, N values, k results. A column has n = ceil(N / C) values, so its list has L = min(k, n) entries and a
// value takes ceil(log2(L + 1)) comparisons, a cycle each. With the last one the first result leaves, merged on its way
// with the lists of the other columns, and k - 1 more behind it. Before it X is loaded; behind it the last column is C
// - 1 cycles later, and the store waits for it and the memory.
TEST_CASE("one list over the columns: a closed form") {
  for (const std::int64_t columns : {1, 2, 4, 7}) {
    const Machine machine = machine_of_columns(columns);
    const std::int64_t buffer = machine.find_memory("global_buffer")->latency.value();
    for (const std::int64_t values : {1, 3, 4, 5, 8, 9, 29}) {
      for (const std::int64_t results : {std::int64_t{1}, std::int64_t{3}, values}) {
        for (const char* op : {"topk", "argsort", "sort"}) {
          INFO(op << " of " << values << ", " << results << " results, " << columns << " columns");
          RecordedRun found = run_one_list(op, machine, values, results);
          const std::int64_t in_time = ceil_div(values, columns);
          const std::int64_t cycles = in_time * ceil_log2(std::min(results, in_time) + 1) + results - 1;
          const std::int64_t start = found.of["load X"].at(0).end;
          CHECK(found.of["IX"] == std::vector{Lifetime{start, start + cycles}});
          CHECK(found.of["store IX"].at(0).start == start + cycles + columns - 1 + buffer);
        }
      }
    }
  }
}

// 10 values over 4 columns, 3 in a column: lists of 3 entries take 2 comparisons a value, and 4 columns compare 4
// entries behind the first on the way out. Nothing else runs on the array.
TEST_CASE("energy of a selection: that of its comparisons") {
  const Machine machine = machine_of_columns(4);
  const RecordedRun found = run_one_list("topk", machine, 10, 5);
  const std::int64_t comparisons = 10 * 2 + 4 * 4;
  CHECK(found.report.operations.at("topk") == 10);
  CHECK(found.report.comparisons.at("topk") == comparisons);
  const double one = machine.find_array("array1d")->action_energy.at("max").energy_pj;
  CHECK(found.report.energy.by_component_pj.at("array1d") == Approx(static_cast<double>(comparisons) * one));
}

// P lists of N values each, a column for every list; 2 rounds of them. Lists that nobody shares leave without
// comparisons, a cycle for each entry behind the first, whatever a comparison costs.
TEST_CASE("a list in each column: a closed form") {
  for (const std::int64_t price : {1, 3}) {
    const std::int64_t columns = 4, values = 9, results = 5;
    const std::string comparison =
        "{issue_cycles: " + std::to_string(price) + ", actions: {max: " + std::to_string(price) + "}}";
    const Machine machine = machine_of_columns(columns, {{"components.array1d.operations.topk", comparison}});
    Shape shape;
    shape.set("P", 2 * columns);
    shape.set("N", values);
    shape.set("K", results);
    RecordedRun found = run(kManyLists, machine, shape);
    REQUIRE(found.of["IX"].size() == 2);
    for (const Lifetime& life : found.of["IX"]) CHECK(life.end - life.start == values * 3 * price + results - 1);
  }
}

// One comparison for each value, as for a maximum, and one result. (A maximum of more values than columns is divided.)
TEST_CASE("argmax and argmin take as long as max and min") {
  for (const auto& [selection, reduction] : {std::pair{"argmax", "max"}, {"argmin", "min"}}) {
    for (const std::int64_t values : {2, 3, 4}) {
      std::string text = kOneList;
      text.replace(text.find("[N, K]"), 6, "[N]").replace(text.find("{ranks: [K]"), 11, "{ranks: []");
      text.replace(text.find("IX[k]"), 5, "IX[]");
      const Machine machine = machine_of_columns(4);
      Shape shape;
      shape.set("N", values);
      const RecordedRun one = run(with_selection(text, selection), machine, shape);
      const RecordedRun other = run(with_selection(text, reduction), machine, shape);
      CHECK(one.of.at("IX") == other.of.at("IX"));
      CHECK(one.report.cycles == other.report.cycles);
    }
  }
}

// A 257th value is one more step for one of 256 columns.
TEST_CASE("a longer rank never takes fewer cycles, nor more results, and no step is a cliff") {
  const Machine machine = machine_of("fusemax");
  for (const char* op : {"topk", "argsort"}) {
    std::int64_t before = 0;
    for (const std::int64_t values : {128, 255, 256, 257, 300, 512, 513, 1024, 1025, 4096}) {
      INFO(op << " of " << values);
      const RecordedRun found = run_one_list(op, machine, values, std::string(op) == "topk" ? 16 : values);
      const std::int64_t cycles = found.report.cycles.value();
      CHECK(cycles >= before);
      if (values == 257 || values == 513) CHECK(cycles <= before + 16);
      before = cycles;
    }
  }
  std::int64_t before = 0;
  for (const std::int64_t results : {1, 2, 3, 8, 64, 500, 1000}) {
    const std::int64_t cycles = run_one_list("topk", machine, 1000, results).report.cycles.value();
    CHECK(cycles > before);
    before = cycles;
  }
}
