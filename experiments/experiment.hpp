// SPDX-License-Identifier: Apache-2.0
// Computes points: what the store knows is taken from there, the rest runs in child processes.
// Contract: results stand in the order of the points, whatever ran when; equal points are computed once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "experiments/point.hpp"
#include "experiments/store.hpp"
#include "sim/report.hpp"
#include "sim/units.hpp"

namespace einloom {

struct ExperimentOptions {
  int jobs = 1;
  bool fast_forward = true;
  bool fresh = false;      // do not look into the store
  bool check = false;      // carry values and compare them with the reference kernel
  std::uint64_t seed = 1;  // of values: those of a check, and those by which tiles are skipped
  double check_scale = 1;
  std::int64_t max_idle_cycles = kMaxIdleCycles;
};

struct PointResult {
  std::optional<Report> report;  // unset when the point failed
  double wall_s = 0;             // lowering and simulation, when it was computed
  bool from_store = false;
};

struct Experiment {
  std::vector<PointResult> results;   // one per point
  std::vector<std::string> errors;    // rendered, each once
  std::vector<std::string> failures;  // crashes and internal errors: "point … failed: …"
  bool interrupted = false;
  std::size_t computed = 0, from_store = 0;  // points

  [[nodiscard]] bool check_failed() const;
  // 0 all good, 1 user errors or failed checks, 2 crashes and internal errors, 130 interrupted.
  [[nodiscard]] int exit_code() const;
};

// `store` may be nullptr. UserError when the store fails.
[[nodiscard]] Experiment run_experiment(const std::vector<Point>& points, const ExperimentOptions& options,
                                        Store* store);

}  // namespace einloom
