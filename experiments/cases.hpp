// SPDX-License-Identifier: Apache-2.0
// Cases of a spec: where they hold, and those that never do because a name in them is misspelt.
// Contract: values are equal when their texts are, or when both are numbers and these are.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "experiments/distinct_diagnostics.hpp"
#include "experiments/spec.hpp"

namespace einloom {

// What tells a point apart: `configuration` → flat, `seq_len` → 1024.
using Facts = std::map<std::string, std::string>;

[[nodiscard]] bool holds(const Case& one, const Facts& facts);

// Watches the points go by.
class CaseAudit {
 public:
  explicit CaseAudit(const std::vector<Case>& cases) : cases_(cases), held_(cases.size(), false) {}
  void offered(const Facts& facts);  // every point, also those that a filter drops
  void kept(const Facts& facts);     // those that run
  // case-matches-nothing for values that no point was offered with, and for cases that no kept point fits.
  void report(DistinctDiagnostics& distinct) const;

 private:
  const std::vector<Case>& cases_;
  std::vector<bool> held_;
  std::map<std::string, std::vector<std::string>> offered_;  // values by key, in order of appearance
};

}  // namespace einloom
