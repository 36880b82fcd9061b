// SPDX-License-Identifier: Apache-2.0
// Scalar expressions to postfix steps: a PEGTL grammar whose actions write the steps in the order they are matched.
// Parentheses nest at most kMaxNesting deep, so hostile text cannot exhaust the stack.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <tao/pegtl.hpp>
#include <utility>

#include "base/decimal.hpp"
#include "base/scalar_steps.hpp"
#include "base/suggest.hpp"
#include "base/utf8.hpp"

namespace einloom::scalar {
namespace {

constexpr std::size_t kMaxNesting = 64;
constexpr std::size_t kMaxTextBytes = 4096;

// What the grammar's actions write to.
struct Writer {
  struct OpenCall {
    const FunctionRow* function;
    std::size_t offset;
    std::size_t length;
    std::size_t arguments = 0;
  };
  const std::string& text;
  const Span& span;
  std::vector<Step> steps{};
  std::vector<OpenCall> calls{};
};

namespace pegtl = tao::pegtl;

// sum = product (('+' | '-') product)*; product = factor (('*' | '/') factor)*; factor = '-'* primary.
namespace grammar {
using pegtl::alnum, pegtl::alpha, pegtl::digit, pegtl::if_must, pegtl::must, pegtl::one, pegtl::opt, pegtl::plus,
    pegtl::seq, pegtl::sor, pegtl::star;

struct blank : star<one<' ', '\t', '\r', '\n'>> {};
template <class Rule>
struct token : seq<Rule, blank> {};
template <char Character>
struct sign : token<one<Character>> {};

struct digits : plus<digit> {};
struct mantissa : sor<seq<digits, opt<one<'.'>, star<digit>>>, seq<one<'.'>, digits>> {};
struct number_text : seq<mantissa, opt<one<'e', 'E'>, opt<one<'+', '-'>>, digits>> {};
struct letter : sor<alpha, one<'_'>> {};
struct letter_or_digit : sor<alnum, one<'_'>> {};
struct word : seq<letter, star<letter_or_digit>> {};
struct name_text : seq<word, star<one<'.'>, plus<letter_or_digit>>> {};

struct sum;
struct call_head : seq<word, blank, sign<'('>> {};
struct argument : seq<sum> {};
struct arguments : opt<argument, star<if_must<sign<','>, argument>>> {};
struct call_end : one<')'> {};
struct call : if_must<call_head, arguments, call_end> {};
struct group_end : one<')'> {};
struct group : if_must<sign<'('>, sum, group_end> {};
struct primary : sor<token<number_text>, token<call>, token<name_text>, token<group>> {};
struct negated : if_must<plus<sign<'-'>>, primary> {};
struct factor : sor<negated, primary> {};
struct times : if_must<sign<'*'>, factor> {};
struct over : if_must<sign<'/'>, factor> {};
struct product : seq<factor, star<sor<times, over>>> {};
struct add : if_must<sign<'+'>, product> {};
struct subtract : if_must<sign<'-'>, product> {};
struct sum : seq<product, star<sor<add, subtract>>> {};
struct whole : must<blank, sum, pegtl::eof> {};
}  // namespace grammar

template <class Rule>
struct Action : pegtl::nothing<Rule> {};

// An operator with its operands: its step follows theirs.
template <Operation kOperation>
struct OperatorAction {
  template <class Input>
  static void apply(const Input& in, Writer& writer) {
    writer.steps.push_back(Step{kOperation, in.position().byte});
  }
};
template <>
struct Action<grammar::add> : OperatorAction<Operation::add> {};
template <>
struct Action<grammar::subtract> : OperatorAction<Operation::subtract> {};
template <>
struct Action<grammar::times> : OperatorAction<Operation::multiply> {};
template <>
struct Action<grammar::over> : OperatorAction<Operation::divide> {};

template <>
struct Action<grammar::negated> {
  template <class Input>
  static void apply(const Input& in, Writer& writer) {
    const std::string_view matched = in.string_view();
    const std::string_view signs = matched.substr(0, matched.find_first_not_of("- \t\r\n"));
    if (std::count(signs.begin(), signs.end(), '-') % 2 == 0) return;
    writer.steps.push_back(Step{Operation::negate, in.position().byte});
  }
};

template <>
struct Action<grammar::number_text> {
  template <class Input>
  static void apply(const Input& in, Writer& writer) {
    const std::string_view number = in.string_view();
    const std::size_t offset = in.position().byte;
    const auto value = decimal_to_double(number);
    if (has_leading_zero(number) || !value) {
      fail_in_scalar(
          writer.text, writer.span, "expression-syntax",
          fmt::format("number `{}` {}", number,
                      value ? "has a leading zero; numbers are decimal" : "is beyond the range of a 64-bit float"),
          offset, number.size());
    }
    writer.steps.push_back(Step{Operation::number, offset, number.size(), *value});
  }
};

template <>
struct Action<grammar::name_text> {
  template <class Input>
  static void apply(const Input& in, Writer& writer) {
    writer.steps.push_back(Step{Operation::name, in.position().byte, in.size(), 0, in.string()});
  }
};

template <>
struct Action<grammar::call_head> {
  template <class Input>
  static void apply(const Input& in, Writer& writer) {
    const std::string_view matched = in.string_view();
    const std::string_view name = matched.substr(0, matched.find_first_of(" \t\r\n("));
    const std::size_t offset = in.position().byte;
    const auto row = std::find_if(kFunctions.begin(), kFunctions.end(), [&](const auto& r) { return r.name == name; });
    if (row == kFunctions.end()) {
      std::vector<std::string> known;
      for (const FunctionRow& function : kFunctions) known.emplace_back(function.name);
      fail_in_scalar(writer.text, writer.span, "expression-unknown-function",
                     fmt::format("there is no function `{}`", name), offset, name.size(), suggestion(name, known));
    }
    writer.calls.push_back({&*row, offset, name.size()});
  }
};

template <>
struct Action<grammar::argument> {
  template <class Input>
  static void apply(const Input&, Writer& writer) {
    ++writer.calls.back().arguments;
  }
};

template <>
struct Action<grammar::call_end> {
  template <class Input>
  static void apply(const Input&, Writer& writer) {
    const Writer::OpenCall call = writer.calls.back();
    writer.calls.pop_back();
    const FunctionRow& function = *call.function;
    if (call.arguments < function.fewest || call.arguments > function.most) {
      fail_in_scalar(
          writer.text, writer.span, "expression-arity",
          fmt::format("`{}` gets {} argument{}; it takes {}{}", function.name, call.arguments,
                      call.arguments == 1 ? "" : "s", function.most == kAnyNumber ? "at least " : "", function.fewest),
          call.offset, call.length);
    }
    Step step{Operation::call, call.offset, call.length};
    step.function = call.function;
    step.arguments = call.arguments;
    writer.steps.push_back(std::move(step));
  }
};

// What a rule wanted where it failed; rules that cannot fail under must<> have the general text.
template <class Rule>
constexpr std::string_view kWanted = "a number, a name or `(`";
template <>
constexpr std::string_view kWanted<grammar::group_end> = "an operator or `)`";
template <>
constexpr std::string_view kWanted<grammar::call_end> = "an operator, `,` or `)`";
template <>
constexpr std::string_view kWanted<pegtl::eof> = "an operator or the end";

template <class Rule>
struct Control : pegtl::normal<Rule> {
  template <class Input>
  [[noreturn]] static void raise(const Input& in, Writer& writer) {
    const std::size_t offset = in.position().byte;
    const std::string_view rest = std::string_view(writer.text).substr(offset);
    if (rest.empty()) {
      fail_in_scalar(writer.text, writer.span, "expression-syntax",
                     fmt::format("the expression ends too early; {} must follow", kWanted<Rule>), offset, 1);
    }
    std::size_t length = 0;
    while (length < rest.size() && (std::isalnum(static_cast<unsigned char>(rest[length])) || rest[length] == '_')) {
      ++length;
    }
    if (length == 0) length = code_point_prefix(rest, 1).size();
    fail_in_scalar(writer.text, writer.span, "expression-syntax",
                   fmt::format("found `{}`; {} must stand here", rest.substr(0, length), kWanted<Rule>), offset,
                   length);
  }
};

void check_size(const std::string& text, const Span& span) {
  if (text.size() > kMaxTextBytes) {
    fail_in_scalar(text, span, "expression-syntax",
                   fmt::format("the expression has {} bytes; it may have {}", text.size(), kMaxTextBytes), 0, 1);
  }
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ')' && depth > 0) --depth;
    if (text[i] == '(' && ++depth > kMaxNesting) {
      fail_in_scalar(text, span, "expression-syntax", fmt::format("parentheses nest more than {} deep", kMaxNesting), i,
                     1);
    }
  }
}

}  // namespace

std::vector<Step> parse_steps(const std::string& text, const Span& span) {
  check_size(text, span);
  Writer writer{text, span};
  pegtl::memory_input in(text.data(), text.data() + text.size(), "expression");
  ensure(pegtl::parse<grammar::whole, Action, Control>(in, writer), "scalar_expression: must<> returned false");
  return std::move(writer.steps);
}

}  // namespace einloom::scalar
