// SPDX-License-Identifier: Apache-2.0
// One Program at the tile level and at the level of PEs: start and end of every instance, the whole report, and the
// values that leave.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.hpp"
#include "sim/execute.hpp"
#include "support/documents_in_tree.hpp"
#include "support/evaluator_reference.hpp"
#include "support/same_report.hpp"

namespace einloom::test {

struct Lifetime {
  std::int64_t instance = 0, start = 0, end = 0;
  bool operator==(const Lifetime&) const = default;
};
using Lifetimes = std::map<int, std::vector<Lifetime>>;  // by statement

struct Run {
  std::optional<Report> report;  // nullopt: deadlock
  Lifetimes lives;
};

inline Run run(const Program& program, const Machine& machine, const Cascade& cascade, Fidelity fidelity) {
  Run result;
  SimulationOptions options;
  options.fidelity = fidelity;
  options.fast_forward = false;
  options.cascade = &cascade;
  options.observer = [&](int statement, std::int64_t index, std::int64_t start, std::int64_t end) {
    auto& list = result.lives[statement];
    ensure(program.skips || index == static_cast<std::int64_t>(list.size()), "instances in order");
    ensure(list.empty() || index > list.back().instance, "instances in order");
    list.push_back({index, start, end});
  };
  try {
    result.report = simulate(program, machine, options);
  } catch (const UserError& error) {
    REQUIRE(error.diagnostics().front().code == "deadlock");
  }
  return result;
}

// The first instance that differs; "" when all are the same.
inline std::string difference(const Program& program, const Lifetimes& tile, const Lifetimes& pe) {
  std::string first;
  std::int64_t when = kNever;
  for (std::size_t s = 0; s < program.statements.size(); ++s) {
    const Statement& statement = program.statements[s];
    const auto of = [&](const Lifetimes& all) {
      const auto found = all.find(static_cast<int>(s));
      return found == all.end() ? std::vector<Lifetime>{} : found->second;
    };
    const std::vector<Lifetime> a = of(tile), b = of(pe);
    if (a.size() != b.size() && first.empty())
      first = fmt::format("{}: {} and {} instances", statement.name, a.size(), b.size());
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
      if (a[i] == b[i] || std::min(a[i].start, b[i].start) >= when) continue;
      when = std::min(a[i].start, b[i].start);
      first = fmt::format("{} {}: tile level [{}, {}), PEs {} [{}, {})", statement.name, a[i].instance, a[i].start,
                          a[i].end, b[i].instance, b[i].start, b[i].end);
    }
  }
  return first;
}

struct Tally {
  std::int64_t compared = 0, refused = 0, deadlocked = 0, instances = 0, pe_cycles = 0;
};

// Tile level = PEs, in every start and end and in the report.
inline void compare_levels(const Program& program, const Machine& machine, const Cascade& cascade, Tally& tally) {
  const Run tile = run(program, machine, cascade, Fidelity::cycle);
  const Run pe = run(program, machine, cascade, Fidelity::pe);
  CHECK(difference(program, tile.lives, pe.lives) == "");
  REQUIRE(tile.report.has_value() == pe.report.has_value());
  if (!tile.report) {
    ++tally.deadlocked;
    return;
  }
  CHECK(first_difference(*tile.report, *pe.report) == "");
  ++tally.compared;
  tally.instances += tile.report->tile_operations;
  tally.pe_cycles += pe.report->pe_cycles_simulated;
}

inline void print(const std::string& name, const Tally& tally) {
  fmt::print("{}: {} compared, {} refused, {} deadlocked; {} tile operations, {} PE-cycles\n", name, tally.compared,
             tally.refused, tally.deadlocked, tally.instances, tally.pe_cycles);
}

struct ValueTally {
  std::int64_t compared = 0, refused = 0, values = 0;
  double largest = 0;
};

// The values that leave at fidelity pe = the evaluator's.
inline void check_pe_values(const Cascade& cascade, const Machine& machine, const Plan& plan, const Shape& shape,
                            std::uint64_t seed, ValueTally& tally) {
  CheckOptions options;
  options.fidelity = Fidelity::pe;
  options.dtype = seed % 3 == 0 ? Dtype::fp32 : Dtype::fp64;
  options.seed = seed;
  CheckReport report;
  try {
    report = check_values(cascade, machine, plan, shape, evaluator_of(cascade), options, {});
  } catch (const UserError& error) {
    fmt::print("seed {}: {}\n", seed, error.what());
    ++tally.refused;
    return;
  } catch (const InternalError& error) {
    FAIL_CHECK(error.what());
    return;
  }
  INFO(report.first_mismatch);
  CHECK(report.passed);
  ++tally.compared;
  tally.values += report.values;
  tally.largest = std::max(tally.largest, report.max_rel_error);
}

inline void print(const std::string& name, const ValueTally& tally) {
  fmt::print("{}: {} compared, {} refused; {} values, relative error at most {:.2g}\n", name, tally.compared,
             tally.refused, tally.values, tally.largest);
}

}  // namespace einloom::test
