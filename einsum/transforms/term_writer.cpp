// SPDX-License-Identifier: Apache-2.0
#include "einsum/transforms/term_writer.hpp"

#include <algorithm>

#include "einsum/affine.hpp"

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

bool sum_constant(Term& term, const Einsum& einsum, const Cascade& cascade, const RankGroup& group) {
  if (!term.shifts.empty()) return false;
  std::set<std::string> reduced;
  for (const Reduction& reduction : einsum.reductions) {
    if (reduction.op != "sum") return false;
    reduced.insert(reduction.variable);
  }
  for (const Product* factors : {&term.outside, &term.inside}) {
    if (uses_any(product_of(*factors), reduced)) return false;
  }
  // Points may be missing where a predicate or a gather says so; the last tile may be short, but all tiles together are
  // M.
  const bool by_tiles = !group.outer.empty();
  const std::string outer = variable_of_rank(group.outer), inner = variable_of_rank(group.inner);
  if (by_tiles && reduced.contains(outer) != reduced.contains(inner)) return false;
  const std::string whole = outer + "*" + group.inner + "+" + inner + " < " + group.whole;
  for (const Comparison& predicate : cascade.domain(cascade.einsum_position(einsum.name()))) {
    if (!by_tiles || print_comparison(predicate) != whole) return false;
  }
  for (const Access* access : einsum.reads()) {
    for (const IndexExpression& index : access->indices) {
      if (index.gathers()) return false;
    }
  }
  term.outside.insert(term.outside.begin(), term.inside.begin(), term.inside.end());
  term.inside.clear();
  for (const Reduction& reduction : einsum.reductions) {
    const std::string rank = rank_of_variable(reduction.variable);
    if (by_tiles && rank == group.inner) continue;
    Expression extent;
    extent.kind = ExpressionKind::symbol;
    extent.name = by_tiles && rank == group.outer ? group.whole : rank;
    term.outside.push_back({extent, false});
  }
  return true;
}

Expression sum_over(const std::vector<Term>& terms, const std::function<Expression(const Term&, std::size_t)>& value) {
  std::vector<SignedTerm> signed_terms;
  for (std::size_t i = 0; i < terms.size(); ++i) signed_terms.push_back({value(terms[i], i), terms[i].negative});
  return sum_of(signed_terms);
}

}  // namespace einloom::transforms
