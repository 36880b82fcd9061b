// SPDX-License-Identifier: Apache-2.0
#include "einsum/operands.hpp"

#include <algorithm>

namespace einloom {

std::vector<const Access*> operand_accesses(const Cascade& cascade, int einsum) {
  std::vector<const Access*> found = cascade.einsums()[static_cast<std::size_t>(einsum)].reads();
  for (const Comparison& comparison : cascade.domain(einsum)) {
    for (const IndexExpression* side : {&comparison.left, &comparison.right}) {
      for (const Access* access : side->accesses()) {
        const bool known =
            std::any_of(found.begin(), found.end(), [&](const Access* other) { return reads_alike(*other, *access); });
        if (!known) found.push_back(access);
      }
    }
  }
  return found;
}

bool reads_alike(const Access& a, const Access& b) {
  const auto same_term = [](const IndexTerm& s, const IndexTerm& t) {
    return s.factor == t.factor && s.symbol == t.symbol && s.variable == t.variable &&
           std::equal(s.gathered.begin(), s.gathered.end(), t.gathered.begin(), t.gathered.end(), reads_alike);
  };
  const auto same_index = [&](const IndexExpression& x, const IndexExpression& y) {
    return std::equal(x.terms.begin(), x.terms.end(), y.terms.begin(), y.terms.end(), same_term);
  };
  return a.tensor == b.tensor &&
         std::equal(a.indices.begin(), a.indices.end(), b.indices.begin(), b.indices.end(), same_index);
}

bool is_data_predicate(const Comparison& comparison) {
  if (comparison.is_affine()) return false;
  // 0 <= index and index < RANK are how Cascade::domain writes the bounds of an index.
  const auto constant = [](const IndexExpression& index) {
    return std::all_of(index.terms.begin(), index.terms.end(), [](const IndexTerm& t) { return t.is_constant(); });
  };
  return !(comparison.op == "<=" && constant(comparison.left)) && !(comparison.op == "<" && constant(comparison.right));
}

bool has_data_predicate(const Cascade& cascade, int einsum) {
  const auto& domain = cascade.domain(einsum);
  return std::any_of(domain.begin(), domain.end(), is_data_predicate);
}

}  // namespace einloom
