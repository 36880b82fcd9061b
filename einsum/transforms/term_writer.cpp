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

// --- how many points a sum has --------------------------------------------------------------------------------------

// Bounds on one reduced variable: it is below every one of `ends`, and at or above every one of `starts`.
struct PointsOfVariable {
  std::vector<IndexExpression> starts, ends;
};

// Adds what the comparison says of its only reduced variable; false when it is of another form.
bool add_bound(const Comparison& comparison, const std::set<std::string>& reduced,
               std::map<std::string, PointsOfVariable>& points) {
  if (!comparison.is_affine()) return false;
  // difference = left - right, without the reduced variable, which is there `factor` times.
  IndexExpression difference;
  std::string variable;
  std::int64_t factor = 0;
  for (const IndexExpression* side : {&comparison.left, &comparison.right}) {
    for (IndexTerm term : side->terms) {
      if (side == &comparison.right) term.factor = -term.factor;
      if (!reduced.contains(term.variable)) {
        difference.terms.push_back(term);
        continue;
      }
      if (!term.symbol.empty() || (!variable.empty() && variable != term.variable)) return false;
      variable = term.variable;
      factor += term.factor;
    }
  }
  const bool below = comparison.op == "<" || comparison.op == "<=";
  const bool above = comparison.op == ">" || comparison.op == ">=";
  if ((!below && !above) || (factor != 1 && factor != -1)) return false;
  // variable < -difference, or variable > -difference; with the factor -1 the other way round, against difference.
  const bool ends = below == (factor == 1);
  if (factor == 1) {
    for (IndexTerm& term : difference.terms) term.factor = -term.factor;
  }
  const bool is_strict = comparison.op == "<" || comparison.op == ">";
  if (is_strict != ends) difference.terms.push_back({1, "", "", {}, {}});  // x <= b is x < b + 1, x > b is x >= b + 1
  PointsOfVariable& bounds = points[variable];
  (ends ? bounds.ends : bounds.starts).push_back(normalised(difference));
  return true;
}

// max(0, min(extent, ends) - max(0, starts)), without what is not needed.
Expression count_of(const std::string& rank, const PointsOfVariable& points) {
  Expression end = symbol(rank);
  for (const IndexExpression& each : points.ends) end = call("min", {std::move(end), value_of(each)});
  if (points.ends.empty() && points.starts.empty()) return end;
  if (!points.starts.empty()) {
    Expression start = number(0);
    for (const IndexExpression& each : points.starts) start = call("max", {std::move(start), value_of(each)});
    end = call("sub", {std::move(end), std::move(start)});
  }
  return call("max", {std::move(end), number(0)});
}

struct PointCount {
  Product factors;  // one for each reduced variable
  bool may_be_none = false;
};

// Nothing when a predicate or a gather says in another way where points are.
std::optional<PointCount> points_of(const Einsum& einsum, const std::set<std::string>& reduced, const Cascade& cascade,
                                    const RankGroup& group) {
  // The last tile may be short, but all tiles together are M.
  const std::string outer = variable_of_rank(group.outer), inner = variable_of_rank(group.inner);
  const bool all_tiles = !group.outer.empty() && reduced.contains(outer) && reduced.contains(inner);
  const std::string whole = outer + "*" + group.inner + "+" + inner + " < " + group.whole;
  bool by_tiles = false;
  std::map<std::string, PointsOfVariable> points;
  for (const Comparison& predicate : cascade.domain(cascade.einsum_position(einsum.name()))) {
    if (all_tiles && print_comparison(predicate) == whole) {
      by_tiles = true;
    } else if (!add_bound(predicate, reduced, points)) {
      return std::nullopt;
    }
  }
  PointCount count;
  for (const Reduction& reduction : einsum.reductions) {
    const std::string& variable = reduction.variable;
    const PointsOfVariable bounds = points[variable];
    const bool bounded = !bounds.starts.empty() || !bounds.ends.empty();
    count.may_be_none = count.may_be_none || bounded;
    if (!by_tiles || (variable != outer && variable != inner)) {
      count.factors.push_back({count_of(rank_of_variable(variable), bounds), false});
    } else if (bounded) {
      return std::nullopt;
    } else if (variable == outer) {
      count.factors.push_back({symbol(group.whole), false});
    }
  }
  return count;
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
  const std::optional<PointCount> count = points_of(einsum, reduced, cascade, group);
  if (!count) return false;
  term.outside.insert(term.outside.begin(), term.inside.begin(), term.inside.end());
  term.inside.clear();
  if (count->may_be_none) {
    // A sum of nothing is 0, whatever c is.
    const Expression some = call("greater", {product_of(count->factors), number(0)});
    term.outside = {{call("select", {some, product_of(term.outside), number(0)}), false}};
  }
  term.outside.insert(term.outside.end(), count->factors.begin(), count->factors.end());
  return true;
}

Expression sum_over(const std::vector<Term>& terms, const std::function<Expression(const Term&, std::size_t)>& value) {
  std::vector<SignedTerm> signed_terms;
  for (std::size_t i = 0; i < terms.size(); ++i) signed_terms.push_back({value(terms[i], i), terms[i].negative});
  return sum_of(signed_terms);
}

}  // namespace einloom::transforms
