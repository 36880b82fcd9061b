// SPDX-License-Identifier: Apache-2.0
// A spec: which models run under which configurations, what is swept and at which fidelities. Values as written.
// Contract: a loaded spec has at least one configuration or one include, and every axis at least one step.
#pragma once

#include <string>
#include <vector>

#include "base/dtype.hpp"
#include "experiments/axis.hpp"
#include "experiments/documents.hpp"
#include "experiments/formulas.hpp"
#include "mappings/plan.hpp"
#include "sim/report.hpp"

namespace einloom {

// The stage whose row adds up all stages of a configuration.
inline constexpr const char* kTotal = "total";

// One of the cascades that a configuration runs one after the other.
struct Stage {
  Name name;  // "" when it is the only one
  Name plan;
  std::optional<Name> cascade, machine;  // by default those that the plan names
  std::vector<Setting> settings;
  Formulas formulas;
  std::int64_t repeat = 1;  // how often it counts in the total
};

// One curve of a figure: a plan, or a sequence of them.
struct Configuration {
  Name name;
  std::optional<Name> model;  // instead of the spec's models
  std::vector<Setting> settings;
  Formulas formulas;
  std::vector<Stage> stages;  // at least one

  [[nodiscard]] bool is_staged() const { return !stages.front().name.text.empty(); }
};

// Settings for the points where every condition holds.
struct Condition {
  Name key;                  // `configuration`, `stage`, `model`, `fidelity`, `seq_len` or a swept key
  std::vector<Name> values;  // one of them
};
struct Case {
  std::vector<Condition> when;
  std::vector<Setting> settings;
  Span span;
};

// Which rows no other row beats, among those with equal values of the columns `per`.
struct Objective {
  Name column;
  bool maximize = false;
};
struct ParetoQuery {
  std::vector<Objective> objectives;  // at least one
  std::vector<Name> per;
};

struct Spec {
  std::string name, description;
  std::vector<Name> models;
  std::vector<Configuration> configurations;
  std::vector<Setting> settings;  // hold everywhere; configurations, stages, cases and axes come after them, in order
  std::vector<Case> cases;
  Formulas formulas;  // of what has the same name, the configuration's and the stage's win
  Sweep sweep;
  std::vector<Fidelity> fidelities;
  Dtype dtype = Dtype::bf16;
  std::optional<Name> baseline;  // the configuration that others are compared with
  std::optional<ParetoQuery> pareto;
  std::vector<Name> includes;
  std::vector<Setting> overrides;  // from the command line: come after everything
  bool narrowed = false;           // the command line chose what runs; cases may then fit nothing
  Span span, name_span;
};

// UserError with all errors of the document (reader's codes, spec-*, stage-*, case-*, setting-*,
// let-name, formula-target, pareto-*, unknown-configuration, fidelity-unknown, dtype-unknown).
[[nodiscard]] Spec load_spec(const YamlNode& document);

// The spec and everything it includes, includes first, each file once. UserError spec-include-cycle.
[[nodiscard]] std::vector<Spec> load_spec_tree(const Library& library, const std::string& reference,
                                               const Span& asked_at);

// The same for several: files that an earlier one brought are not read again. UserError spec-name-twice.
[[nodiscard]] std::vector<Spec> load_spec_trees(const Library& library, const std::vector<Name>& references);

// Applies `--set`, `--fidelity` and `--dtype` (as settings): several values of one key make an axis, a swept key gets
// new steps, anything else holds everywhere. UserError setting-zip-length, unknown-configuration.
void override_specs(std::vector<Spec>& specs, const std::vector<std::vector<Setting>>& settings);

}  // namespace einloom
