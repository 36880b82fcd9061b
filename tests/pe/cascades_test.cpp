// SPDX-License-Identifier: Apache-2.0
// What the plans of the tree do not have: several kinds of reduction in one Einsum, copies, loops that end early; and
// spilled shares, whose first elements go through DRAM.
#include "base/source_file.hpp"
#include "pe/compare.hpp"
#include "pe/seeded.hpp"

using namespace einloom;
using namespace einloom::test;

namespace {

// `indices` along rows, columns or in time as they come.
std::string random_binding(Seeded& random, const std::string& array, std::vector<std::string> indices) {
  random.shuffle(indices);
  std::string text = "{array: " + array;
  for (const char* axis : {"rows", "columns"}) {
    if (array == "array1d" && std::string(axis) == "rows") continue;
    if (indices.empty() || random.chance(4)) continue;
    text += fmt::format(", {}: {}", axis, indices.back());
    indices.pop_back();
  }
  std::string time;
  for (const std::string& index : indices) time += (time.empty() ? "" : ", ") + index;
  return text + ", time: [" + time + "]}";
}

Machine small_fusemax(std::int64_t rows, std::int64_t columns, const Overrides& more = {}) {
  Overrides sizes = {{"components.array2d.rows", std::to_string(rows)},
                     {"components.array2d.columns", std::to_string(columns)},
                     {"components.array1d.columns", std::to_string(columns)}};
  sizes.insert(sizes.end(), more.begin(), more.end());
  return machine_of("fusemax", sizes);
}

}  // namespace

TEST_CASE("several kinds of reduction in one Einsum") {
  Tally times;
  ValueTally values;
  const std::vector<std::string> reductions = {"max(k) sum(e)", "sum(k) max(e)", "max(k) sum(e) max(g)",
                                               "sum(e) max(g) max(k)", "max(g) sum(k) sum(e)"};
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Seeded random(seed * 8191);
    const std::string& kinds = random.among(reductions);
    const bool third = kinds.find("(g)") != std::string::npos;
    const std::string cascade_text =
        fmt::format(R"(cascade: nested
ranks: [T, N, K, E, G]
tensors:
  X: {{ranks: [T, K, E, G], role: input}}
  W: {{ranks: [N, K, E], role: input}}
  Y: {{ranks: [T, N]}}
  Z: {{ranks: [T, N], role: output}}
einsums:
  - Y[t,n] = {} X[t,k,e,{}] * W[n,k,e]
  - Z[t,n] = {}
)",
                    kinds, third ? "g" : "0", random.chance(3) ? "Y[t,n]" : "Y[t,n] - Y[t,n] * Y[t,n]");
    const std::int64_t rows = random.between(1, 6), columns = random.between(1, 6);
    const std::int64_t side = std::min(rows, columns), k0 = random.between(1, side);
    std::vector<std::string> reduced = {"k0", "e"};
    if (third) reduced.push_back("g");
    std::vector<std::string> all = {"t0", "n0"};
    all.insert(all.end(), reduced.begin(), reduced.end());
    const bool outer_k = kinds.starts_with("max(k)") || kinds.starts_with("sum(k)");
    const std::string plan_text =
        fmt::format(R"(plan: nested__fusemax__random
cascade: nested
machine: fusemax
tiles: {{T0: {}, N0: {}, K0: {}}}
nests:
  - loops: [t1, n1]
    body:
      - {{loops: [{}], body: [Y]}}
      - {{loops: [], body: [Z]}}
bind:
  Y: {}
  Z: {}
keep:
  X: {{in: global_buffer}}
  W: {{in: global_buffer}}
  Y: {{in: global_buffer, slots: 2}}
  Z: {{in: stream_buffer, slots: 2}}
in_flight: {}
)",
                    random.between(1, side), random.between(1, side), k0, outer_k ? "k1" : "",
                    random_binding(random, random.chance(4) ? "array1d" : "array2d",
                                   outer_k ? all : [&] { all[2] = "k"; return all; }()),
                    random_binding(random, random.chance(2) ? "array1d" : "array2d", {"t0", "n0"}),
                    random.between(1, 3));
    INFO("seed " << seed << "\n" << cascade_text << plan_text);
    const Cascade cascade = load_cascade(parse_yaml(source_from_text("nested.yaml", cascade_text)));
    const Plan plan = load_plan(parse_yaml(source_from_text("plan.yaml", plan_text)));
    const Machine machine = small_fusemax(rows, columns);
    Shape shape;
    for (const char* rank : {"T", "N"}) shape.set(rank, random.between(1, 8));
    shape.set("K", outer_k ? random.between(1, 3 * k0) : random.between(1, side));
    for (const char* rank : {"E", "G"}) shape.set(rank, random.between(1, side));
    std::optional<Program> program;
    try {
      program = lower(cascade, machine, plan, shape, Dtype::fp64, {});
    } catch (const UserError&) {
      ++times.refused;
      continue;
    }
    compare_levels(*program, machine, cascade, times);
    check_pe_values(cascade, machine, plan, shape, seed, values);
  }
  print("several kinds of reduction", times);
  print("several kinds of reduction", values);
  CHECK(times.compared >= 270);
  CHECK(values.compared == times.compared);
}

TEST_CASE("spilled shares") {
  Tally times;
  ValueTally values;
  const Cascade cascade = cascade_of("attention_3pass");
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Seeded random(seed * 131);
    const std::int64_t rows = random.between(1, 8), columns = random.chance(2) ? rows : random.between(1, 8);
    Overrides machine_changes = {{"components.array2d.rows", std::to_string(rows)},
                                 {"components.array2d.columns", std::to_string(columns)},
                                 {"components.array1d.columns", std::to_string(columns)}};
    if (random.chance(2)) {
      machine_changes.emplace_back("components.dram.bandwidth", random.among<std::string>({"1 GB/s", "7 GB/s"}));
    }
    const Machine machine = machine_of("flat", machine_changes);
    const Plan plan = plan_of("attention_3pass__flat__fused",
                              {{"parameters.spilled", random.among<std::string>({"0.05", "0.1", "0.25", "0.5", "0.9"})},
                               {"keep.QK.slots", "64"}});
    AttentionShape shape{1, random.between(1, 2), random.between(1, 3 * columns), random.between(1, 3 * rows), 1, 1};
    shape.e = shape.f = random.between(1, std::min(rows, columns));
    INFO("seed " << seed << " rows " << rows << " columns " << columns << " P " << shape.p << " M " << shape.m << " E "
                 << shape.e);
    std::optional<Program> program;
    try {
      program = lower(cascade, machine, plan, shape.shape(), Dtype::fp32, {});
    } catch (const UserError&) {
      ++times.refused;
      continue;
    }
    compare_levels(*program, machine, cascade, times);
    check_pe_values(cascade, machine, plan, shape.shape(), seed, values);
  }
  print("spilled shares", times);
  print("spilled shares", values);
  CHECK(times.compared >= 180);
  CHECK(values.compared == times.compared);
}

TEST_CASE("loops that end early") {
  std::string text = read_source(std::string(EINLOOM_SOURCE_DIR) + "/einsum/cascades/attention_1pass.yaml")->text;
  const auto append = [&](const std::string& line, const std::string& predicate) {
    const auto at = text.find(line);
    REQUIRE(at != std::string::npos);
    text.insert(at + line.size(), predicate);
  };
  append("K[b,h,m1*M0+m0,e] * rsqrt(E)", " | m1*M0+m0 <= p and m1*M0 <= p");
  append("exp(RM[b,h,m1,p] - RM[b,h,m1+1,p])", " | m1*M0 <= p");
  const Cascade cascade = load_cascade(parse_yaml(source_from_text("causal.yaml", text)));
  Tally times;
  ValueTally values;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    INFO("seed " << seed);
    Seeded random(seed * 613);
    const std::int64_t rows = random.between(1, 8), columns = random.between(1, 8);
    const Machine machine = small_fusemax(
        rows, columns, {{"components.dram.bandwidth", random.among<std::string>({"1 GB/s", "7 GB/s", "400 GB/s"})}});
    Overrides changes = {{"tiles.P1", "1"}, {"skip_absent", "m1"}, {"in_flight", random.text(1, 6)}};
    if (random.chance(3)) changes.emplace_back("barrier", "machine");
    for (const char* tensor : {"Q", "RM", "RD", "RNV"}) {
      if (random.chance(2)) changes.emplace_back(fmt::format("keep.{}.slots", tensor), random.text(2, 5));
    }
    const Plan plan = plan_of(random.chance(2) ? kSerial : kInterleaved, changes);
    const AttentionShape shape{1,
                               random.between(1, 2),
                               random.between(1, 5 * columns),
                               random.between(1, 5 * rows),
                               random.between(1, 8),
                               random.between(1, 8)};
    std::optional<Program> program;
    try {
      program = lower(cascade, machine, plan, shape.shape(), Dtype::fp64, {});
    } catch (const UserError&) {
      ++times.refused;
      continue;
    }
    compare_levels(*program, machine, cascade, times);
    check_pe_values(cascade, machine, plan, shape.shape(), seed, values);
  }
  print("loops that end early", times);
  print("loops that end early", values);
  CHECK(times.compared >= 80);
  CHECK(values.compared == times.compared);
}
