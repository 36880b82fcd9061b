// SPDX-License-Identifier: Apache-2.0
// Questions about the syntax tree of an Einsum.
#include "einsum/expression.hpp"

#include <algorithm>

#include "einsum/ops/op.hpp"

namespace einloom {
namespace {

void add_unique(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

void collect(const Access& access, std::vector<const Access*>& found);

void collect(const IndexExpression& index, std::vector<const Access*>& found) {
  for (const auto& term : index.terms) {
    for (const auto& access : term.gathered) collect(access, found);
  }
}

void collect(const Access& access, std::vector<const Access*>& found) {
  found.push_back(&access);
  for (const auto& index : access.indices) collect(index, found);
}

void collect(const Expression& expression, std::vector<const Access*>& found) {
  if (expression.kind == ExpressionKind::access) collect(expression.access, found);
  for (const auto& arg : expression.args) collect(arg, found);
}

bool mentions(const Expression& expression, const std::string& variable) {
  if (expression.kind == ExpressionKind::index) return expression.name == variable;
  if (expression.kind == ExpressionKind::access) {
    for (const auto& index : expression.access.indices) {
      const auto names = index.variables();
      if (std::find(names.begin(), names.end(), variable) != names.end()) return true;
    }
  }
  return std::any_of(expression.args.begin(), expression.args.end(),
                     [&](const Expression& arg) { return mentions(arg, variable); });
}

}  // namespace

std::optional<std::string> IndexExpression::plain_variable() const {
  std::optional<std::string> variable;
  for (const auto& term : terms) {
    if (!term.symbol.empty() || !term.gathered.empty()) return std::nullopt;
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
    if (term.is_constant() && term.symbol.empty()) offset += term.factor;
  }
  return offset;
}

std::vector<std::string> IndexExpression::variables() const {
  std::vector<std::string> names;
  for (const auto& term : terms) {
    if (!term.variable.empty()) add_unique(names, term.variable);
    for (const auto& access : term.gathered) {
      for (const auto& index : access.indices) {
        for (const auto& name : index.variables()) add_unique(names, name);
      }
    }
  }
  return names;
}

bool IndexExpression::gathers() const {
  return std::any_of(terms.begin(), terms.end(), [](const IndexTerm& term) { return !term.gathered.empty(); });
}

std::vector<const Access*> IndexExpression::accesses() const {
  std::vector<const Access*> found;
  collect(*this, found);
  return found;
}

bool Expression::is_static() const {
  return kind != ExpressionKind::access &&
         std::all_of(args.begin(), args.end(), [](const Expression& arg) { return arg.is_static(); });
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

std::vector<const Access*> Einsum::reads() const {
  std::vector<const Access*> found = expression.accesses();
  for (const auto& index : output.indices) collect(index, found);
  for (const auto& comparison : predicates) {
    collect(comparison.left, found);
    collect(comparison.right, found);
  }
  return found;
}

bool Einsum::scatters() const {
  return std::any_of(output.indices.begin(), output.indices.end(),
                     [](const IndexExpression& index) { return index.gathers(); });
}

std::string Einsum::selection() const {
  return reductions.size() == 1 && find_selection(reductions.front().op) ? reductions.front().op : "";
}

std::string Einsum::selected_variable() const {
  const Selection* op = reductions.size() == 1 ? find_selection(reductions.front().op) : nullptr;
  if (!op || !op->ranked) return "";
  const auto in_predicate = [&](const std::string& variable) {
    return std::any_of(predicates.begin(), predicates.end(), [&](const Comparison& comparison) {
      const auto left = comparison.left.variables(), right = comparison.right.variables();
      return std::count(left.begin(), left.end(), variable) + std::count(right.begin(), right.end(), variable) > 0;
    });
  };
  for (const auto& index : output.indices) {
    const auto variable = index.plain_variable();
    if (variable && !mentions(expression, *variable) && !in_predicate(*variable)) return *variable;
  }
  return "";
}

}  // namespace einloom
