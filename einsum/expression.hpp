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

// factor · symbol · variable; an empty symbol means 1, an empty variable makes it a constant term.
// m1*M0+m0+1  =  {1,"M0","m1"}, {1,"","m0"}, {1,"",""}
struct IndexTerm {
  std::int64_t factor = 1;
  std::string symbol;
  std::string variable;
  Span span;
};

struct IndexExpression {
  std::vector<IndexTerm> terms;
  Span span;

  // The variable when the index is just that variable plus a constant ≥ 0 without symbol (`m1`, `m1+1`).
  [[nodiscard]] std::optional<std::string> plain_variable() const;
  // The constant added to a plain variable (0 for `m1`, 1 for `m1+1`).
  [[nodiscard]] std::int64_t plain_offset() const;
  [[nodiscard]] std::vector<std::string> variables() const;  // in order of appearance, unique
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
  call     // op `name` on `args`; + - * / and unary minus are the ops add sub mul div neg
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
  // Accesses in order of appearance.
  [[nodiscard]] std::vector<const Access*> accesses() const;
};

struct Reduction {
  std::string op;  // sum, max, min, prod
  std::string variable;
  Span span;
};

struct Comparison {
  IndexExpression left;
  std::string op;  // < <= > >= == !=
  IndexExpression right;
  Span span;
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
};

}  // namespace einloom
