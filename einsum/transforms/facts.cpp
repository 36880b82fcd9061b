// SPDX-License-Identifier: Apache-2.0
// The table. A new operator that a value can be taken out of is one line.
#include "einsum/transforms/facts.hpp"

#include <algorithm>

#include "base/diagnostic.hpp"
#include "einsum/ops/op.hpp"

namespace einloom::transforms {

const std::vector<OperatorFact>& operator_facts() {
  static const std::vector<OperatorFact> kFacts = {
      {"abs", OperatorLaw::keeps_factors, false, "abs(x c) = abs(x) abs(c)"},
      {"add", OperatorLaw::adds, false, "(a + b) c = a c + b c"},
      {"div", OperatorLaw::divides, false, "(x c) / y = (x / y) c, x / (y c) = (x / y) / c"},
      {"exp", OperatorLaw::shifts, false, "exp(x + d) = exp(x) exp(d)"},
      {"mul", OperatorLaw::multiplies, false, "(x c) y = (x y) c"},
      {"neg", OperatorLaw::adds, false, "-(a + b) = -a - b"},
      {"pow", OperatorLaw::shifts_of_base, false, "pow(c, x + d) = pow(c, x) pow(c, d)"},
      {"reciprocal", OperatorLaw::inverts, false, "reciprocal(x) = 1 / x"},
      {"relu", OperatorLaw::keeps_positive, true, "relu(x c) = relu(x) c, c >= 0"},
      {"rsqrt", OperatorLaw::keeps_factors, true, "rsqrt(x c) = rsqrt(x) rsqrt(c), c >= 0"},
      {"select", OperatorLaw::chooses, false, "select(b, x, y) = select(b, 1, 0) x + select(b, 0, 1) y"},
      {"sqrt", OperatorLaw::keeps_factors, true, "sqrt(x c) = sqrt(x) sqrt(c), c >= 0"},
      {"square", OperatorLaw::squares, false, "square(x) = x x"},
      {"sub", OperatorLaw::adds, false, "(a - b) c = a c - b c"},
  };
  return kFacts;
}

const OperatorFact* find_fact(std::string_view op) {
  const auto& facts = operator_facts();
  const auto found = std::find_if(facts.begin(), facts.end(), [&](const OperatorFact& fact) { return fact.op == op; });
  return found == facts.end() ? nullptr : &*found;
}

const std::vector<ReductionFact>& reduction_facts() {
  static const std::vector<ReductionFact> kFacts = {
      {"max", false, true, "max(m) (x + c) = max(m) x + c"},
      {"min", false, true, "min(m) (x + c) = min(m) x + c"},
      {"prod", false, false, "nothing comes out of a product over m"},
      {"sum", true, false, "sum(m) (a c + b) = c sum(m) a + sum(m) b"},
  };
  return kFacts;
}

const ReductionFact& fact_of_reduction(std::string_view reduction) {
  for (const ReductionFact& fact : reduction_facts()) {
    if (fact.reduction == reduction) return fact;
  }
  static const ReductionFact kSelection{"", false, false, "a selection looks at all values"};
  ensure(find_selection(reduction) != nullptr, "no fact about a reduction");
  return kSelection;
}

}  // namespace einloom::transforms
