// SPDX-License-Identifier: Apache-2.0
// Expressions built, searched and rewritten; what all transformations of cascades are written with.
// Contract: plain values in, new values out; new nodes have no place in a document.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "einsum/cascade.hpp"

namespace einloom::transforms {

[[nodiscard]] Expression number(double value);
[[nodiscard]] Expression symbol(const std::string& name);  // of a rank, a parameter or a constant
[[nodiscard]] Expression read(Access access);
[[nodiscard]] Expression call(std::string op, std::vector<Expression> args);
// The index variable of each rank, in order: `X[b,h,m1]`.
[[nodiscard]] Access access_of(const std::string& tensor, const std::vector<std::string>& ranks);

struct Factor {
  Expression value;
  bool divides = false;
};
using Product = std::vector<Factor>;
// First what multiplies, then what divides, in order; 1 when there is nothing.
[[nodiscard]] Expression product_of(const Product& factors);
// Adds the factors of an expression, each by itself: some may vary with more than others.
void add_factors(const Expression& expression, bool divides, Product& factors);

struct SignedTerm {
  Expression value;
  bool negative = false;
};
// Positive terms first, each in order; 0 when there is nothing.
[[nodiscard]] Expression sum_of(const std::vector<SignedTerm>& terms);

// The value of an index without gathered elements.
[[nodiscard]] Expression value_of(const IndexExpression& index);

[[nodiscard]] bool is_call(const Expression& expression, const std::string& op);
// Every index variable inside: in indices and as a value.
[[nodiscard]] std::set<std::string> variables_of(const Expression& expression);
[[nodiscard]] std::vector<std::string> variables_in_order(const Expression& expression);
[[nodiscard]] bool uses_any(const Expression& expression, const std::set<std::string>& variables);

// Every access replaced by what the function makes of it.
using AccessRewrite = std::function<Expression(const Access&)>;
[[nodiscard]] Expression rewritten(const Expression& expression, const AccessRewrite& rewrite);

// Every access of an Einsum: its output, its expression, its predicates, index tensors inside any of them.
void visit_accesses(Einsum& einsum, const std::function<void(Access&)>& visit);

// Index variables replaced, in indices and as values. UserError transform-impossible at `where` when an index would
// multiply two symbols.
using VariableMap = std::map<std::string, IndexExpression>;
[[nodiscard]] Access substituted(const Access& access, const VariableMap& replacements, const Span& where);
[[nodiscard]] Expression substituted(const Expression& expression, const VariableMap& replacements, const Span& where);
[[nodiscard]] Comparison substituted(const Comparison& comparison, const VariableMap& replacements, const Span& where);

// The variables of an Einsum's output → the indices that a reader of it has in their places. Nothing where the output
// has an index that is more than a variable.
[[nodiscard]] std::optional<VariableMap> indices_at(const Einsum& writer, const Access& access);

// Whether the value is above or at 0 wherever it is there, as far as its form tells.
[[nodiscard]] bool is_never_negative(const Expression& expression);

}  // namespace einloom::transforms
