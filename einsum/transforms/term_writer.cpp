// SPDX-License-Identifier: Apache-2.0
#include "einsum/transforms/term_writer.hpp"

#include <algorithm>

namespace einloom::transforms {

namespace {

std::set<std::string> variables_of(const Comparison& comparison) {
  std::set<std::string> found;
  for (const IndexExpression* side : {&comparison.left, &comparison.right}) {
    for (const std::string& name : side->variables()) found.insert(name);
  }
  return found;
}

}  // namespace

std::vector<std::string> ranks_used(const std::vector<std::string>& whole, const Expression& expression,
                                    const std::vector<Comparison>& predicates) {
  std::set<std::string> used = variables_of(expression);
  for (const Comparison& predicate : predicates) used.merge(variables_of(predicate));
  std::vector<std::string> ranks;
  for (const std::string& rank : whole) {
    if (used.contains(variable_of_rank(rank))) ranks.push_back(rank);
  }
  return ranks;
}

std::vector<std::string> with_rank(std::vector<std::string> ranks, const std::string& added,
                                   const Expression& expression) {
  std::size_t position = 0;
  const std::vector<std::string> order = variables_in_order(expression);
  const auto end = std::find(order.begin(), order.end(), variable_of_rank(added));
  while (end != order.end() && position < ranks.size() &&
         std::find(order.begin(), end, variable_of_rank(ranks[position])) != end) {
    ++position;
  }
  ranks.insert(ranks.begin() + static_cast<std::ptrdiff_t>(position), added);
  return ranks;
}

std::vector<Comparison> predicates_over(const std::vector<Comparison>& predicates,
                                        const std::set<std::string>& variables) {
  std::vector<Comparison> kept;
  for (const Comparison& predicate : predicates) {
    const std::set<std::string> used = variables_of(predicate);
    const bool all = std::includes(variables.begin(), variables.end(), used.begin(), used.end());
    if (all) kept.push_back(predicate);
  }
  return kept;
}

TensorDecl tensor_like(const TensorDecl& like, const std::string& name, std::vector<std::string> ranks) {
  TensorDecl tensor;
  tensor.name = name;
  tensor.ranks = std::move(ranks);
  tensor.dtype = like.dtype;
  tensor.span = like.span;
  return tensor;
}

Einsum einsum_of(const std::string& name, const std::vector<std::string>& ranks, std::vector<Reduction> reductions,
                 Expression expression, std::vector<Comparison> predicates, const Span& span) {
  Einsum einsum;
  einsum.output = access_of(name, ranks);
  einsum.reductions = std::move(reductions);
  einsum.expression = std::move(expression);
  einsum.predicates = std::move(predicates);
  einsum.span = span;
  return einsum;
}

bool depends_on_reduced(const Term& term, const Einsum& einsum) {
  const std::set<std::string> used = variables_of(product_of(term.inside));
  return std::all_of(einsum.reductions.begin(), einsum.reductions.end(),
                     [&](const Reduction& reduction) { return used.contains(reduction.variable); });
}

Expression sum_over(const std::vector<Term>& terms, const std::function<Expression(const Term&, std::size_t)>& value) {
  std::vector<SignedTerm> signed_terms;
  for (std::size_t i = 0; i < terms.size(); ++i) signed_terms.push_back({value(terms[i], i), terms[i].negative});
  return sum_of(signed_terms);
}

}  // namespace einloom::transforms
