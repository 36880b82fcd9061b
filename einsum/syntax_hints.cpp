// SPDX-License-Identifier: Apache-2.0
// One function for each kind of place; each looks at the token that is there and at the one before it.
#include "einsum/syntax_hints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

#include "einsum/ops/op.hpp"

namespace einloom {
namespace {

bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// The token before `at`; a word or one character.
std::string before(const std::string& text, std::size_t at) {
  while (at > 0 && is_blank(text[at - 1])) --at;
  std::size_t begin = at;
  while (begin > 0 && is_word(text[begin - 1])) --begin;
  if (begin == at && begin > 0) --begin;
  return text.substr(begin, at - begin);
}

const char* kProduct = "a product is written with `*`";
const char* kPower = "a power is `pow(x, 3)` or `square(x)`";
const char* kAffine =
    "an index is a sum of variables, each times at most one symbol; anything else is written to an index tensor first, "
    "as in `IX[p] = floor(p/2)`, and read as `X[IX[p]]`";
const char* kJoined = "predicates are joined by `and` alone; alternatives are computed into a whole-number tensor";
const char* kInFront =
    "reductions stand in front of the whole expression, as in `Z[p] = sum(m) 2 * X[p,m]`; what is done with a sum is "
    "an "
    "Einsum of its own";
const char* kReduced = "a reduction is `sum(m,k) …`: index variables, separated by commas, before the value";

// Signs that look like those of the language.
std::string look_alike(const std::string& token) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kSigns = {{{"×", "*"},
                                                                                            {"·", "*"},
                                                                                            {"∗", "*"},
                                                                                            {"÷", "/"},
                                                                                            {"−", "-"},
                                                                                            {"–", "-"},
                                                                                            {"≤", "<="},
                                                                                            {"≥", ">="},
                                                                                            {"≠", "!="},
                                                                                            {"∧", "and"}}};
  const auto found = std::find_if(kSigns.begin(), kSigns.end(), [&](const auto& sign) { return sign.first == token; });
  return found == kSigns.end() ? "" : fmt::format("`{}` is written `{}`", token, found->second);
}

// Is `sum(m)` what stands before `at`?
bool ends_reduction(const std::string& text, std::size_t at) {
  while (at > 0 && is_blank(text[at - 1])) --at;
  if (at == 0 || text[at - 1] != ')') return false;
  const std::size_t open = text.rfind('(', at);
  return open != std::string::npos && !counted_reduction(before(text, open)).empty();
}

// The name in front of the brackets that end at `at`: `sum` of `sum[e] `.
std::string indexed_before(const std::string& text, std::size_t at) {
  int depth = 0;
  for (std::size_t i = at; i-- > 0;) {
    if (is_blank(text[i]) && depth == 0) continue;
    if (text[i] == ']') ++depth;
    if (text[i] == '[') --depth;
    if (depth == 0) return text[i] == '[' ? before(text, i) : "";
  }
  return "";
}

std::string at_output(const std::string& text, std::size_t at, const std::string& token) {
  const std::string left = before(text, at);
  if (left.empty() || !is_letter(left.front())) return "";
  if (token == "(") return fmt::format("indices stand in brackets: `{}[…]`", left);
  return fmt::format("a tensor is written with its indices: `{}[…]`, or `{}[]` when it has none", left, left);
}

std::string at_equals(const std::string& token) {
  if (token == "[") return "all indices stand in one pair of brackets, as in `X[i,j]`";
  if (token == "]" || token == ")") return fmt::format("no bracket is open that this `{}` could close", token);
  if (token == ":" || token == "+" || token == "-" || token == "<-") return "an Einsum is `X[i,j] = …`, with `=` alone";
  return "";
}

std::string at_index(const std::string& text, std::size_t at, const std::string& token) {
  if (is_digit(token.front()) && token.find('.') != std::string::npos) return "an index has whole numbers only";
  if (is_digit(token.front())) return "a factor is written with `*`, as in `2*m`";
  if (token == "(") return kAffine;
  if (token == ":") return "an index is written for every rank; there are no ranges";
  if (token == "." || token == "…") return "an index is written for every rank";
  if (token == ">" && before(text, at) == "<") return "unequal is `!=`";
  if (token == "|") return "predicates stand behind one `|`";
  return "";
}

std::string at_index_end(const std::string& token) {
  if (token == "/" || token == "%" || token == "^" || token == "(" || token == ".") return kAffine;
  if (token == ":" || token == ";") return "indices are separated by `,`";
  if (token == "=") return "the bracket before it is not closed";
  if (is_word(token.front())) return "indices are separated by `,`, a variable and its factor by `*`";
  return "";
}

std::string at_number(const std::string& token) {
  if (token.find('_') != std::string::npos) return "the digits of a number stand together";
  if (token.front() == '0' && token.size() > 1 && is_letter(token[1])) return "numbers are decimal";
  const auto letter = std::find_if(token.begin(), token.end(), is_letter);
  const bool is_exponent = letter + 1 == token.end() && (*letter == 'e' || *letter == 'E');
  return is_exponent ? "an exponent has digits, as in `1e-5`" : kProduct;
}

std::string at_value(const std::string& text, std::size_t at, const std::string& token) {
  if (token == "*" && at > 0 && text[at - 1] == '*') return kPower;
  if (token == "*" || token == ",") {
    return before(text, at) == ")" ? "the value stands right behind the reduction, as in `sum(e) Q[p,e] * K[m,e]`" : "";
  }
  if (token == "+") return "a value has no sign `+`";
  if (token == ".") return "a number begins with a digit, as in `0.5`";
  if (token.front() == '=') return "an Einsum is `X[i,j] = …`, with `=` alone";
  return is_digit(token.front()) ? at_number(token) : "";
}

std::string at_value_end(const std::string& text, std::size_t at, const std::string& token) {
  if (token == "^") return kPower;
  if (token == "%") return "a remainder is `mod(a, b)`";
  if (token == "[") return "all indices stand in one pair of brackets, as in `X[i,j]`";
  if (token == ")" || token == "]") return fmt::format("no bracket is open that this `{}` could close", token);
  if (token == "}" || token == "{") return "brackets are `( )` around values and `[ ]` around indices";
  static constexpr std::array<std::string_view, 6> kComparisons = {"<", "<=", ">", ">=", "==", "!="};
  if (std::find(kComparisons.begin(), kComparisons.end(), token) != kComparisons.end()) {
    return "in a value a comparison is a function, as `less(a, b)` or `equal(a, b)`; a predicate stands after `|`";
  }
  if (token == "=") return "an Einsum has one `=`; in a value a comparison is a function, as `equal(a, b)`";
  if (token == "and" || token == "or" || token == "if" || token == "where" || token == "for" || token == "&&") {
    return "where an Einsum has points is said after `|`, as in `… | m <= p and m < 3`";
  }
  if (token == "?") return "a choice by value is `select(less(x, 0), a, b)`";
  if (!is_word(token.front()) && token != "(") return "";
  const std::string left = before(text, at);
  if (token != "(" && ends_reduction(text, at)) return kInFront;
  if (!counted_reduction(left).empty() || !counted_reduction(indexed_before(text, at)).empty()) return kReduced;
  if (token != "(" && find_op(left)) return fmt::format("an operator has parentheses, as in `{}(x)`", left);
  return kProduct;
}

std::string at_comparison(const std::string& text, std::size_t at, const std::string& token) {
  if (before(text, at) == "not") return "there is no `not`: the opposite of `<` is `>=`";
  if (token == "=") return "equal is `==`";
  if (token == "=<") return "less or equal is `<=`";
  if (token == "=>") return "greater or equal is `>=`";
  if (token == "!") return "unequal is `!=`";
  if (token == "(" || token == "[" || token == "/") return kAffine;
  return "";
}

std::string at_predicate_end(const std::string& token) {
  static constexpr std::array<std::string_view, 6> kComparisons = {"<", "<=", ">", ">=", "==", "!="};
  if (std::find(kComparisons.begin(), kComparisons.end(), token) != kComparisons.end()) {
    return "a range is two predicates, as in `0 < m and m < 3`";
  }
  if (token == "or" || token == "|" || token == "||" || token == "&" || token == "&&" || token == ",") return kJoined;
  if (token == "/" || token == "%" || token == "^" || token == "(") return kAffine;
  return "";
}

}  // namespace

std::size_t token_end(const std::string& text, std::size_t at) {
  const auto in = [&](std::size_t i, auto test) { return i < text.size() && test(text[i]); };
  std::size_t end = at;
  const bool is_number = in(at, is_digit);
  while (in(end, is_word)) ++end;
  if (is_number && in(end, [](char c) { return c == '.'; })) {
    ++end;
    while (in(end, is_word)) ++end;
  }
  if (end > at || end >= text.size()) return end;
  const auto sign = [](char c) { return c == '<' || c == '>' || c == '=' || c == '!'; };
  const auto twice = [&](char c) { return text[at] == c && in(at + 1, [c](char next) { return next == c; }); };
  if (sign(text[at]) && in(at + 1, [](char c) { return c == '=' || c == '<' || c == '>'; })) return at + 2;
  if (twice('|') || twice('&')) return at + 2;
  ++end;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
  return end;
}

std::string syntax_hint(const std::string& text, std::size_t at, SyntaxPlace place) {
  const std::string token = text.substr(at, token_end(text, at) - at);
  if (token.empty()) return "";
  if (std::string hint = look_alike(token); !hint.empty()) return hint;
  switch (place) {
    case SyntaxPlace::output:
      return at_output(text, at, token);
    case SyntaxPlace::equals:
      return at_equals(token);
    case SyntaxPlace::index:
      return at_index(text, at, token);
    case SyntaxPlace::index_end:
      return at_index_end(token);
    case SyntaxPlace::reduced:
    case SyntaxPlace::reduced_end:
      return kReduced;
    case SyntaxPlace::value:
      return at_value(text, at, token);
    case SyntaxPlace::value_end:
      return at_value_end(text, at, token);
    case SyntaxPlace::comparison:
      return at_comparison(text, at, token);
    case SyntaxPlace::predicate_end:
      return at_predicate_end(token);
    case SyntaxPlace::other:
      return "";
  }
  return "";
}

}  // namespace einloom
