// SPDX-License-Identifier: Apache-2.0
// `let`, `derive` and `grow` of specs, configurations and stages: values that follow from others at each point.
// Contract: as written; derivation and growth give them their meaning.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/scalar_expression.hpp"
#include "experiments/setting.hpp"
#include "mappings/plan.hpp"

namespace einloom {

// A name for a number that other formulas use.
struct Let {
  Name name;
  ScalarExpression formula;
};

// An extent or a place in a document that gets the formula's value.
struct Derivation {
  Setting place;  // without a value
  ScalarExpression formula;
};

// A place in a document that is multiplied until a formula is no longer negative and the plan fits.
struct Growth {
  Setting place;
  double factor = 2;
  ScalarExpression until;
  std::optional<double> at_most;  // in the unit documents count in; the value that is then kept
};

struct Formulas {
  std::vector<Let> lets;
  std::vector<Derivation> derivations;
  std::optional<Growth> growth;

  [[nodiscard]] bool empty() const { return derivations.empty() && !growth; }  // a `let` alone does nothing
};

// Asks the map for its keys `let`, `derive` and `grow`. Reports let-name, formula-target and errors of expressions.
[[nodiscard]] Formulas read_formulas(YamlMap& map, Diagnostics& diagnostics);

// Adds `more` to `formulas`; what has the same name or place replaces what was there.
void add_formulas(const Formulas& more, Formulas& formulas);

}  // namespace einloom
