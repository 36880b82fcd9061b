// SPDX-License-Identifier: Apache-2.0
// Numbers with names, some of them formulas over the others, as extents and `let` are.
// Contract: a formula is evaluated when it is asked for, and once; the order in which names are set does not matter,
// except that the last one of a name counts.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/scalar_expression.hpp"

namespace einloom {

class NamedValues {
 public:
  using Lookup = std::function<std::optional<double>(const std::string& name)>;

  void set(const std::string& name, double value) { entries_[name] = Entry{value, {}}; }
  void set(const std::string& name, ScalarExpression formula) { entries_[name] = Entry{{}, std::move(formula)}; }
  void erase(const std::string& name) { entries_.erase(name); }
  [[nodiscard]] bool contains(const std::string& name) const { return entries_.contains(name); }
  // Asked for names that were not set.
  void set_lookup(Lookup lookup) { lookup_ = std::move(lookup); }

  // UserError setting-cycle when a formula needs itself, and errors of expressions.
  [[nodiscard]] double evaluate(const ScalarExpression& formula);
  // nullopt when there is no such name.
  [[nodiscard]] std::optional<double> find(const std::string& name);

 private:
  struct Entry {
    std::optional<double> value;
    ScalarExpression formula;  // while there is no value
  };
  std::map<std::string, Entry> entries_;
  std::vector<std::string> open_;  // being evaluated
  Lookup lookup_;
};

}  // namespace einloom
