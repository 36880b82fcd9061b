// SPDX-License-Identifier: Apache-2.0
// A plan of the tree with overrides on a machine and a shape, and the laws that every run of it must obey.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <optional>
#include <string>

#include "mappings/estimate.hpp"
#include "support/documents_in_tree.hpp"
#include "support/plan_cases.hpp"
#include "support/same_report.hpp"

namespace einloom::test {

struct Case : PlanCase {
  Case() = default;
  explicit Case(PlanCase what) : PlanCase(std::move(what)) {}

  [[nodiscard]] std::string text() const {
    std::string text = plan_name;
    for (const auto& [rank, extent] : shape.values()) text += fmt::format(" {}={}", rank, extent);
    for (const auto& [path, value] : plan) text += fmt::format("\n  plan {}={}", path, value);
    for (const auto& [path, value] : machine) text += fmt::format("\n  machine {}={}", path, value);
    return text;
  }
};

struct Tally {
  int run = 0, refused = 0, deadlocked = 0, skipped_ahead = 0, port_waits = 0, data_waits = 0, slot_waits = 0;
};

// Read once.
inline const Cascade& known_cascade_for(const Plan& plan) {
  static std::map<std::string, Cascade> cascades;
  const auto found = cascades.find(plan.name);
  return found != cascades.end() ? found->second : cascades.emplace(plan.name, cascade_for(plan)).first->second;
}

// nullopt when the plan cannot go on (deadlock).
inline std::optional<Report> run(const Program& program, const Machine& machine, bool fast_forward) {
  SimulationOptions options;
  options.fast_forward = fast_forward;
  try {
    return simulate(program, machine, options);
  } catch (const UserError& error) {
    REQUIRE(error.diagnostics().front().code == "deadlock");
    return std::nullopt;
  }
}

inline void check_laws(const Program& program, const Machine& machine, const Report& report) {
  const Totals estimate = estimate_totals(program);
  for (const auto& [op, required] : program.required_operations) {  // absent points of a mask may be issued
    INFO(op);
    CHECK((program.masked ? report.operations.at(op) >= required : report.operations.at(op) == required));
  }
  for (const ArrayReport& array : report.arrays) {
    std::int64_t sum = 0;
    for (const Account& account : array.accounts) sum += account.cycles.value();
    CHECK(sum == report.cycles.value());
    for (const Account& account : array.accounts) CHECK(account.cycles.value() >= 0);
  }
  std::int64_t parts = 0;
  for (const Account& part : report.excess.parts) parts += part.cycles.value();
  CHECK(parts == report.excess.excess.value());
  CHECK(report.excess.work.value() + report.excess.excess.value() == report.cycles.value());
  for (const CycleBound& bound : cycle_bounds(program, machine, estimate)) {
    CHECK(static_cast<double>(report.cycles.value()) >= std::floor(bound.cycles));
  }
  for (std::size_t m = 0; m < program.memories.size(); ++m) {
    std::int64_t read = 0, written = 0;
    for (const auto& [r, w] : estimate.bytes[m]) {
      read += r;
      written += w;
    }
    CHECK(report.memories[m].read_bytes == read);
    CHECK(report.memories[m].write_bytes == written);
    const auto& capacity = machine.memories[m].capacity;
    if (capacity) CHECK(report.memories[m].peak_bytes <= capacity->value());
  }
  for (std::size_t s = 0; s < program.statements.size(); ++s) {
    const Statement& statement = program.statements[s];
    if (statement.array < 0) continue;
    const ArrayReport& array = report.arrays[static_cast<std::size_t>(statement.array)];
    CHECK(array.busy_cycles.at(statement.name).value() == estimate.busy_cycles[s]);
  }
}

inline void check_case(const Case& what, Tally& tally) {
  INFO(what.text());
  const Plan plan = plan_of(what.plan_name, what.plan);
  const Machine machine = machine_of(plan.machine.text, what.machine);
  std::optional<Program> program;
  try {
    program = lower(known_cascade_for(plan), machine, plan, what.shape, Dtype::bf16, {});
  } catch (const UserError&) {
    ++tally.refused;
    return;
  }
  const std::optional<Report> slow = run(*program, machine, false), fast = run(*program, machine, true);
  ++tally.run;
  REQUIRE(slow.has_value() == fast.has_value());
  if (!slow) {
    ++tally.deadlocked;
    return;
  }
  CHECK(first_difference(*slow, *fast) == "");
  CHECK(slow->tile_operations_simulated == slow->tile_operations);
  check_laws(*program, machine, *fast);
  tally.skipped_ahead += fast->tile_operations_simulated < fast->tile_operations ? 1 : 0;
  const auto waits = [&](const std::string& kind) {
    return std::any_of(slow->arrays.begin(), slow->arrays.end(),
                       [&](const ArrayReport& array) { return charged(array.accounts, kind) > 0; });
  };
  tally.port_waits += waits("wait_port") ? 1 : 0;
  tally.data_waits += waits("wait_data") ? 1 : 0;
  tally.slot_waits += waits("wait_slot") ? 1 : 0;
}

}  // namespace einloom::test
