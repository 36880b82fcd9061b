// SPDX-License-Identifier: Apache-2.0
// Index expressions and comparisons with numbers for symbols: integer affine forms over a list of variables.
// Rewriting (substitution, normal form) works on the syntax tree and needs no shape.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "einsum/cascade.hpp"

namespace einloom {

// constant + sum of coefficients[i] * variable i.
struct AffineForm {
  std::vector<std::int64_t> coefficients;
  std::int64_t constant = 0;

  [[nodiscard]] std::int64_t at(const std::vector<std::int64_t>& point) const;
};

// form <= 0, or form != 0.
struct Constraint {
  AffineForm form;
  bool is_not_equal = false;
};

// Every variable of `index` must be in `variables`, every symbol in `shape`; gathered terms are left out.
[[nodiscard]] AffineForm resolve(const IndexExpression& index, const std::vector<std::string>& variables,
                                 const Shape& shape);
// The constraints a comparison stands for (two for ==).
[[nodiscard]] std::vector<Constraint> resolve(const Comparison& comparison, const std::vector<std::string>& variables,
                                              const Shape& shape);
// Constraints of the affine comparisons of Cascade::domain(einsum) over Einsum::variables(), and the variables'
// extents. Comparisons with data (index tensors) only take points away from what these leave.
[[nodiscard]] std::vector<Constraint> domain_constraints(const Cascade& cascade, int einsum, const Shape& shape);
[[nodiscard]] std::vector<std::int64_t> variable_extents(const Einsum& einsum, const Shape& shape);
// The same, but 1 for the variable that counts a selection's results: its operations are one per value it looks at.
[[nodiscard]] std::vector<std::int64_t> counted_extents(const Einsum& einsum, const Shape& shape);

// Like terms joined, zero terms dropped (a lone 0 stays), order of first appearance kept.
[[nodiscard]] IndexExpression normalised(const IndexExpression& index);
// `index` with variables replaced, inside gathered elements too; nullopt when two symbols would be multiplied.
[[nodiscard]] std::optional<IndexExpression> substituted(const IndexExpression& index,
                                                         const std::map<std::string, IndexExpression>& replacements);
[[nodiscard]] IndexExpression index_of_variable(const std::string& variable, const Span& span);
[[nodiscard]] IndexExpression index_of_symbol(const std::string& symbol, const Span& span);
[[nodiscard]] IndexExpression index_of_constant(std::int64_t value, const Span& span);

[[nodiscard]] std::string print_access(const Access& access);
[[nodiscard]] std::string print_index(const IndexExpression& index);
[[nodiscard]] std::string print_comparison(const Comparison& comparison);

}  // namespace einloom
