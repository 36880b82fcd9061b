// SPDX-License-Identifier: Apache-2.0
// Terms written back as Einsums: what is inside of a term becomes a tensor of its own where it is more than an access.
#pragma once

#include <string>
#include <vector>

#include "einsum/transforms/cascade_edit.hpp"
#include "einsum/transforms/split_terms.hpp"

namespace einloom::transforms {

// Ranks of `whole` whose variables stand in the expression or in a predicate, in their order.
[[nodiscard]] std::vector<std::string> ranks_used(const std::vector<std::string>& whole, const Expression& expression,
                                                  const std::vector<Comparison>& predicates = {});

// `ranks` with `added` where the operands of the expression have it: behind those ranks that stand before it there.
[[nodiscard]] std::vector<std::string> with_rank(std::vector<std::string> ranks, const std::string& added,
                                                 const Expression& expression);

// The predicates that use only these variables.
[[nodiscard]] std::vector<Comparison> predicates_over(const std::vector<Comparison>& predicates,
                                                      const std::set<std::string>& variables);

// A map or reduction `name` over the ranks, with the dtype of `like`.
[[nodiscard]] TensorDecl tensor_like(const TensorDecl& like, const std::string& name, std::vector<std::string> ranks);
[[nodiscard]] Einsum einsum_of(const std::string& name, const std::vector<std::string>& ranks,
                               std::vector<Reduction> reductions, Expression expression,
                               std::vector<Comparison> predicates, const Span& span);

// Whether what is inside the term depends on every variable that the Einsum reduces (a reduction needs that).
[[nodiscard]] bool depends_on_reduced(const Term& term, const Einsum& einsum);

// sum(m) c = c · M: a term in which nothing varies with what is reduced becomes its own sum, with nothing inside. With
// m < B it is c · max(min(M, B), 0), and so on for every bound on one reduced variable alone. False, and the term as it
// was, where something else says which points are there or a shift would have to be corrected.
[[nodiscard]] bool sum_constant(Term& term, const Einsum& einsum, const Cascade& cascade, const RankGroup& group);

// ± products, each made of what a function gives for a term.
[[nodiscard]] Expression sum_over(const std::vector<Term>& terms,
                                  const std::function<Expression(const Term&, std::size_t)>& value);

}  // namespace einloom::transforms
