// SPDX-License-Identifier: Apache-2.0
#include "experiments/cases.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/suggest.hpp"

namespace einloom {

namespace {

bool same_value(const std::string& a, const std::string& b) {
  if (a == b) return true;
  const std::optional<double> left = number_in(a), right = number_in(b);
  return left && right && *left == *right;
}

bool any_of(const std::vector<Name>& values, const std::string& value) {
  return std::any_of(values.begin(), values.end(), [&](const Name& one) { return same_value(one.text, value); });
}

}  // namespace

bool holds(const Case& one, const Facts& facts) {
  return std::all_of(one.when.begin(), one.when.end(), [&](const Condition& condition) {
    const auto fact = facts.find(condition.key.text);
    return fact != facts.end() && any_of(condition.values, fact->second);
  });
}

void CaseAudit::offered(const Facts& facts) {
  for (const auto& [key, value] : facts) {
    std::vector<std::string>& known = offered_[key];
    if (std::find(known.begin(), known.end(), value) == known.end()) known.push_back(value);
  }
}

void CaseAudit::kept(const Facts& facts) {
  for (std::size_t i = 0; i < cases_.size(); ++i) held_[i] = held_[i] || holds(cases_[i], facts);
}

void CaseAudit::report(DistinctDiagnostics& distinct) const {
  for (std::size_t i = 0; i < cases_.size(); ++i) {
    bool misspelt = false;
    for (const Condition& condition : cases_[i].when) {
      const auto found = offered_.find(condition.key.text);
      const std::vector<std::string> known = found == offered_.end() ? std::vector<std::string>() : found->second;
      for (const Name& value : condition.values) {
        if (std::any_of(known.begin(), known.end(),
                        [&](const std::string& one) { return same_value(one, value.text); }))
          continue;
        misspelt = true;
        Diagnostic error{"case-matches-nothing",
                         fmt::format("no point of the spec has {} `{}`; a case must fit one at least",
                                     condition.key.text, value.text),
                         value.span};
        distinct.add(error.with_help(suggestion(value.text, known)));
      }
    }
    if (misspelt || held_[i]) continue;
    distinct.add(Diagnostic{
        "case-matches-nothing",
        "every condition holds somewhere, but at no point all of them; a case must fit one at least", cases_[i].span});
  }
}

}  // namespace einloom
