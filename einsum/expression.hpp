// SPDX-License-Identifier: Apache-2.0
// The syntax tree of one extended Einsum: accesses with affine indices, map operators, reductions, predicates.
// Plain values; every node knows its Span. Index variables are lower case (m1), ranks and parameters upper case (M1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/source_file.hpp"

namespace einloom {

struct Access;

// factor · symbol · variable, or factor · symbol · element of an index tensor (a gather; `variable` is empty then).
// An empty symbol means 1; neither a variable nor a gathered element makes it a constant term.
// m1*M0+m0+1  =  {1,"M0","m1"}, {1,"","m0"}, {1,"",""}
struct IndexTerm {
  std::int64_t factor = 1;
  std::string symbol;
  std::string variable;
  Span span;
  std::vector<Access> gathered;         // at most one
  Span variable_span{}, symbol_span{};  // where they stand in the term

  [[nodiscard]] bool is_constant() const { return variable.empty() && gathered.empty(); }
};

struct IndexExpression {
  std::vector<IndexTerm> terms;
  Span span;

  // The variable when the index is just that variable plus a constant ≥ 0 without symbol (`m1`, `m1+1`).
  [[nodiscard]] std::optional<std::string> plain_variable() const;
  // The constant added to a plain variable (0 for `m1`, 1 for `m1+1`).
  [[nodiscard]] std::int64_t plain_offset() const;
  // In order of appearance, unique; those inside gathered elements included.
  [[nodiscard]] std::vector<std::string> variables() const;
  // Does an index tensor take part? Such an index is known only with the data.
  [[nodiscard]] bool gathers() const;
  // The index tensors' accesses, outer before inner.
  [[nodiscard]] std::vector<const Access*> accesses() const;
};

struct Access {
  std::string tensor;
  std::vector<IndexExpression> indices;
  Span span;
};

enum class ExpressionKind {
  number,  // `number`
  symbol,  // rank extent or parameter `name`
  index,   // value of index variable `name`
  access,  // `access`
  call,    // op `name` on `args`; + - * / and unary minus are the ops add sub mul div neg
  first    // the first of `args` that is inside its tensor: concatenation, padding
};

struct Expression {
  ExpressionKind kind = ExpressionKind::number;
  double number = 0;
  std::string name;
  Access access;
  std::vector<Expression> args;
  Span span;

  // True when no access and no index variable is inside: the same value at every point.
  [[nodiscard]] bool is_uniform() const;
  // True when no access is inside: known without data, as loop control is.
  [[nodiscard]] bool is_static() const;
  // Accesses in order of appearance, each followed by those inside its indices.
  [[nodiscard]] std::vector<const Access*> accesses() const;
};

struct Reduction {
  std::string op;  // sum, max, min, prod, or a selection: argmax, argmin, argsort, sort, topk
  std::string variable;
  Span span;
};

struct Comparison {
  IndexExpression left;
  std::string op;  // < <= > >= == !=
  IndexExpression right;
  Span span;

  // Known from index variables and extents alone.
  [[nodiscard]] bool is_affine() const { return !left.gathers() && !right.gathers(); }
};

struct Einsum {
  Access output;
  std::vector<Reduction> reductions;  // outermost first; one entry per reduced variable
  Expression expression;
  std::vector<Comparison> predicates;  // joined by `and`; as written after `|`
  Span span;

  // An Einsum is named by the tensor it writes; each tensor is written by at most one.
  [[nodiscard]] const std::string& name() const { return output.tensor; }
  // Output variables in order, then reduced variables.
  [[nodiscard]] std::vector<std::string> variables() const;
  [[nodiscard]] bool reduces(const std::string& variable) const;
  // Everything it reads: the expression's accesses, index tensors of the output and of predicates.
  [[nodiscard]] std::vector<const Access*> reads() const;
  // Writes where an index tensor says; what no point writes is 0.
  [[nodiscard]] bool scatters() const;
  // A selection (topk, argsort, …) instead of a reduction; its name, "" when it is none.
  [[nodiscard]] std::string selection() const;
  // The output variable that counts a selection's results (k of IDX[h,k] = topk(m) X[h,m]); "" when there is none.
  [[nodiscard]] std::string selected_variable() const;
};

}  // namespace einloom
