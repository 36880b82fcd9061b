// SPDX-License-Identifier: Apache-2.0
// Selections under random bindings: what they look at and their results along rows, columns or in time as they come,
// cut into tiles of which all are inside the operation, at random prices of a comparison.
#include <algorithm>
#include <deque>
#include <optional>

#include "base/source_file.hpp"
#include "pe/compare.hpp"
#include "pe/seeded.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

std::string random_binding(Seeded& random, bool on_grid, std::vector<std::string> indices) {
  random.shuffle(indices);
  std::string text = on_grid ? "{array: array2d" : "{array: array1d";
  for (const char* axis : {"rows", "columns"}) {
    if (!on_grid && std::string(axis) == "rows") continue;
    if (indices.empty() || random.chance(5)) continue;
    if (indices.back() == "k" || indices.back() == "n1")
      continue;  // results that are counted stand nowhere; n1 may be long
    text += fmt::format(", {}: {}", axis, indices.back());
    indices.pop_back();
  }
  std::string time;
  for (const std::string& index : indices) time += (time.empty() ? "" : ", ") + index;
  return text + ", time: [" + time + "]}";
}

}  // namespace

TEST_CASE("selections, PE by PE") {
  Tally times;
  ValueTally values;
  std::int64_t spread = 0;  // lists that neighbours share
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Seeded random(seed * 6151);
    const std::string op = random.among<std::string>({"topk", "argsort", "sort", "argmax", "argmin"});
    const std::string k = op == "argmax" || op == "argmin" ? "" : ",k";
    const std::string rank = k.empty() ? "" : ", K";
    const std::string type = op == "sort" ? "" : ", dtype: int32";
    const std::string cascade_text =
        fmt::format(R"(cascade: selecting
ranks: [T, N{0}]
tensors:
  X: {{ranks: [T, N], role: input}}
  W: {{ranks: [T, N], role: input}}
  S: {{ranks: [T, N]}}
  Y: {{ranks: [T{0}]{1}}}
  Z: {{ranks: [T{0}], role: output}}
einsums:
  - S[t,n] = X[t,n] * W[t,n]
  - Y[t{2}] = {3}(n) {4}
  - Z[t{2}] = {5}
)",
                    rank, type, k, op, random.chance(2) ? "S[t,n]" : "S[t,n] + X[t,n]",
                    random.chance(3) ? fmt::format("Y[t{}]", k) : fmt::format("Y[t{0}] - Y[t{0}] * Y[t{0}]", k));
    const std::int64_t rows = random.between(1, 6), columns = random.between(1, 6);
    const std::int64_t side = std::min(rows, columns), n0 = random.between(1, side);
    std::vector<std::string> selected = {"t0", "n0", "n1"}, results = {"t0"};
    if (!k.empty()) {
      selected.insert(selected.begin() + static_cast<std::ptrdiff_t>(random.between(0, 3)), "k");
      results.emplace_back("k");
    }
    const std::string binding = random_binding(random, random.chance(2), selected);
    const std::string plan_text =
        fmt::format(R"(plan: selecting__fusemax__random
cascade: selecting
machine: fusemax
tiles: {{T0: {}, N0: {}}}
nests:
  - loops: [t1]
    body:
      - {{loops: [n1], body: [S]}}
      - {{loops: [], body: [Y]}}
      - {{loops: [], body: [Z]}}
bind:
  S: {}
  Y: {}
  Z: {}
keep:
  X: {{in: global_buffer, slots: "2 * N1"}}
  W: {{in: global_buffer}}
  S: {{in: global_buffer, slots: "2 * N1"}}
  Y: {{in: {}, slots: 2}}
  Z: {{in: stream_buffer, slots: 2}}
in_flight: {}
)",
                    random.between(1, side), n0, random_binding(random, random.chance(2), {"t0", "n0"}), binding,
                    random_binding(random, random.chance(2), results),
                    random.among<std::string>({"global_buffer", "stream_buffer"}), random.between(1, 3));
    INFO("seed " << seed << "\n" << cascade_text << plan_text);
    const std::int64_t price = random.between(0, 3);
    const std::string cost = fmt::format("{{issue_cycles: {}, actions: {{max: 1}}}}", price);
    const Machine machine = machine_of("fusemax", {{"components.array2d.rows", std::to_string(rows)},
                                                   {"components.array2d.columns", std::to_string(columns)},
                                                   {"components.array1d.columns", std::to_string(columns)},
                                                   {"components.array2d.operations." + op, cost},
                                                   {"components.array1d.operations." + op, cost}});
    const Cascade cascade = load_cascade(parse_yaml(source_from_text("selecting.yaml", cascade_text)));
    const Plan plan = load_plan(parse_yaml(source_from_text("plan.yaml", plan_text)));
    Shape shape;
    shape.set("T", random.between(1, 8));
    shape.set("N", random.between(1, 5 * n0));
    if (!k.empty()) shape.set("K", random.between(1, 12));
    std::optional<Program> program;
    try {
      program = lower(cascade, machine, plan, shape, Dtype::fp64, {});
    } catch (const UserError& error) {
      UNSCOPED_INFO(error.what());
      ++times.refused;
      continue;
    }
    if (binding.find(": n0") != std::string::npos) ++spread;
    compare_levels(*program, machine, cascade, times);
    check_pe_values(cascade, machine, plan, shape, seed, values);
  }
  print("selections", times);
  print("selections", values);
  CHECK(times.compared >= 270);
  CHECK(spread >= 60);
  CHECK(values.compared == times.compared);
}

// Columns that hold sorted lists, column x beginning x cycles after column 0: in every cycle each one sends on the
// better of the first entry of its own that is left and the first that has come from its neighbour. Nothing is there
// but links of one entry a cycle; that the best of all columns leave the last one from its first cycle on, one in every
// cycle, is what sim/README.md says of merged lists.
TEST_CASE("lists that are merged on their way leave one entry a cycle") {
  Seeded random(11);
  for (int draw = 0; draw < 200; ++draw) {
    const std::int64_t columns = random.between(1, 9), results = random.between(1, 20);
    std::vector<std::deque<std::int64_t>> own(static_cast<std::size_t>(columns)), arrived(own.size());
    std::vector<std::int64_t> all;
    for (auto& list : own) {
      for (std::int64_t left = random.between(0, 12); left > 0; --left) list.push_back(random.between(0, 50));
      all.insert(all.end(), list.begin(), list.end());
      std::sort(list.rbegin(), list.rend());
      if (static_cast<std::int64_t>(list.size()) > results) list.resize(static_cast<std::size_t>(results));
    }
    std::sort(all.rbegin(), all.rend());
    all.resize(static_cast<std::size_t>(results), -1);
    std::vector<std::int64_t> left_array;
    for (std::int64_t now = 0; now < columns - 1 + results; ++now) {
      std::vector<std::optional<std::int64_t>> sent(own.size());
      for (std::size_t x = 0; x < own.size(); ++x) {
        if (now < static_cast<std::int64_t>(x)) continue;
        std::int64_t best = -1;  // no entry
        std::deque<std::int64_t>* from = nullptr;
        for (auto* list : {&own[x], &arrived[x]}) {
          if (list->empty() || (from != nullptr && list->front() <= best)) continue;
          best = list->front();
          from = list;
        }
        if (from != nullptr) from->pop_front();
        sent[x] = best;
      }
      for (std::size_t x = 0; x + 1 < own.size(); ++x) {
        if (sent[x]) arrived[x + 1].push_back(*sent[x]);
      }
      if (sent.back()) left_array.push_back(*sent.back());
    }
    CHECK(left_array == all);
  }
}
