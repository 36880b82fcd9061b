// SPDX-License-Identifier: Apache-2.0
// A cascade as YAML and an Einsum as text, in one canonical form that loads back to the same cascade.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "einsum/affine.hpp"
#include "einsum/cascade.hpp"

namespace einloom {
namespace {

// Binding strength of what is printed: sum < product < sign < operand.
enum Level { kSum = 0, kProduct = 1, kSign = 2, kOperand = 3 };

Level level_of(const Expression& expression) {
  if (expression.kind != ExpressionKind::call) return kOperand;
  if (expression.args.size() == 1 && expression.name == "neg") return kSign;
  if (expression.args.size() != 2) return kOperand;
  if (expression.name == "add" || expression.name == "sub") return kSum;
  if (expression.name == "mul" || expression.name == "div") return kProduct;
  return kOperand;
}

std::string print_expression(const Expression& expression, Level at_least);

std::string print_bare(const Expression& expression) {
  switch (expression.kind) {
    case ExpressionKind::number:
      return std::isinf(expression.number) ? "inf" : fmt::format("{}", expression.number);
    case ExpressionKind::symbol:
    case ExpressionKind::index:
      return expression.name;
    case ExpressionKind::access:
      return print_access(expression.access);
    case ExpressionKind::call:
    case ExpressionKind::first:
      break;
  }
  const auto& args = expression.args;
  const Level level = level_of(expression);
  if (level == kSign) return fmt::format("-{}", print_expression(args[0], kSign));
  if (level == kOperand) {
    std::vector<std::string> texts;
    for (const auto& arg : args) texts.push_back(print_expression(arg, kSum));
    return fmt::format("{}({})", expression.name, fmt::join(texts, ", "));
  }
  const char* sign = expression.name == "add"   ? "+"
                     : expression.name == "sub" ? "-"
                     : expression.name == "mul" ? "*"
                                                : "/";
  // Left to right: only the right operand needs parentheses at its own level.
  return fmt::format("{} {} {}", print_expression(args[0], level), sign,
                     print_expression(args[1], level == kSum ? kProduct : kSign));
}

std::string print_expression(const Expression& expression, Level at_least) {
  const std::string text = print_bare(expression);
  return level_of(expression) < at_least ? fmt::format("({})", text) : text;
}

// Plain where YAML reads it back unchanged, double-quoted otherwise.
std::string print_scalar(const std::string& text) {
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) != 0 || c >= 0x80 ||
           std::string_view(" _-.,()/+*=<>^;").find(static_cast<char>(c)) != std::string_view::npos;
  };
  const bool safe = !text.empty() && std::isalpha(static_cast<unsigned char>(text.front())) != 0 &&
                    text.back() != ' ' && std::all_of(text.begin(), text.end(), plain) && text != "null" &&
                    text != "Null" && text != "NULL";
  if (safe) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += fmt::format("\\{}", c);
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (byte < 0x20 || byte == 0x7F) {
      quoted += fmt::format("\\x{:02x}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string print_names(const std::vector<RankDecl>& ranks) {
  std::vector<std::string> names;
  for (const auto& rank : ranks) names.push_back(rank.name);
  return fmt::format("[{}]", fmt::join(names, ", "));
}

std::string print_number(double value) {
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  return fmt::format("{}", value);
}

std::string print_tensor(const TensorDecl& tensor) {
  std::string text = fmt::format("  {}: {{ranks: [{}]", print_scalar(tensor.name), fmt::join(tensor.ranks, ", "));
  if (tensor.role == TensorRole::input) text += ", role: input";
  if (tensor.role == TensorRole::output) text += ", role: output";
  if (tensor.dtype) text += fmt::format(", dtype: {}", name_of(*tensor.dtype));
  if (tensor.initial) text += fmt::format(", initial: {}", print_number(*tensor.initial));
  return text + "}\n";
}

}  // namespace

std::string print_expression(const Expression& expression) { return print_expression(expression, kSum); }

std::string print_einsum(const Einsum& einsum) {
  std::string text = print_access(einsum.output) + " = ";
  for (std::size_t i = 0; i < einsum.reductions.size(); ++i) {
    const auto& reduction = einsum.reductions[i];
    const bool opens = i == 0 || einsum.reductions[i - 1].op != reduction.op;
    const bool closes = i + 1 == einsum.reductions.size() || einsum.reductions[i + 1].op != reduction.op;
    text += opens ? reduction.op + "(" : ",";
    text += reduction.variable;
    if (closes) text += ") ";
  }
  std::string value = print_expression(einsum.expression, kSum);
  // `max(p,m) -X` would read as a difference.
  if (!einsum.reductions.empty() && value.starts_with('-')) value = fmt::format("({})", value);
  text += value;
  for (std::size_t i = 0; i < einsum.predicates.size(); ++i) {
    text += (i == 0 ? " | " : " and ") + print_comparison(einsum.predicates[i]);
  }
  return text;
}

std::string print_cascade(const Cascade& cascade) {
  std::string text = fmt::format("cascade: {}\n", print_scalar(cascade.name()));
  const auto line = [&](const char* key, const std::string& value) {
    if (!value.empty()) text += fmt::format("{}: {}\n", key, print_scalar(value));
  };
  line("description", cascade.description());
  line("paper", cascade.paper());
  line("family", cascade.family());
  if (!cascade.presets().empty()) {
    std::vector<std::string> presets;
    for (const auto& preset : cascade.presets()) presets.push_back(print_scalar(preset));
    text += fmt::format("presets: [{}]\n", fmt::join(presets, ", "));
  }
  line("reference", cascade.reference());
  text += fmt::format("ranks: {}\n", print_names(cascade.ranks()));
  if (!cascade.partitions().empty()) text += "partitions:\n";
  for (const auto& partition : cascade.partitions()) {
    text += fmt::format("  {}: [{}, {}]\n", partition.rank, partition.outer, partition.inner);
  }
  std::vector<std::string> parameters;
  for (const auto& parameter : cascade.parameters()) {
    parameters.push_back(fmt::format("{}: {}", parameter.name, parameter.default_value));
  }
  if (!parameters.empty()) text += fmt::format("parameters: {{{}}}\n", fmt::join(parameters, ", "));
  std::vector<std::string> constants;
  for (const auto& constant : cascade.constants()) {
    constants.push_back(fmt::format("{}: {}", constant.name, print_number(constant.value)));
  }
  if (!constants.empty()) text += fmt::format("constants: {{{}}}\n", fmt::join(constants, ", "));
  if (!cascade.derived_ranks().empty()) text += "derived:\n";
  for (const auto& derived : cascade.derived_ranks()) {
    text += fmt::format("  {}: {}\n", derived.rank, print_scalar(print_expression(derived.formula, kSum)));
  }
  if (!cascade.iterative_ranks().empty())
    text += fmt::format("iterative: {}\n", print_names(cascade.iterative_ranks()));
  text += "tensors:\n";
  for (const auto& tensor : cascade.tensors()) text += print_tensor(tensor);
  text += "einsums:\n";
  for (const auto& einsum : cascade.einsums()) text += fmt::format("  - {}\n", print_einsum(einsum));
  return text;
}

}  // namespace einloom
