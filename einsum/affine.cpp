// SPDX-License-Identifier: Apache-2.0
// Affine index arithmetic.
#include "einsum/affine.hpp"

#include <algorithm>

#include "base/diagnostic.hpp"

namespace einloom {

std::int64_t AffineForm::at(const std::vector<std::int64_t>& point) const {
  std::int64_t value = constant;
  for (std::size_t i = 0; i < coefficients.size(); ++i) value += coefficients[i] * point[i];
  return value;
}

AffineForm resolve(const IndexExpression& index, const std::vector<std::string>& variables, const Shape& shape) {
  AffineForm form{std::vector<std::int64_t>(variables.size(), 0), 0};
  for (const auto& term : index.terms) {
    const std::int64_t factor = term.factor * (term.symbol.empty() ? 1 : shape.at(term.symbol));
    if (!term.gathered.empty()) continue;
    if (term.variable.empty()) {
      form.constant += factor;
      continue;
    }
    const auto found = std::find(variables.begin(), variables.end(), term.variable);
    ensure(found != variables.end(), "an index uses a variable that its Einsum does not bind");
    form.coefficients[static_cast<std::size_t>(found - variables.begin())] += factor;
  }
  return form;
}

std::vector<Constraint> resolve(const Comparison& comparison, const std::vector<std::string>& variables,
                                const Shape& shape) {
  const AffineForm left = resolve(comparison.left, variables, shape);
  const AffineForm right = resolve(comparison.right, variables, shape);
  const auto difference = [](const AffineForm& a, const AffineForm& b, std::int64_t plus) {
    AffineForm result = a;
    for (std::size_t i = 0; i < a.coefficients.size(); ++i) result.coefficients[i] -= b.coefficients[i];
    result.constant += plus - b.constant;
    return result;
  };
  const std::string& op = comparison.op;
  if (op == "<") return {{difference(left, right, 1), false}};
  if (op == "<=") return {{difference(left, right, 0), false}};
  if (op == ">") return {{difference(right, left, 1), false}};
  if (op == ">=") return {{difference(right, left, 0), false}};
  if (op == "!=") return {{difference(left, right, 0), true}};
  ensure(op == "==", "unknown comparison operator");
  return {{difference(left, right, 0), false}, {difference(right, left, 0), false}};
}

std::vector<Constraint> domain_constraints(const Cascade& cascade, int einsum, const Shape& shape) {
  const auto variables = cascade.einsums().at(static_cast<std::size_t>(einsum)).variables();
  std::vector<Constraint> all;
  for (const auto& comparison : cascade.domain(einsum)) {
    if (!comparison.is_affine()) continue;
    for (auto& constraint : resolve(comparison, variables, shape)) all.push_back(std::move(constraint));
  }
  return all;
}

std::vector<std::int64_t> variable_extents(const Einsum& einsum, const Shape& shape) {
  std::vector<std::int64_t> extents;
  for (const auto& variable : einsum.variables()) extents.push_back(shape.at(rank_of_variable(variable)));
  return extents;
}

std::vector<std::int64_t> counted_extents(const Einsum& einsum, const Shape& shape) {
  auto extents = variable_extents(einsum, shape);
  const auto variables = einsum.variables();
  const auto counter = std::find(variables.begin(), variables.end(), einsum.selected_variable());
  if (counter != variables.end()) extents[static_cast<std::size_t>(counter - variables.begin())] = 1;
  return extents;
}

IndexExpression normalised(const IndexExpression& index) {
  IndexExpression result;
  result.span = index.span;
  for (const auto& term : index.terms) {
    const auto same = std::find_if(result.terms.begin(), result.terms.end(), [&](const IndexTerm& other) {
      return term.gathered.empty() && other.gathered.empty() && other.symbol == term.symbol &&
             other.variable == term.variable;
    });
    if (same == result.terms.end()) {
      result.terms.push_back(term);
    } else {
      same->factor += term.factor;
    }
  }
  std::erase_if(result.terms, [](const IndexTerm& term) { return term.factor == 0; });
  if (result.terms.empty()) result.terms.push_back({0, "", "", index.span, {}});
  return result;
}

std::optional<IndexExpression> substituted(const IndexExpression& index,
                                           const std::map<std::string, IndexExpression>& replacements) {
  IndexExpression result;
  result.span = index.span;
  for (const auto& term : index.terms) {
    const auto found = replacements.find(term.variable);
    if (!term.gathered.empty()) {
      IndexTerm inside = term;
      for (auto& each : inside.gathered.front().indices) {
        auto replaced = substituted(each, replacements);
        if (!replaced) return std::nullopt;
        each = std::move(*replaced);
      }
      result.terms.push_back(std::move(inside));
      continue;
    }
    if (found == replacements.end()) {
      result.terms.push_back(term);
      continue;
    }
    for (IndexTerm each : found->second.terms) {
      if (!each.symbol.empty() && !term.symbol.empty()) return std::nullopt;
      if (each.symbol.empty()) each.symbol = term.symbol;
      each.factor *= term.factor;
      result.terms.push_back(std::move(each));
    }
  }
  result = normalised(result);
  // `n+0` is a window into another rank: it stays one.
  const auto is_zero = [](const IndexTerm& term) {
    return term.is_constant() && term.symbol.empty() && term.factor == 0;
  };
  bool stays = std::any_of(index.terms.begin(), index.terms.end(), is_zero);
  for (const auto& term : index.terms) {
    const auto found = replacements.find(term.variable);
    if (found == replacements.end()) continue;
    stays = stays || std::any_of(found->second.terms.begin(), found->second.terms.end(), is_zero);
  }
  if (stays && result.terms.size() == 1 && !result.terms.front().is_constant()) {
    result.terms.push_back({0, "", "", index.span, {}});
  }
  return result;
}

IndexExpression index_of_variable(const std::string& variable, const Span& span) {
  return {{{1, "", variable, span, {}}}, span};
}
IndexExpression index_of_symbol(const std::string& symbol, const Span& span) {
  return {{{1, symbol, "", span, {}}}, span};
}
IndexExpression index_of_constant(std::int64_t value, const Span& span) { return {{{value, "", "", span, {}}}, span}; }

std::string print_access(const Access& access) {
  std::string text = access.tensor + "[";
  for (std::size_t i = 0; i < access.indices.size(); ++i) text += (i > 0 ? "," : "") + print_index(access.indices[i]);
  return text + "]";
}

std::string print_index(const IndexExpression& index) {
  std::string text;
  for (const auto& term : index.terms) {
    if (term.factor < 0) {
      text += "-";
    } else if (!text.empty()) {
      text += "+";
    }
    const std::int64_t factor = term.factor < 0 ? -term.factor : term.factor;
    std::string product;
    const auto times = [&](const std::string& part) {
      if (part.empty()) return;
      if (!product.empty()) product += "*";
      product += part;
    };
    if (factor != 1 || (term.symbol.empty() && term.is_constant())) times(std::to_string(factor));
    times(term.variable);
    if (!term.gathered.empty()) times(print_access(term.gathered.front()));
    times(term.symbol);
    text += product;
  }
  return text;
}

std::string print_comparison(const Comparison& comparison) {
  return print_index(comparison.left) + " " + comparison.op + " " + print_index(comparison.right);
}

}  // namespace einloom
