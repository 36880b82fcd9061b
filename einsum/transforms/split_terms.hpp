// SPDX-License-Identifier: Apache-2.0
// An expression as a sum of products, each with what can be taken out of it: factors that do not vary inside a
// reduction, and shifts, whose value may be exchanged for another one later.
// Contract: the sum of all terms equals the expression wherever the guards of the language do not act (x/0 = 0 stays).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "einsum/transforms/expression_algebra.hpp"

namespace einloom::transforms {

// exp(x + d) holds a shift d: with another value d' in its place the term is larger by exp(d' - d).
struct Shift {
  std::optional<Expression> base;    // of pow; exp when unset
  std::vector<SignedTerm> exponent;  // d
};

struct Term {
  bool negative = false;
  Product outside;  // does not vary
  Product inside;   // varies, or holds nothing that is late
  std::vector<Shift> shifts;
};

struct SplitRules {
  std::function<bool(const Access&)> is_late;     // what should come out
  std::function<bool(const Expression&)> varies;  // what cannot
  // The terms of a tensor that was split before, over its own index variables; nullptr when it was not.
  std::function<const std::vector<Term>*(const std::string&)> split_before;
  std::function<const Access*(const std::string&)> written_as;  // how its Einsum writes it
  bool takes_shifts = false;                                    // otherwise exp(x + d) is left whole
  bool leaves_whole = false;  // what cannot be split stays inside, late as it is; otherwise it is a failure
};

struct Split {
  std::vector<Term> terms;
  std::string failure;  // "" when it succeeded: why something late cannot come out
};

[[nodiscard]] Split split_terms(const Expression& expression, const SplitRules& rules, const Span& where);

// Terms that only differ inside are one term.
[[nodiscard]] std::vector<Term> merged(std::vector<Term> terms);

// Text that is equal for equal values.
[[nodiscard]] std::string key_of(const Product& factors);
[[nodiscard]] std::string key_of(const std::vector<Shift>& shifts);

// Moves factors that use one of the variables inside.
void keep_inside(Term& term, const std::set<std::string>& variables);

}  // namespace einloom::transforms
