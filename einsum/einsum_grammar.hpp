// SPDX-License-Identifier: Apache-2.0
// The grammar of an Einsum in PEGTL (parsing expression grammar): its rules, which of them become nodes of the parse
// tree, and what each says was expected where it fails. Only parser.cpp includes it.
#pragma once

#include <tao/pegtl.hpp>
#include <tao/pegtl/contrib/parse_tree.hpp>

namespace einloom {

namespace grammar {

using namespace tao::pegtl;

struct ws : star<one<' ', '\t', '\n', '\r'>> {};
struct name_rest : sor<alnum, one<'_'>> {};
struct name : seq<alpha, star<name_rest>> {};
struct word : seq<alpha, star<name_rest>> {};  // a name of which no node is made (look-ahead)
struct integer : seq<plus<digit>, not_at<sor<name_rest, one<'.'>>>> {};
struct exponent : seq<one<'e', 'E'>, opt<one<'+', '-'>>, plus<digit>> {};
struct number : seq<plus<digit>, opt<one<'.'>, star<digit>>, opt<exponent>, not_at<name_rest>> {};
struct comma : seq<ws, one<','>, ws> {};

// Rules below that only appear inside must<> have a message in error_message.
struct equals : one<'='> {};
struct close_bracket : one<']'> {};
struct close_call : one<')'> {};
struct close_paren : one<')'> {};
struct close_reduction : one<')'> {};

// m1*M0+m0+1
struct access;
struct index_factor : sor<integer, access, name> {};
struct index_term : seq<index_factor, star<ws, one<'*'>, ws, must<index_factor>>> {};
struct index_sign : one<'+', '-'> {};
struct index : seq<opt<index_sign, ws>, must<index_term>, star<ws, index_sign, ws, must<index_term>>> {};

struct open_access : seq<name, ws, one<'['>> {};
struct access : if_must<open_access, ws, sor<at<one<']'>>, seq<index, star<comma, index>>>, ws, close_bracket> {};
struct output : access {};

struct expression;
struct minus : one<'-'> {};
struct multiply_sign : one<'*', '/'> {};
struct add_sign : one<'+', '-'> {};
struct call : if_must<seq<name, ws, one<'('>>, ws, expression, star<comma, expression>, ws, close_call> {};
struct paren : if_must<one<'('>, ws, expression, ws, close_paren> {};
struct operand : sor<number, access, call, name, paren> {};
struct unary : seq<star<minus, ws>, must<operand>> {};
struct term : seq<unary, star<ws, multiply_sign, ws, unary>> {};
struct expression : seq<term, star<ws, add_sign, ws, term>> {};

// `sum(m1,m0)` in front of a value is a reduction; `max(p, m)` followed by an operator is a value.
struct words : seq<word, star<comma, word>> {};
struct only_reduces : seq<sor<string<'s', 'u', 'm'>, string<'p', 'r', 'o', 'd'>, string<'t', 'o', 'p', 'k'>,
                              string<'s', 'o', 'r', 't'>, string<'a', 'r', 'g', 'm', 'a', 'x'>,
                              string<'a', 'r', 'g', 'm', 'i', 'n'>, string<'a', 'r', 'g', 's', 'o', 'r', 't'>>,
                          not_at<name_rest>> {};
struct one_or_more : seq<word, ws, one<'('>, ws, words, ws, one<')'>> {};
struct just_one : seq<sor<string<'m', 'a', 'x'>, string<'m', 'i', 'n'>>, ws, one<'('>, ws, word, ws, one<')'>> {};
struct starts_reduction : sor<at<only_reduces, ws, one<'('>>, at<just_one>, at<one_or_more, ws, sor<alnum, one<'('>>>> {
};
struct reduced_name : name {};
struct reduced_names : seq<must<reduced_name>, star<comma, must<reduced_name>>> {};
struct reduction : if_must<starts_reduction, name, ws, one<'('>, ws, reduced_names, ws, close_reduction> {};

struct comparison_sign : sor<string<'<', '='>, string<'>', '='>, string<'=', '='>, string<'!', '='>, one<'<', '>'>> {};
struct comparison : seq<index, ws, must<comparison_sign>, ws, index> {};
struct keyword_and : seq<string<'a', 'n', 'd'>, not_at<name_rest>> {};
struct predicates : if_must<one<'|'>, ws, comparison, star<ws, keyword_and, ws, comparison>> {};

struct finish : eof {};
struct finish_predicates : eof {};
struct ending : sor<seq<predicates, ws, must<finish_predicates>>, must<finish>> {};
struct einsum : must<ws, output, ws, equals, ws, star<reduction, ws>, expression, ws, ending> {};

struct formula : must<ws, expression, ws, finish> {};

template <class Rule>
using is_node = parse_tree::selector<
    Rule, parse_tree::store_content::on<name, integer, number, index_term, index_sign, index, access, output, minus,
                                        multiply_sign, add_sign, call, paren, unary, term, expression, reduced_name,
                                        reduction, comparison_sign, comparison, predicates>>;

template <class>
inline constexpr const char* error_message = nullptr;
template <>
inline constexpr auto error_message<ws> = "a blank";
template <>
inline constexpr auto error_message<output> = "the output tensor with its indices, `X[i,j]`";
template <>
inline constexpr auto error_message<equals> = "`=` after the output";
template <>
inline constexpr auto error_message<close_bracket> = "`,` or `]` in an index list";
template <>
inline constexpr auto error_message<close_call> = "an operator, `,` or `)` in a call";
template <>
inline constexpr auto error_message<close_paren> = "an operator or `)`";
template <>
inline constexpr auto error_message<close_reduction> = "`,` or `)` after a reduced variable";
template <>
inline constexpr auto error_message<reduced_name> = "an index variable to reduce";
template <>
inline constexpr auto error_message<index_term> = "an index (`m`, `m1*M0+m0`, a symbol or a whole number)";
template <>
inline constexpr auto error_message<index_factor> = "an index variable, a symbol or a whole number";
template <>
inline constexpr auto error_message<operand> = "a value (a number, a tensor access, a call, a name or `(`)";
template <>
inline constexpr auto error_message<expression> = "a value (a number, a call, a name or `(`)";
template <>
inline constexpr auto error_message<comparison_sign> = "a comparison (< <= > >= == !=)";
template <>
inline constexpr auto error_message<finish> = "an operator, `|` or the end of the Einsum";
template <>
inline constexpr auto error_message<finish_predicates> = "`and` or the end of the Einsum";

struct messages {
  template <class Rule>
  static constexpr auto message = error_message<Rule>;
  // A message is used where the rule stands inside must<>; elsewhere a failure backtracks.
  template <class Rule>
  static constexpr bool raise_on_failure = false;
};
template <class Rule>
using control = must_if<messages, normal, false>::control<Rule>;

}  // namespace grammar

}  // namespace einloom
