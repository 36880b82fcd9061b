// SPDX-License-Identifier: Apache-2.0
#include "experiments/named_values.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace einloom {

double NamedValues::evaluate(const ScalarExpression& formula) {
  std::vector<std::string> known;
  for (const auto& [name, entry] : entries_) known.push_back(name);
  return formula.evaluate([&](const std::string& name) { return find(name); }, known);
}

std::optional<double> NamedValues::find(const std::string& name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return lookup_ ? lookup_(name) : std::nullopt;
  Entry& entry = found->second;
  if (entry.value) return entry.value;
  const auto first = std::find(open_.begin(), open_.end(), name);
  if (first != open_.end()) {
    const std::string circle = fmt::format("{}", fmt::join(first, open_.end(), "` needs `"));
    open_.clear();
    throw UserError(Diagnostic{"setting-cycle",
                               fmt::format("`{}` needs `{}`; a value cannot depend on itself", circle, name),
                               entry.formula.span()});
  }
  open_.push_back(name);
  try {
    entry.value = evaluate(entry.formula);
  } catch (...) {
    open_.clear();
    throw;
  }
  open_.pop_back();
  return entry.value;
}

}  // namespace einloom
