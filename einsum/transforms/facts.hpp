// SPDX-License-Identifier: Apache-2.0
// What is true of operators, as far as the transformations use it. A transformation knows no cascade: it looks here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace einloom::transforms {

// How a value that is inside an operator comes out of it.
enum class OperatorLaw {
  adds,            // a term stays a term: +, -, negation
  multiplies,      // factors of either operand are factors of the result
  divides,         // factors of the numerator, and of the denominator as divisors
  shifts,          // f(x + d) = f(x) · f(d): a term inside is a factor outside, and can be exchanged for another
  shifts_of_base,  // the same of the second operand: pow(c, x + d) = pow(c, x) · pow(c, d)
  squares,         // f(x) = x · x
  inverts,         // f(x) = 1 / x
  keeps_factors,   // f(x · c) = f(x) · f(c)
  chooses,         // f(b, x, y) = f(b, 1, 0) · x + f(b, 0, 1) · y
  keeps_positive   // f(x · c) = f(x) · c where c >= 0
};

struct OperatorFact {
  std::string op;
  OperatorLaw law;
  bool of_positive = false;  // only where what comes out is >= 0
  std::string text;
};
// Sorted by operator; nullptr when nothing is known of it.
[[nodiscard]] const std::vector<OperatorFact>& operator_facts();
[[nodiscard]] const OperatorFact* find_fact(std::string_view op);

// What may be exchanged with a reduction when it does not depend on what is reduced.
struct ReductionFact {
  std::string reduction;
  bool factors = false;  // sum(m) c · x = c · sum(m) x, and a sum of terms is the terms' sums
  bool terms = false;    // max(m) (x + c) = max(m) x + c
  std::string text;
};
[[nodiscard]] const std::vector<ReductionFact>& reduction_facts();
[[nodiscard]] const ReductionFact& fact_of_reduction(std::string_view reduction);  // a selection's: nothing comes out

}  // namespace einloom::transforms
