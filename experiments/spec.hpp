// SPDX-License-Identifier: Apache-2.0
// A spec: which models run under which configurations, what is swept and at which fidelities. Values as written.
// Contract: a loaded spec has at least one configuration or one include, and every axis at least one step.
#pragma once

#include <string>
#include <vector>

#include "base/dtype.hpp"
#include "base/scalar_expression.hpp"
#include "experiments/documents.hpp"
#include "experiments/setting.hpp"
#include "mappings/plan.hpp"
#include "sim/report.hpp"

namespace einloom {

// One curve of a figure: a plan, by default on the cascade and machine that it names.
struct Configuration {
  Name name;
  Name plan;
  std::optional<Name> cascade, machine;
  std::vector<Setting> settings;
};

// One dimension of the sweep. Each step sets every key of the axis (several when they are zipped).
struct Axis {
  std::vector<std::string> keys;
  std::vector<std::vector<Setting>> steps;
};

struct Spec {
  std::string name, description;
  std::vector<Name> models;
  std::vector<Configuration> configurations;
  std::vector<Setting> settings;          // hold everywhere; configurations and axes come after them
  std::vector<Axis> axes;                 // the first one varies slowest
  std::vector<ScalarExpression> filters;  // a point stays when every one is > 0
  std::vector<Fidelity> fidelities;
  Dtype dtype = Dtype::bf16;
  std::vector<Name> includes;
  std::vector<Setting> overrides;  // from the command line: come after everything
  Span span;
};

// UserError with all errors of the document (reader's codes, spec-*, setting-*, fidelity-unknown, dtype-unknown).
[[nodiscard]] Spec load_spec(const YamlNode& document);

// The spec and everything it includes, includes first, each file once. UserError spec-include-cycle.
[[nodiscard]] std::vector<Spec> load_spec_tree(const Library& library, const std::string& reference,
                                               const Span& asked_at);

// Applies `--set`, `--fidelity` and `--dtype` (as settings): several values of one key make an axis, a swept key gets
// new steps, anything else holds everywhere. UserError setting-zip-length, unknown-configuration.
void override_specs(std::vector<Spec>& specs, const std::vector<std::vector<Setting>>& settings);

}  // namespace einloom
