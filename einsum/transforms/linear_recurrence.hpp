// SPDX-License-Identifier: Apache-2.0
// What the update of a state says when it is linear in the state: S[n+1] = decay · S[n] + terms.
// Contract: the decay depends on no state of the rank; a term may, through values of its step (feedback, as the error
// of the delta rule).
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "einsum/transforms/expression_algebra.hpp"

namespace einloom::transforms {

// ± factors, times a state where one is in it.
struct LinearTerm {
  bool negative = false;
  Product factors;
  std::optional<Access> state;
};

struct LinearTerms {
  std::vector<LinearTerm> terms;
  std::string failure;  // "" when every state is alone in a factor of a term: what else becomes of it
};
// The terms of an expression that is linear in `states`, each state a factor of its own.
[[nodiscard]] LinearTerms linear_terms(const Expression& expression, const std::set<std::string>& states);

[[nodiscard]] std::set<std::string> states_over(const Cascade& cascade, const std::string& rank);
// What maps make of a state, in the place of the maps.
[[nodiscard]] Expression with_states(const Expression& expression, const Cascade& cascade,
                                     const std::set<std::string>& states);

// Whether its values are rounded to whole numbers.
[[nodiscard]] bool is_in_whole_numbers(const TensorDecl& tensor);
// Whether a predicate or an index may take points of the Einsum away.
[[nodiscard]] bool may_be_absent(const Cascade& cascade, const Einsum& einsum);

struct LinearRecurrence {
  const Einsum* update = nullptr;
  std::optional<Expression> decay;  // nothing when the state stays as it is
  std::vector<LinearTerm> terms;    // what is added, without a state
};

// The states of an iterative rank, in the order of their updates, and what depends on one of them.
struct Recurrences {
  std::vector<LinearRecurrence> states;
  std::set<std::string> dependents;
  std::set<std::string> feedback;  // dependents that an update's terms are made of
};
// UserError transform-impossible, which names the dependence that forbids it.
[[nodiscard]] Recurrences linear_recurrences(const Cascade& cascade, const std::string& rank);

}  // namespace einloom::transforms
