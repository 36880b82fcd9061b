// SPDX-License-Identifier: Apache-2.0
// Every plan in the tree, and seeded machines and shapes for it: arrays from 2 x 2 to 16 x 16, whole and partial tiles,
// buffers from roomy to tight, spilled shares.
#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "support/documents_in_tree.hpp"

namespace einloom::test {

struct PlanCase {
  std::string plan_name = kInterleaved;
  Overrides plan, machine;
  Shape shape;
};

class PlanCases {
 public:
  explicit PlanCases(std::uint64_t seed) : random_(seed) {}

  PlanCase make(const std::string& plan_name) {
    PlanCase what;
    what.plan_name = plan_name;
    const Plan plan = plan_of(plan_name);
    const std::int64_t dim = among({2, 3, 4, 8, 16});
    const Machine machine = machine_of(plan.machine.text);
    what.machine = sizes_of(machine, dim);
    if (chance(3)) what.machine.emplace_back("components.dram.bandwidth", among_text({"1 GB/s", "7 GB/s", "40 GB/s"}));
    if (chance(3)) what.machine.emplace_back("components.dram.latency", std::to_string(between(0, 300)) + " cycles");
    if (chance(2) && machine.find_memory("global_buffer") != nullptr)
      what.machine.emplace_back("components.global_buffer.capacity", among_text({"4 KiB", "32 KiB", "256 KiB"}));
    for (const NamedExpression& parameter : plan.parameters) {
      if (parameter.name.text == "spilled" && chance(2))
        what.plan.emplace_back("parameters.spilled", among_text({"0.1", "0.5"}));
      if (parameter.name.text == "reserved") what.plan.emplace_back("parameters.reserved", "1024");
    }
    if (chance(3)) what.plan.emplace_back("issue", "listed_first");
    const Cascade cascade = cascade_for(plan);
    for (const RankDecl& rank : cascade.ranks()) {
      const bool narrow = rank.name == "E" || rank.name == "F";  // spread over rows by some plans
      const bool repeated = rank.name == "B" || rank.name == "H";
      const std::int64_t tiles = among({1, 2, 3, 5, 12});
      what.shape.set(rank.name, repeated ? among({1, 2, 5})
                                : narrow
                                    ? between(1, dim)
                                    : std::max<std::int64_t>(1, tiles * dim - (chance(2) ? between(0, dim - 1) : 0)));
    }
    return what;
  }

 private:
  // The parameters that are numbers of PEs, and the widest elements.
  static Overrides sizes_of(const Machine& machine, std::int64_t dim) {
    Overrides sizes;
    for (const auto& [name, value] : machine.parameters) {
      if (name == "dim" || name == "rows" || name == "columns") {
        sizes.emplace_back("parameters." + name, std::to_string(dim));
      }
      if (name == "element_bytes" || name == "sum_bytes") sizes.emplace_back("parameters." + name, "8");
    }
    return sizes;
  }
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }
  bool chance(int of) { return between(1, of) == 1; }
  std::int64_t among(const std::vector<std::int64_t>& values) {
    return values[static_cast<std::size_t>(between(0, static_cast<std::int64_t>(values.size()) - 1))];
  }
  std::string among_text(const std::vector<std::string>& values) {
    return values[static_cast<std::size_t>(between(0, static_cast<std::int64_t>(values.size()) - 1))];
  }

  std::mt19937_64 random_;
};

}  // namespace einloom::test
