// SPDX-License-Identifier: Apache-2.0
// Questions about the syntax tree of an Einsum.
#include "einsum/expression.hpp"

#include <algorithm>

namespace einloom {
namespace {

void add_unique(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

void collect(const Expression& expression, std::vector<const Access*>& found) {
  if (expression.kind == ExpressionKind::access) found.push_back(&expression.access);
  for (const auto& arg : expression.args) collect(arg, found);
}

}  // namespace

std::optional<std::string> IndexExpression::plain_variable() const {
  std::optional<std::string> variable;
  for (const auto& term : terms) {
    if (!term.symbol.empty()) return std::nullopt;
    if (term.variable.empty()) continue;
    if (variable || term.factor != 1) return std::nullopt;
    variable = term.variable;
  }
  if (!variable || plain_offset() < 0) return std::nullopt;
  return variable;
}

std::int64_t IndexExpression::plain_offset() const {
  std::int64_t offset = 0;
  for (const auto& term : terms) {
    if (term.variable.empty() && term.symbol.empty()) offset += term.factor;
  }
  return offset;
}

std::vector<std::string> IndexExpression::variables() const {
  std::vector<std::string> names;
  for (const auto& term : terms) {
    if (!term.variable.empty()) add_unique(names, term.variable);
  }
  return names;
}

bool Expression::is_uniform() const {
  if (kind == ExpressionKind::access || kind == ExpressionKind::index) return false;
  return std::all_of(args.begin(), args.end(), [](const Expression& arg) { return arg.is_uniform(); });
}

std::vector<const Access*> Expression::accesses() const {
  std::vector<const Access*> found;
  collect(*this, found);
  return found;
}

std::vector<std::string> Einsum::variables() const {
  std::vector<std::string> names;
  for (const auto& index : output.indices) {
    for (const auto& variable : index.variables()) add_unique(names, variable);
  }
  for (const auto& reduction : reductions) add_unique(names, reduction.variable);
  return names;
}

bool Einsum::reduces(const std::string& variable) const {
  return std::any_of(reductions.begin(), reductions.end(),
                     [&](const Reduction& reduction) { return reduction.variable == variable; });
}

}  // namespace einloom
