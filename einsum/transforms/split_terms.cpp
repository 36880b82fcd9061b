// SPDX-License-Identifier: Apache-2.0
// One case for each law of facts.hpp.
#include "einsum/transforms/split_terms.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/diagnostic.hpp"
#include "einsum/transforms/facts.hpp"

namespace einloom::transforms {
namespace {

struct Failure {
  std::string reason;
};

class Splitter {
 public:
  Splitter(const SplitRules& rules, const Span& where) : rules_(rules), where_(where) {}

  std::vector<Term> split(const Expression& expression) {
    if (!holds_late(expression)) return inside(expression);
    if (expression.kind == ExpressionKind::access) {
      const std::vector<Term>* before = rules_.split_before(expression.access.tensor);
      if (before) return substituted_terms(expression.access, *before);
    }
    if (!rules_.varies(expression)) {
      Term term;
      add_factors(expression, false, term.outside);
      return {term};
    }
    const OperatorFact* fact = expression.kind == ExpressionKind::call ? find_fact(expression.name) : nullptr;
    if (!fact) return whole(expression, fmt::format("nothing comes out of `{}`", described(expression)));
    try {
      return by_law(expression, *fact);
    } catch (const Failure& failure) {
      return whole(expression, failure.reason);
    }
  }

 private:
  static std::vector<Term> inside(const Expression& expression) { return {Term{false, {}, {{expression, false}}, {}}}; }

  static std::string described(const Expression& expression) {
    return expression.kind == ExpressionKind::call ? expression.name : print_expression(expression);
  }

  std::vector<Term> whole(const Expression& expression, const std::string& reason) const {
    if (!rules_.leaves_whole) throw Failure{reason};
    return inside(expression);
  }

  bool holds_late(const Expression& expression) const {
    for (const Access* access : expression.accesses()) {
      if (rules_.is_late(*access) || rules_.split_before(access->tensor)) return true;
    }
    return false;
  }

  std::vector<Term> by_law(const Expression& expression, const OperatorFact& fact) {
    switch (fact.law) {
      case OperatorLaw::adds:
        return sums(expression);
      case OperatorLaw::multiplies:
        return products(split(expression.args[0]), split(expression.args[1]), false);
      case OperatorLaw::divides:
        return products(split(expression.args[0]), {one_term(expression.args[1])}, true);
      case OperatorLaw::inverts:
        return products({Term{}}, {one_term(expression.args[0])}, true);
      case OperatorLaw::squares: {
        const Term term = one_term(expression.args[0]);
        return products({term}, {term}, false);
      }
      case OperatorLaw::chooses:
        return chosen(expression);
      case OperatorLaw::shifts:
        return shifted(expression, std::nullopt, 0);
      case OperatorLaw::shifts_of_base:
        return shifted(expression, expression.args[0], 1);
      case OperatorLaw::keeps_factors:
      case OperatorLaw::keeps_positive:
        return through(expression, fact);
    }
    throw Failure{""};
  }

  std::vector<Term> sums(const Expression& expression) {
    std::vector<Term> all = split(expression.args[0]);
    if (expression.args.size() == 1) {
      for (Term& term : all) term.negative = !term.negative;
      return all;
    }
    for (Term& term : split(expression.args[1])) {
      if (expression.name == "sub") term.negative = !term.negative;
      all.push_back(std::move(term));
    }
    return merged(std::move(all));
  }

  // Of each branch what can leave leaves; where the condition is late but does not vary, it leaves too.
  std::vector<Term> chosen(const Expression& expression) {
    const Expression& condition = expression.args[0];
    const bool leaves = holds_late(condition);
    if (leaves && rules_.varies(condition)) throw Failure{fmt::format("the condition of `{}` varies", expression.name)};
    const auto of = [&](bool first, Expression value) {
      return call(expression.name, {condition, first ? value : number(0), first ? number(0) : value});
    };
    std::vector<Term> all;
    for (const bool first : {true, false}) {
      for (Term term : split(expression.args[first ? 1 : 2])) {
        const Expression inside = product_of(term.inside);
        if (inside.kind == ExpressionKind::number && inside.number == 0) continue;
        if (leaves) {
          term.outside.push_back({of(first, number(1)), false});
        } else {
          term.inside = {{of(first, inside), false}};
        }
        all.push_back(std::move(term));
      }
    }
    return merged(std::move(all));
  }

  static std::vector<Term> products(const std::vector<Term>& left, const std::vector<Term>& right, bool divides) {
    std::vector<Term> all;
    for (const Term& a : left) {
      for (const Term& b : right) {
        Term term = a;
        term.negative = a.negative != b.negative;
        const auto add = [&](const Product& from, Product& into) {
          for (const Factor& factor : from) into.push_back({factor.value, factor.divides != divides});
        };
        add(b.outside, term.outside);
        add(b.inside, term.inside);
        for (Shift shift : b.shifts) {
          if (divides) {
            for (SignedTerm& each : shift.exponent) each.negative = !each.negative;
          }
          term.shifts.push_back(std::move(shift));
        }
        all.push_back(std::move(term));
      }
    }
    return merged(std::move(all));
  }

  Term one_term(const Expression& expression) {
    std::vector<Term> terms = split(expression);
    if (terms.size() == 1) return terms.front();
    throw Failure{fmt::format("`{}` is a sum of several terms", print_expression(expression))};
  }

  std::vector<Term> shifted(const Expression& expression, const std::optional<Expression>& base, std::size_t arg) {
    if (!rules_.takes_shifts) return whole(expression, fmt::format("`{}` is left whole", expression.name));
    if (base && (holds_late(*base) || rules_.varies(*base))) throw Failure{"the base of `pow` varies"};
    Shift shift{base, {}};
    std::vector<SignedTerm> argument;
    for (const Term& term : split(expression.args[arg])) {
      if (!term.shifts.empty() || (!term.outside.empty() && !term.inside.empty())) {
        throw Failure{fmt::format("inside `{}` it is multiplied with what varies", expression.name)};
      }
      const bool late = !term.outside.empty();
      const SignedTerm value{product_of(late ? term.outside : term.inside), term.negative};
      argument.push_back(value);
      if (late) shift.exponent.push_back(value);
    }
    Expression shifted_call = expression;
    // Written as it was where nothing in it was rewritten.
    if (holds_split(expression.args[arg])) shifted_call.args[arg] = sum_of(argument);
    Term term{false, {}, {{shifted_call, false}}, {}};
    if (!shift.exponent.empty()) term.shifts.push_back(std::move(shift));
    return {term};
  }

  bool holds_split(const Expression& expression) const {
    const auto accesses = expression.accesses();
    return std::any_of(accesses.begin(), accesses.end(),
                       [&](const Access* access) { return rules_.split_before(access->tensor) != nullptr; });
  }

  std::vector<Term> through(const Expression& expression, const OperatorFact& fact) {
    Term term = one_term(expression.args[0]);
    if (!term.shifts.empty()) throw Failure{fmt::format("`{}` is of a value that is corrected later", fact.op)};
    Expression out = product_of(term.outside);
    if (fact.of_positive && (term.negative || !is_never_negative(out))) {
      throw Failure{fmt::format("`{}` may be negative inside `{}`", print_expression(out), fact.op)};
    }
    const auto of = [&](Expression value) { return call(fact.op, {std::move(value)}); };
    Term result;
    if (!term.inside.empty()) result.inside.push_back({of(product_of(term.inside)), false});
    if (!term.outside.empty()) {
      result.outside.push_back({fact.law == OperatorLaw::keeps_positive ? out : of(out), false});
    }
    return {result};
  }

  // The tensor's terms with its index variables replaced by the indices it is read at.
  std::vector<Term> substituted_terms(const Access& access, std::vector<Term> terms) const {
    VariableMap replacements;
    const Access& written = *rules_.written_as(access.tensor);
    for (std::size_t k = 0; k < written.indices.size(); ++k) {
      replacements[*written.indices[k].plain_variable()] = access.indices[k];
    }
    for (Term& term : terms) {
      for (Product* factors : {&term.outside, &term.inside}) {
        for (Factor& factor : *factors) factor.value = substituted(factor.value, replacements, where_);
      }
      for (Shift& shift : term.shifts) {
        for (SignedTerm& each : shift.exponent) each.value = substituted(each.value, replacements, where_);
      }
    }
    return terms;
  }

  const SplitRules& rules_;
  const Span& where_;
};

}  // namespace

Split split_terms(const Expression& expression, const SplitRules& rules, const Span& where) {
  try {
    return {Splitter(rules, where).split(expression), ""};
  } catch (const Failure& failure) {
    return {{}, failure.reason};
  }
}

std::string key_of(const Product& factors) {
  std::vector<std::string> parts;
  for (const Factor& factor : factors) {
    parts.push_back((factor.divides ? "/" : "*") + print_expression(factor.value));
  }
  std::sort(parts.begin(), parts.end());
  return fmt::format("{}", fmt::join(parts, " "));
}

std::string key_of(const std::vector<Shift>& shifts) {
  std::vector<std::string> parts;
  for (const Shift& shift : shifts) {
    for (const SignedTerm& each : shift.exponent) {
      parts.push_back((shift.base ? print_expression(*shift.base) : "e") + (each.negative ? "-" : "+") +
                      print_expression(each.value));
    }
  }
  std::sort(parts.begin(), parts.end());
  return fmt::format("{}", fmt::join(parts, " "));
}

std::vector<Term> merged(std::vector<Term> terms) {
  std::vector<Term> result;
  for (Term& term : terms) {
    const auto same = std::find_if(result.begin(), result.end(), [&](const Term& other) {
      return key_of(other.outside) == key_of(term.outside) && key_of(other.shifts) == key_of(term.shifts) &&
             !other.inside.empty() && !term.inside.empty();
    });
    if (same == result.end()) {
      result.push_back(std::move(term));
      continue;
    }
    const Expression sum =
        sum_of({{product_of(same->inside), same->negative}, {product_of(term.inside), term.negative}});
    same->inside = {{sum, false}};
    same->negative = false;
  }
  return result;
}

void keep_inside(Term& term, const std::set<std::string>& variables) {
  Product out;
  for (Factor& factor : term.outside) {
    (uses_any(factor.value, variables) ? term.inside : out).push_back(std::move(factor));
  }
  term.outside = std::move(out);
}

}  // namespace einloom::transforms
