// SPDX-License-Identifier: Apache-2.0
// Evaluation of scalar expressions: a stack machine over postfix steps, free of recursion over the text's size.
#include "base/scalar_expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/scalar_steps.hpp"
#include "base/suggest.hpp"
#include "base/utf8.hpp"

namespace einloom {
namespace {

using scalar::Operation, scalar::Outcome, scalar::Step;

// The place of bytes [offset, offset + length) of a scalar's text; a block scalar's line k is at span.line + k.
Span place(const std::string& text, const Span& span, std::size_t offset, std::size_t length) {
  const std::string_view before = std::string_view(text).substr(0, offset);
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 = 0
  Span at = span.part(count_code_points(before.substr(line_start)),
                      count_code_points(std::string_view(text).substr(std::min(offset, text.size()), length)));
  if (at.line > 0) at.line += static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  return at;
}

double binary(Operation operation, double a, double b) {
  switch (operation) {
    case Operation::add:
      return a + b;
    case Operation::subtract:
      return a - b;
    case Operation::multiply:
      return a * b;
    case Operation::divide:
      return a / b;
    default:
      throw InternalError("scalar_expression: not a binary operation");
  }
}

}  // namespace

namespace scalar {

void fail_in_scalar(const std::string& text, const Span& span, const char* code, std::string message,
                    std::size_t offset, std::size_t length, std::string help) {
  Diagnostic diagnostic{code, std::move(message), place(text, span, offset, length)};
  diagnostic.help = std::move(help);
  throw UserError(std::move(diagnostic));
}

}  // namespace scalar

struct ScalarExpression::Node {
  std::vector<Step> steps;  // postfix
};

ScalarExpression ScalarExpression::parse(const std::string& text, const Span& span) {
  ScalarExpression expression;
  expression.text_ = text;
  expression.span_ = span;
  expression.root_ = std::make_shared<const Node>(Node{scalar::parse_steps(text, span)});
  return expression;
}

std::vector<std::string> ScalarExpression::names() const {
  std::vector<std::string> names;
  if (!root_) return names;
  for (const Step& step : root_->steps) {
    if (step.operation != Operation::name) continue;
    if (std::find(names.begin(), names.end(), step.name) == names.end()) names.push_back(step.name);
  }
  return names;
}

double ScalarExpression::evaluate(const std::function<std::optional<double>(const std::string&)>& resolve,
                                  const std::vector<std::string>& known) const {
  ensure(root_ != nullptr, "scalar_expression: evaluate before parse");
  std::vector<double> stack;
  const auto put = [&](const Step& step, std::size_t arguments, Outcome outcome) {
    const std::string what = step.function != nullptr ? std::string(step.function->name) : text_.substr(step.offset, 1);
    const auto infinite = [](double value) { return std::isinf(value); };
    const bool was_infinite = std::any_of(stack.end() - static_cast<std::ptrdiff_t>(arguments), stack.end(), infinite);
    if (outcome.problem.empty() && (std::isnan(outcome.value) || (std::isinf(outcome.value) && !was_infinite))) {
      outcome.problem = "its result is beyond the range of a 64-bit float";
    }
    if (!outcome.problem.empty()) {
      scalar::fail_in_scalar(text_, span_, "expression-domain",
                             fmt::format("`{}` has no value: {}", what, outcome.problem), step.offset, step.length);
    }
    stack.resize(stack.size() - arguments);
    stack.push_back(outcome.value);
  };
  for (const Step& step : root_->steps) {
    switch (step.operation) {
      case Operation::number:
        stack.push_back(step.number);
        break;
      case Operation::name: {
        const std::optional<double> value = resolve(step.name);
        if (!value) {
          scalar::fail_in_scalar(text_, span_, "expression-unknown-name",
                                 fmt::format("there is no value named `{}`", step.name), step.offset, step.length,
                                 suggestion(step.name, known));
        }
        stack.push_back(*value);
        break;
      }
      case Operation::negate:
        put(step, 1, {-stack.back()});
        break;
      case Operation::call:
        put(step, step.arguments,
            apply(step.function->function, &stack[stack.size() - step.arguments], step.arguments));
        break;
      default: {
        const double a = stack[stack.size() - 2];
        const double b = stack.back();
        if (step.operation == Operation::divide && b == 0) {
          scalar::fail_in_scalar(text_, span_, "expression-division-by-zero", fmt::format("{} is divided by 0", a),
                                 step.offset, 1);
        }
        put(step, 2, {binary(step.operation, a, b)});
      }
    }
  }
  ensure(stack.size() == 1, "scalar_expression: the steps do not leave one value");
  return stack.back();
}

}  // namespace einloom
