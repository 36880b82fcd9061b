// SPDX-License-Identifier: Apache-2.0
// Arithmetic in documents: `largest_divisor(ceil(P / P0), 2 * array2d.rows)`. Used for tile sizes, slot counts,
// machine parameters and sweeps. Grammar: + - * /, parentheses, numbers, names with dots, and the functions
// ceil floor round min max abs log2 divides largest_divisor(n, at_most) smallest_divisor(n, at_least).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.hpp"

namespace einloom {

class ScalarExpression {
 public:
  // Throws UserError (expression-syntax, expression-unknown-function, expression-arity), pointing at the token inside
  // `span`.
  static ScalarExpression parse(const std::string& text, const Span& span);

  // Names in order of first use.
  [[nodiscard]] std::vector<std::string> names() const;

  // `resolve` gives the value of a name, or nullopt. Throws UserError (expression-unknown-name with the nearest of
  // `known`, expression-division-by-zero, expression-domain), pointing at the token.
  [[nodiscard]] double evaluate(const std::function<std::optional<double>(const std::string&)>& resolve,
                                const std::vector<std::string>& known) const;
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const Span& span() const { return span_; }

  struct Node;  // implementation

 private:
  std::string text_;
  Span span_;
  std::shared_ptr<const Node> root_;
};

// The largest divisor of n that is <= at_most; 1 when at_most < 1. n >= 1.
[[nodiscard]] std::int64_t largest_divisor(std::int64_t n, std::int64_t at_most);

}  // namespace einloom
