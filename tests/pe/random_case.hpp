// SPDX-License-Identifier: Apache-2.0
// Seeded small configurations: every plan of the tree, arrays of 1 × 1 to 16 × 16 PEs, shapes with and without edge
// tiles, and plans and machines varied in everything that has a time rule.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "support/documents_in_tree.hpp"

namespace einloom::test {

struct SmallCase {
  std::string plan_name;
  Overrides plan, machine;
  std::vector<std::pair<std::string, std::int64_t>> extents;

  [[nodiscard]] Shape shape() const {
    Shape shape;
    for (const auto& [name, value] : extents) shape.set(name, value);
    return shape;
  }
  [[nodiscard]] std::string text() const {
    std::string text = plan_name;
    for (const auto& [name, value] : extents) text += fmt::format(" {}={}", name, value);
    for (const auto& [path, value] : plan) text += fmt::format("\n  plan {}={}", path, value);
    for (const auto& [path, value] : machine) text += fmt::format("\n  machine {}={}", path, value);
    return text;
  }
};

// Those of machines without controllers: instructions have cases of their own.
inline std::vector<std::string> plans_without_controller() {
  std::vector<std::string> names = plans_in_tree();
  std::erase_if(names, [](const std::string& name) {
    const Machine machine = machine_of(plan_of(name).machine.text);
    return std::any_of(machine.arrays.begin(), machine.arrays.end(),
                       [](const PeArray& array) { return array.controller.has_value(); });
  });
  return names;
}

class RandomSmallCase {
 public:
  explicit RandomSmallCase(std::uint64_t seed) : random_(seed) {}

  SmallCase make(const std::string& plan_name, std::int64_t largest = 16) {
    SmallCase what;
    what.plan_name = plan_name;
    rows_ = between(1, largest);
    columns_ = chance(3) ? rows_ : between(1, largest);
    if (plan_name.find("unfused") != std::string::npos || plan_name.find("streamed") != std::string::npos) {
      columns_ = std::max(rows_, columns_);  // m0, as many as there are rows, stands along the 1-D array
    }
    vary_machine(what);
    vary_plan(what);
    if (plan_name.starts_with("matmul")) {
      what.extents = {{"T", tiles(rows_, 4)}, {"N", tiles(columns_, 4)}, {"K", between(1, 20)}};
    } else {
      const std::int64_t e = between(1, 16);
      what.extents = {{"B", among<std::int64_t>({1, 1, 2})},
                      {"H", among<std::int64_t>({1, 2})},
                      {"P", tiles(columns_, 5)},
                      {"M", tiles(rows_, 5)},
                      {"E", e},
                      {"F", chance(2) ? e : between(1, 16)}};
      if (plan_name.find("fused") != std::string::npos || plan_name.find("streamed") != std::string::npos) {
        // What stands along the rows instead of m0 has to fit there.
        what.extents[5].second = std::min(what.extents[5].second, std::min(rows_, columns_));
        what.extents[4].second = std::min(what.extents[4].second, std::min(rows_, columns_));
      }
    }
    return what;
  }

  // A plan that nobody wrote: every Einsum of the 1-pass cascade on either array, its indices along rows, columns or in
  // time as they come.
  SmallCase make_random_binding() {
    SmallCase what = make(kInterleaved, 8);
    const std::int64_t side = std::min(rows_, columns_);
    const std::int64_t m0 = between(1, side), p0 = between(1, side);
    what.plan.emplace_back("phases", "[]");
    what.plan.emplace_back("tiles.M0", std::to_string(m0));
    what.plan.emplace_back("tiles.P0", std::to_string(p0));
    for (auto& [rank, extent] : what.extents) {
      if (rank == "E" || rank == "F") extent = between(1, side);
      if (rank == "M") extent = tiles(m0, 4);
      if (rank == "P") extent = tiles(p0, 4);
    }
    const std::pair<const char*, std::vector<std::string>> einsums[] = {
        {"QK", {"m0", "p0", "e"}}, {"LM", {"m0", "p0"}},  {"RM", {"p0"}},
        {"SLN", {"m0", "p0"}},     {"SLD", {"m0", "p0"}}, {"SLNV", {"m0", "p0", "f"}},
        {"PRM", {"p0"}},           {"SPD", {"p0"}},       {"RD", {"p0"}},
        {"SPNV", {"p0", "f"}},     {"RNV", {"p0", "f"}},  {"AV", {"p0", "f"}}};
    for (const auto& [einsum, indices] : einsums) {
      const bool on_grid = std::string(einsum) != "AV" && chance(2);  // the 2-D array does not divide
      what.plan.emplace_back(fmt::format("bind.{}", einsum), random_binding(on_grid, indices));
    }
    return what;
  }

  bool chance(std::int64_t one_in) { return between(1, one_in) == 1; }
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1));
  }
  template <class T>
  T among(const std::vector<T>& choices) {
    return choices[static_cast<std::size_t>(between(0, static_cast<std::int64_t>(choices.size()) - 1))];
  }

 private:
  // Whole tiles, or an edge tile.
  std::int64_t tiles(std::int64_t size, std::int64_t most) {
    const std::int64_t whole = between(1, most) * size;
    return chance(2) ? whole : std::max<std::int64_t>(1, whole - between(0, size - 1));
  }

  std::string random_binding(bool on_grid, std::vector<std::string> indices) {
    for (std::size_t i = indices.size(); i-- > 1;) {
      std::swap(indices[i], indices[static_cast<std::size_t>(between(0, static_cast<std::int64_t>(i)))]);
    }
    std::string text = on_grid ? "{array: array2d" : "{array: array1d";
    const auto place = [&](const char* axis) {
      if (indices.empty() || chance(5)) return;
      text += fmt::format(", {}: {}", axis, indices.back());
      indices.pop_back();
    };
    if (on_grid) place("rows");
    place("columns");
    std::string time;
    for (const std::string& index : indices) time += (time.empty() ? "" : ", ") + index;
    return text + fmt::format(", time: [{}]}}", time);
  }

  void vary_machine(SmallCase& what) {
    auto& machine = what.machine;
    machine = {{"components.array2d.rows", std::to_string(rows_)},
               {"components.array2d.columns", std::to_string(columns_)},
               {"components.array1d.columns", std::to_string(columns_)}};
    if (chance(2)) machine.emplace_back("links.6.latency", fmt::format("{} cycles", between(0, 5)));
    if (chance(2)) machine.emplace_back("links.7.latency", fmt::format("{} cycles", between(0, 5)));
    if (chance(3)) machine.emplace_back("components.array1d.operations.exp", exp_cost(between(1, 9)));
    if (chance(3) && what.plan_name.find("fusemax") != std::string::npos) {
      machine.emplace_back("components.array2d.operations.exp", exp_cost(between(1, 9)));
    }
    if (chance(2)) {
      machine.emplace_back("components.dram.bandwidth", among<std::string>({"1 GB/s", "3 GB/s", "7 GB/s", "40 GB/s"}));
    }
    if (chance(2)) machine.emplace_back("components.dram.latency", fmt::format("{} cycles", between(0, 60)));
    for (const char* memory : {"global_buffer", "stream_buffer"}) {
      const std::string buffer = std::string("components.") + memory;
      if (chance(3)) machine.emplace_back(buffer + ".latency", fmt::format("{} cycles", between(1, 9)));
      if (!chance(4)) continue;
      machine.emplace_back(buffer + ".access_width", among<std::string>({"4 B", "16 B", "64 B"}));
      machine.emplace_back(buffer + ".energy", "uncharged");
      machine.emplace_back(buffer + ".ports", std::to_string(between(1, 3)));
      machine.emplace_back(buffer + ".queue_accesses", std::to_string(between(1, 40)));
    }
  }

  static std::string exp_cost(std::int64_t cycles) {
    return fmt::format("{{issue_cycles: {}, actions: {{mac: {}}}}}", cycles, cycles);
  }

  void vary_plan(SmallCase& what) {
    auto& plan = what.plan;
    if (chance(2)) plan.emplace_back("in_flight", std::to_string(among<std::int64_t>({1, 2, 3, 4, 6, 11, 24})));
    if (chance(3)) plan.emplace_back("issue", "listed_first");
    if (chance(3)) plan.emplace_back("barrier", "machine");
    if (what.plan_name.find("1pass") != std::string::npos) {
      plan.emplace_back("tiles.P1", fmt::format("largest_divisor(ceil(P / P0), {})", between(1, 4)));
      for (const char* tensor : {"K", "V", "AV"}) {
        if (chance(3)) plan.emplace_back(fmt::format("keep.{}.slots", tensor), std::to_string(between(1, 5)));
      }
      for (const char* tensor : {"Q", "RM", "RD", "RNV"}) {
        if (chance(3)) plan.emplace_back(fmt::format("keep.{}.slots", tensor), fmt::format("P1 + {}", between(0, 4)));
      }
    }
  }

  std::mt19937_64 random_;
  std::int64_t rows_ = 1, columns_ = 1;
};

}  // namespace einloom::test
