// SPDX-License-Identifier: Apache-2.0
#include "einsum/transforms/expression_algebra.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/diagnostic.hpp"
#include "einsum/affine.hpp"

namespace einloom::transforms {
namespace {

void collect_variables(const Expression& expression, std::vector<std::string>& found) {
  const auto add = [&](const std::string& name) {
    if (std::find(found.begin(), found.end(), name) == found.end()) found.push_back(name);
  };
  if (expression.kind == ExpressionKind::index) add(expression.name);
  if (expression.kind == ExpressionKind::access) {
    for (const IndexExpression& index : expression.access.indices) {
      for (const std::string& name : index.variables()) add(name);
    }
  }
  for (const Expression& arg : expression.args) collect_variables(arg, found);
}

IndexExpression replaced(const IndexExpression& index, const VariableMap& replacements, const Span& where) {
  const auto result = einloom::substituted(index, replacements);
  if (result) return *result;
  throw UserError(Diagnostic{"transform-impossible",
                             fmt::format("the index `{}` would multiply two symbols", print_index(index)), where});
}

void visit(Access& access, const std::function<void(Access&)>& call);

void visit(IndexExpression& index, const std::function<void(Access&)>& call) {
  for (IndexTerm& term : index.terms) {
    for (Access& gathered : term.gathered) visit(gathered, call);
  }
}

void visit(Access& access, const std::function<void(Access&)>& call) {
  call(access);
  for (IndexExpression& index : access.indices) visit(index, call);
}

void visit(Expression& expression, const std::function<void(Access&)>& call) {
  if (expression.kind == ExpressionKind::access) visit(expression.access, call);
  for (Expression& arg : expression.args) visit(arg, call);
}

}  // namespace

void visit_accesses(Einsum& einsum, const std::function<void(Access&)>& call) {
  visit(einsum.output, call);
  visit(einsum.expression, call);
  for (Comparison& predicate : einsum.predicates) {
    visit(predicate.left, call);
    visit(predicate.right, call);
  }
}

Expression number(double value) {
  Expression result;
  result.number = value;
  return result;
}

Expression symbol(const std::string& name) {
  Expression result;
  result.kind = ExpressionKind::symbol;
  result.name = name;
  return result;
}

Expression read(Access access) {
  Expression result;
  result.kind = ExpressionKind::access;
  result.access = std::move(access);
  return result;
}

Expression call(std::string op, std::vector<Expression> args) {
  Expression result;
  result.kind = ExpressionKind::call;
  result.name = std::move(op);
  result.args = std::move(args);
  return result;
}

Access access_of(const std::string& tensor, const std::vector<std::string>& ranks) {
  Access access;
  access.tensor = tensor;
  for (const std::string& rank : ranks) access.indices.push_back(index_of_variable(variable_of_rank(rank), {}));
  return access;
}

Expression product_of(const Product& factors) {
  std::optional<Expression> product;
  for (const Factor& factor : factors) {
    if (factor.divides) continue;
    product = product ? call("mul", {std::move(*product), factor.value}) : factor.value;
  }
  if (!product) product = number(1);
  for (const Factor& factor : factors) {
    if (factor.divides) product = call("div", {std::move(*product), factor.value});
  }
  return *product;
}

void add_factors(const Expression& expression, bool divides, Product& factors) {
  if (is_call(expression, "mul") || is_call(expression, "div")) {
    add_factors(expression.args[0], divides, factors);
    add_factors(expression.args[1], divides != is_call(expression, "div"), factors);
  } else {
    factors.push_back({expression, divides});
  }
}

Expression sum_of(const std::vector<SignedTerm>& terms) {
  std::optional<Expression> sum;
  for (const bool negative : {false, true}) {
    for (const SignedTerm& term : terms) {
      if (term.negative != negative) continue;
      if (sum) {
        sum = call(negative ? "sub" : "add", {std::move(*sum), term.value});
      } else {
        sum = negative ? call("neg", {term.value}) : term.value;
      }
    }
  }
  return sum ? *sum : number(0);
}

Expression value_of(const IndexExpression& index) {
  std::vector<SignedTerm> terms;
  for (const IndexTerm& term : index.terms) {
    Product factors;
    const std::int64_t factor = std::abs(term.factor);
    const auto name = [&](ExpressionKind kind, const std::string& text) {
      if (text.empty()) return;
      Expression each;
      each.kind = kind;
      each.name = text;
      factors.push_back({each, false});
    };
    name(ExpressionKind::index, term.variable);
    name(ExpressionKind::symbol, term.symbol);
    if (factor != 1 || factors.empty()) factors.insert(factors.begin(), {number(static_cast<double>(factor)), false});
    terms.push_back({product_of(factors), term.factor < 0});
  }
  return sum_of(terms);
}

bool is_call(const Expression& expression, const std::string& op) {
  return expression.kind == ExpressionKind::call && expression.name == op;
}

std::vector<std::string> variables_in_order(const Expression& expression) {
  std::vector<std::string> found;
  collect_variables(expression, found);
  return found;
}

std::set<std::string> variables_of(const Expression& expression) {
  const std::vector<std::string> found = variables_in_order(expression);
  return {found.begin(), found.end()};
}

bool uses_any(const Expression& expression, const std::set<std::string>& variables) {
  const std::vector<std::string> found = variables_in_order(expression);
  return std::any_of(found.begin(), found.end(), [&](const std::string& name) { return variables.contains(name); });
}

Expression rewritten(const Expression& expression, const AccessRewrite& rewrite) {
  if (expression.kind == ExpressionKind::access) return rewrite(expression.access);
  Expression result = expression;
  for (Expression& arg : result.args) arg = rewritten(arg, rewrite);
  return result;
}

Access substituted(const Access& access, const VariableMap& replacements, const Span& where) {
  Access result = access;
  for (IndexExpression& index : result.indices) index = replaced(index, replacements, where);
  return result;
}

Expression substituted(const Expression& expression, const VariableMap& replacements, const Span& where) {
  if (expression.kind == ExpressionKind::access) return read(substituted(expression.access, replacements, where));
  if (expression.kind == ExpressionKind::index) {
    const auto found = replacements.find(expression.name);
    return found == replacements.end() ? expression : value_of(found->second);
  }
  Expression result = expression;
  for (Expression& arg : result.args) arg = substituted(arg, replacements, where);
  return result;
}

Comparison substituted(const Comparison& comparison, const VariableMap& replacements, const Span& where) {
  return {replaced(comparison.left, replacements, where), comparison.op,
          replaced(comparison.right, replacements, where), comparison.span};
}

std::optional<VariableMap> indices_at(const Einsum& writer, const Access& access) {
  VariableMap indices;
  for (std::size_t k = 0; k < access.indices.size(); ++k) {
    const auto variable = writer.output.indices[k].plain_variable();
    if (!variable || writer.output.indices[k].plain_offset() != 0) return std::nullopt;
    indices[*variable] = access.indices[k];
  }
  return indices;
}

bool is_never_negative(const Expression& expression) {
  if (expression.kind == ExpressionKind::number) return expression.number >= 0;
  if (expression.kind == ExpressionKind::index) return true;  // a symbol may be a negative constant
  if (expression.kind != ExpressionKind::call) return false;
  static const std::set<std::string> kAlways = {"abs",     "exp",      "pwl_exp2", "relu",  "rsqrt",
                                                "sigmoid", "softplus", "sqrt",     "square"};
  static const std::set<std::string> kOfSuch = {"add", "div", "max", "min", "mul", "reciprocal"};
  if (kAlways.contains(expression.name)) return true;
  if (!kOfSuch.contains(expression.name)) return false;
  return std::all_of(expression.args.begin(), expression.args.end(), is_never_negative);
}

}  // namespace einloom::transforms
