// SPDX-License-Identifier: Apache-2.0
// Errors that many points share, each kept once and in the order they were first seen.
// Contract: two diagnostics are the same when they render the same.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostic.hpp"

namespace einloom {

class DistinctDiagnostics {
 public:
  void add(Diagnostic diagnostic) {
    if (seen_.insert(render(diagnostic)).second) all_.push_back(std::move(diagnostic));
  }
  void add(const UserError& error) {
    for (const Diagnostic& diagnostic : error.diagnostics()) add(diagnostic);
  }
  // Runs `work`; its UserError is collected. Returns whether it got through.
  template <class Work>
  bool collect(const Work& work) {
    try {
      work();
      return true;
    } catch (const UserError& error) {
      add(error);
      return false;
    }
  }
  [[nodiscard]] bool empty() const { return all_.empty(); }
  void throw_if_any() {
    if (!all_.empty()) throw UserError(std::move(all_));
  }

 private:
  std::vector<Diagnostic> all_;
  std::set<std::string> seen_;
};

}  // namespace einloom
