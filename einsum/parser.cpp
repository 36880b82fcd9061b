// SPDX-License-Identifier: Apache-2.0
// The syntax tree of an Einsum, made of the parse tree that the grammar gives.
#include "einsum/parser.hpp"

#include <fmt/format.h>

#include <cctype>
#include <charconv>
#include <limits>
#include <optional>

#include "base/suggest.hpp"
#include "einsum/einsum_grammar.hpp"
#include "einsum/ops/op.hpp"
#include "einsum/syntax_hints.hpp"
#include "einsum/text_places.hpp"

namespace einloom {
namespace {

using Node = tao::pegtl::parse_tree::node;

bool is_variable(const std::string& name) {
  return std::none_of(name.begin(), name.end(), [](unsigned char c) { return std::isupper(c) != 0; });
}
bool is_symbol(const std::string& name) {
  return std::none_of(name.begin(), name.end(), [](unsigned char c) { return std::islower(c) != 0; });
}

class TreeMaker {
 public:
  TreeMaker(const std::string& text, const Span& span) : text_(text), places_(text, span) {}

  [[nodiscard]] Span place(std::size_t begin, std::size_t end) const { return places_.at(begin, end); }

  Einsum einsum(const Node& root) const {
    Einsum result;
    for (const auto& child : root.children) {
      if (child->is_type<grammar::output>()) result.output = access(*child);
      if (child->is_type<grammar::reduction>()) reductions(*child, result.reductions);
      if (child->is_type<grammar::expression>()) result.expression = expression(*child);
      if (child->is_type<grammar::predicates>()) {
        for (const auto& each : child->children) result.predicates.push_back(comparison(*each));
      }
    }
    result.span = place(0, text_.size());
    return result;
  }

  Expression expression(const Node& node) const;

  [[noreturn]] void fail(const Span& span, std::string message, std::string help = {}) const {
    Diagnostic diagnostic{"einsum-syntax", std::move(message), span};
    diagnostic.help = std::move(help);
    throw UserError(std::move(diagnostic));
  }

 private:
  [[nodiscard]] Span span_of(const Node& node) const {
    std::size_t end = node.end().byte;
    const std::size_t begin = node.begin().byte;
    while (end > begin && std::isspace(static_cast<unsigned char>(text_[end - 1]))) --end;
    return place(begin, end);
  }

  Access access(const Node& node) const {
    Access result;
    result.tensor = node.children.front()->string();
    result.span = span_of(node);
    for (std::size_t i = 1; i < node.children.size(); ++i) result.indices.push_back(index(*node.children[i]));
    return result;
  }

  std::int64_t whole(const Node& node) const {
    const auto digits = node.string_view();
    std::int64_t value = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (problem != std::errc() || value > (std::int64_t{1} << 40)) {
      fail(span_of(node), fmt::format("`{}` is too large for an index; the largest whole number here is 2^40", digits));
    }
    return value;
  }

  IndexTerm index_term(const Node& node, std::int64_t sign) const {
    IndexTerm term;
    term.factor = sign;
    term.span = span_of(node);
    for (const auto& factor : node.children) {
      if (factor->is_type<grammar::integer>()) {
        const std::int64_t value = whole(*factor);
        if (value != 0 && std::abs(term.factor) > (std::int64_t{1} << 40) / value) {
          fail(term.span, "the product of whole numbers in this index is above 2^40");
        }
        term.factor *= value;
        continue;
      }
      if (factor->is_type<grammar::access>()) {
        if (!term.variable.empty() || !term.gathered.empty()) {
          fail(term.span, fmt::format("`{}` multiplies an index tensor's element by a variable or by another one; at "
                                      "most one of them times one symbol stands in a term",
                                      node.string_view()));
        }
        term.gathered.push_back(access(*factor));
        continue;
      }
      const std::string name = factor->string();
      if (!is_variable(name) && !is_symbol(name)) {
        fail(span_of(*factor),
             fmt::format("`{}` mixes upper and lower case; index variables are lower case (m1), ranks "
                         "and parameters are upper case (M1)",
                         name));
      }
      std::string& slot = is_variable(name) ? term.variable : term.symbol;
      if (!slot.empty() || (is_variable(name) && !term.gathered.empty())) {
        fail(term.span,
             fmt::format("`{}` multiplies two {}; an index term is affine: at most one variable times one symbol",
                         node.string_view(), is_variable(name) ? "variables" : "symbols"));
      }
      slot = name;
      (is_variable(name) ? term.variable_span : term.symbol_span) = span_of(*factor);
    }
    return term;
  }

  IndexExpression index(const Node& node) const {
    IndexExpression result;
    result.span = span_of(node);
    std::int64_t sign = 1;
    for (const auto& child : node.children) {
      if (child->is_type<grammar::index_sign>()) {
        sign = child->string_view() == "-" ? -1 : 1;
      } else {
        result.terms.push_back(index_term(*child, sign));
      }
    }
    return result;
  }

  Comparison comparison(const Node& node) const {
    Comparison result;
    result.left = index(*node.children.at(0));
    result.op = node.children.at(1)->string();
    result.right = index(*node.children.at(2));
    result.span = span_of(node);
    return result;
  }

  void reductions(const Node& node, std::vector<Reduction>& into) const {
    const std::string op = node.children.front()->string();
    if (counted_reduction(op).empty()) {
      throw UserError(Diagnostic{"einsum-unknown-reduction",
                                 fmt::format("`{}` is no reduction operator", op),
                                 span_of(*node.children.front()),
                                 {},
                                 suggestion(op, reduction_names())});
    }
    for (std::size_t i = 1; i < node.children.size(); ++i) {
      const std::string variable = node.children[i]->string();
      if (!is_variable(variable)) {
        fail(span_of(*node.children[i]),
             fmt::format("`{}` is reduced; only an index variable (lower case) can be reduced", variable));
      }
      into.push_back({op, variable, span_of(*node.children[i])});
    }
  }

  Expression call_of(std::string op, std::vector<Expression> args, Span span) const {
    Expression result;
    result.kind = ExpressionKind::call;
    result.name = std::move(op);
    result.args = std::move(args);
    result.span = std::move(span);
    return result;
  }

  // term and expression: operand (sign operand)*, left to right.
  Expression chain(const Node& node) const {
    Expression left = expression(*node.children.front());
    for (std::size_t i = 1; i + 1 < node.children.size(); i += 2) {
      const auto sign = node.children[i]->string_view();
      const char* op = sign == "+" ? "add" : sign == "-" ? "sub" : sign == "*" ? "mul" : "div";
      std::vector<Expression> args;
      args.push_back(std::move(left));
      args.push_back(expression(*node.children[i + 1]));
      const Span span = place(node.begin().byte, node.children[i + 1]->end().byte);
      left = call_of(op, std::move(args), span);
    }
    return left;
  }

  Expression unary(const Node& node) const {
    Expression value = expression(*node.children.back());
    for (std::size_t i = node.children.size() - 1; i-- > 0;) {
      std::vector<Expression> args;
      args.push_back(std::move(value));
      value = call_of("neg", std::move(args), place(node.children[i]->begin().byte, node.end().byte));
    }
    return value;
  }

  Expression name(const Node& node) const {
    Expression result;
    result.name = node.string();
    result.span = span_of(node);
    if (result.name == "inf") {
      result.number = std::numeric_limits<double>::infinity();
      result.name.clear();
    } else if (is_variable(result.name)) {
      result.kind = ExpressionKind::index;
    } else if (is_symbol(result.name)) {
      result.kind = ExpressionKind::symbol;
    } else {
      fail(result.span,
           fmt::format("`{}` is neither an index variable (lower case) nor a symbol (upper case)", result.name),
           fmt::format("a tensor is written with its indices: `{}[…]`", result.name));
    }
    return result;
  }

  Expression number(const Node& node) const {
    Expression result;
    result.span = span_of(node);
    const auto digits = node.string_view();
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), result.number);
    if (problem != std::errc()) fail(result.span, fmt::format("`{}` is outside the range of a double", digits));
    return result;
  }

  const std::string& text_;
  TextPlaces places_;
};

Expression TreeMaker::expression(const Node& node) const {
  if (node.is_type<grammar::expression>() || node.is_type<grammar::term>()) return chain(node);
  if (node.is_type<grammar::unary>()) return unary(node);
  if (node.is_type<grammar::paren>()) return expression(*node.children.front());
  if (node.is_type<grammar::number>()) return number(node);
  if (node.is_type<grammar::name>()) return name(node);
  if (node.is_type<grammar::access>()) {
    Expression result;
    result.kind = ExpressionKind::access;
    result.access = access(node);
    result.span = result.access.span;
    return result;
  }
  ensure(node.is_type<grammar::call>(), "parse tree of an Einsum: unexpected node");
  std::vector<Expression> args;
  for (std::size_t i = 1; i < node.children.size(); ++i) args.push_back(expression(*node.children[i]));
  Expression result = call_of(node.children.front()->string(), std::move(args), span_of(node));
  if (result.name == "first") result.kind = ExpressionKind::first;
  return result;
}

// What the grammar expected, by the message of the rule that failed.
SyntaxPlace place_of(std::string_view message) {
  using namespace grammar;
  const std::pair<const char*, SyntaxPlace> places[] = {
      {error_message<output>, SyntaxPlace::output},
      {error_message<equals>, SyntaxPlace::equals},
      {error_message<index_term>, SyntaxPlace::index},
      {error_message<index_factor>, SyntaxPlace::index},
      {error_message<close_bracket>, SyntaxPlace::index_end},
      {error_message<reduced_name>, SyntaxPlace::reduced},
      {error_message<close_reduction>, SyntaxPlace::reduced_end},
      {error_message<operand>, SyntaxPlace::value},
      {error_message<close_call>, SyntaxPlace::value_end},
      {error_message<close_paren>, SyntaxPlace::value_end},
      {error_message<comparison_sign>, SyntaxPlace::comparison},
      {error_message<finish>, SyntaxPlace::value_end},
      {error_message<finish_predicates>, SyntaxPlace::predicate_end},
  };
  for (const auto& [known, place] : places) {
    if (message == known) return place;
  }
  return SyntaxPlace::other;
}

void check_limits(const std::string& text, const Span& span, const TreeMaker& tree) {
  if (text.size() > static_cast<std::size_t>(kMaxEinsumCharacters)) {
    throw UserError(Diagnostic{
        "einsum-too-long",
        fmt::format("this Einsum has {} characters; at most {} are read", text.size(), kMaxEinsumCharacters), span});
  }
  int depth = 0;
  int minuses = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '(' || c == '[') ++depth;
    if (c == ')' || c == ']') --depth;
    if (c == '-') ++minuses;
    if (c != '-' && std::isspace(static_cast<unsigned char>(c)) == 0) minuses = 0;
    if (depth > kMaxEinsumNesting || minuses > kMaxEinsumNesting) {
      throw UserError(Diagnostic{"einsum-nesting",
                                 fmt::format("more than {} levels of {} here; at most {} are read", kMaxEinsumNesting,
                                             c == '-' ? "signs" : "brackets", kMaxEinsumNesting),
                                 tree.place(i, i + 1)});
    }
  }
}

template <class Rule, class Make>
auto parse(const std::string& text, const Span& span, Make make) {
  namespace pegtl = tao::pegtl;
  const TreeMaker tree(text, span);
  check_limits(text, span, tree);
  pegtl::memory_input in(text, "");
  try {
    const auto root = pegtl::parse_tree::parse<Rule, Node, grammar::is_node, pegtl::nothing, grammar::control>(in);
    ensure(root != nullptr, "the Einsum grammar failed without a message");
    return make(tree, *root);
  } catch (const pegtl::parse_error& problem) {
    std::size_t at = problem.positions().front().byte;
    while (at < text.size() && std::isspace(static_cast<unsigned char>(text[at])) != 0) ++at;
    const std::size_t end = token_end(text, at);
    const std::string found = at < text.size() ? fmt::format("`{}`", text.substr(at, end - at)) : "the end";
    tree.fail(tree.place(at, end), fmt::format("expected {}; found {}", problem.message(), found),
              syntax_hint(text, at, place_of(problem.message())));
  }
}

}  // namespace

Einsum parse_einsum(const std::string& text, const Span& span) {
  return parse<grammar::einsum>(text, span, [](const TreeMaker& tree, const Node& root) { return tree.einsum(root); });
}

Expression parse_formula(const std::string& text, const Span& span) {
  return parse<grammar::formula>(
      text, span, [](const TreeMaker& tree, const Node& root) { return tree.expression(*root.children.front()); });
}

}  // namespace einloom
