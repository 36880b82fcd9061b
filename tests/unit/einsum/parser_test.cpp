// SPDX-License-Identifier: Apache-2.0
// Does the text of an Einsum become the syntax tree its grammar promises, with the place of every token?
#include "einsum/parser.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "einsum/affine.hpp"

using namespace einloom;

namespace {

Einsum parsed(const std::string& text) {
  std::string document("- ");
  document.append(text).append("\n");
  const auto file = source_from_text("e.yaml", document);
  return parse_einsum(text, Span{file, 1, 3, static_cast<int>(text.size())});
}

// An expression in prefix form, so that precedence can be read.
std::string prefix(const Expression& e) {
  switch (e.kind) {
    case ExpressionKind::number:
      return std::isinf(e.number) ? "inf" : std::to_string(static_cast<int>(e.number));
    case ExpressionKind::access:
      return e.access.tensor;
    case ExpressionKind::symbol:
    case ExpressionKind::index:
      return e.name;
    case ExpressionKind::call:
    case ExpressionKind::first:
      break;
  }
  std::string text("(");
  text += e.name;
  for (const auto& arg : e.args) text.append(" ").append(prefix(arg));
  return text.append(")");
}

std::string value_of(const std::string& expression) { return prefix(parsed("Z[p] = " + expression).expression); }

}  // namespace

TEST_CASE("the parts of an Einsum") {
  const Einsum e =
      parsed("QK[b,h,m1,m0,p] = sum(e) Q[b,h,p,e] * K[b,h,m1*M0+m0,e] * rsqrt(E) | m1*M0+m0 <= p and p != 3");
  CHECK(e.name() == "QK");
  CHECK(e.variables() == std::vector<std::string>{"b", "h", "m1", "m0", "p", "e"});
  REQUIRE(e.reductions.size() == 1);
  CHECK(e.reductions[0].op == "sum");
  CHECK(e.reduces("e"));
  CHECK_FALSE(e.reduces("p"));
  CHECK(prefix(e.expression) == "(mul (mul Q K) (rsqrt E))");
  REQUIRE(e.predicates.size() == 2);
  CHECK(print_comparison(e.predicates[0]) == "m1*M0+m0 <= p");
  CHECK(print_comparison(e.predicates[1]) == "p != 3");
  const auto accesses = e.expression.accesses();
  REQUIRE(accesses.size() == 2);
  CHECK(print_index(accesses[1]->indices[2]) == "m1*M0+m0");
  CHECK(accesses[1]->indices[2].variables() == std::vector<std::string>{"m1", "m0"});
  CHECK_FALSE(accesses[1]->indices[2].plain_variable());
}

TEST_CASE("indices") {
  const Einsum e = parsed("R[m1+1,p] = S[m1,2*p*W-3,M1,-p+4,7]");
  CHECK(e.output.indices[0].plain_variable() == "m1");
  CHECK(e.output.indices[0].plain_offset() == 1);
  const auto& indices = e.expression.access.indices;
  CHECK(indices[0].plain_variable() == "m1");
  CHECK(indices[0].plain_offset() == 0);
  REQUIRE(indices[1].terms.size() == 2);
  CHECK(indices[1].terms[0].factor == 2);
  CHECK(indices[1].terms[0].symbol == "W");
  CHECK(indices[1].terms[0].variable == "p");
  CHECK(indices[1].terms[1].factor == -3);
  CHECK(indices[2].terms[0].symbol == "M1");
  CHECK_FALSE(indices[2].plain_variable());
  CHECK(indices[3].terms[0].factor == -1);
  CHECK(indices[4].terms[0].factor == 7);
}

TEST_CASE("precedence and association") {
  CHECK(value_of("1 + 2 * 3") == "(add 1 (mul 2 3))");
  CHECK(value_of("1 - 2 - 3") == "(sub (sub 1 2) 3)");
  CHECK(value_of("8 / 4 * 2") == "(mul (div 8 4) 2)");
  CHECK(value_of("1 - (2 - 3)") == "(sub 1 (sub 2 3))");
  CHECK(value_of("-1 * 2") == "(mul (neg 1) 2)");
  CHECK(value_of("- -A[p]") == "(neg (neg A))");
  CHECK(value_of("2 * -A[p]") == "(mul 2 (neg A))");
  CHECK(value_of("-(1 + 2)") == "(neg (add 1 2))");
}

TEST_CASE("values") {
  CHECK(value_of("p - m") == "(sub p m)");
  CHECK(value_of("max(A[p], -inf)") == "(max A (neg inf))");
  CHECK(value_of("exp(log(E))") == "(exp (log E))");
  CHECK(parsed("Z[p] = 1e-3").expression.number == 1e-3);
  CHECK(parsed("Z[p] = 0.25").expression.number == 0.25);
  CHECK(parsed("Z[p] = 2.5E+2").expression.number == 250);
  CHECK(parsed("Z[] = A[]").output.indices.empty());
}

TEST_CASE("a reduction and a call of the same name") {
  const auto reductions = [](const std::string& text) {
    std::string all;
    for (const auto& each : parsed(text).reductions) all += each.op + ":" + each.variable + " ";
    return all;
  };
  CHECK(reductions("Z[p] = max(m0) A[m0,p]") == "max:m0 ");
  CHECK(reductions("Z[p] = sum(m1,m0) A[m1,m0,p]") == "sum:m1 sum:m0 ");
  CHECK(reductions("Z[p] = max(m0) sum(e) A[m0,e,p]") == "max:m0 sum:e ");
  CHECK(reductions("Z[p] = max(m1, m0) (A[m1,m0,p] + 1)") == "max:m1 max:m0 ");
  CHECK(reductions("Z[p] = sum(m) -A[m,p]") == "sum:m ");
  CHECK(reductions("Z[p] = max(A[p], B[p])").empty());
  CHECK(reductions("Z[p] = max(p, m) * 2").empty());
  CHECK(reductions("Z[p] = max(p, m)").empty());
  CHECK(reductions("Z[p] = max(p, m) | p < 3").empty());
}

TEST_CASE("every node knows its place") {
  const Einsum e = parsed("Z[p,f] = sum(m) A[m,p] * exp(V[m,f]) | m <= p");
  const auto place = [](const Span& span) { return std::make_pair(span.column, span.length); };
  CHECK(place(e.span) == std::make_pair(3, 45));
  CHECK(place(e.output.span) == std::make_pair(3, 6));
  CHECK(place(e.output.indices[1].span) == std::make_pair(7, 1));
  CHECK(place(e.reductions[0].span) == std::make_pair(16, 1));
  CHECK(place(e.expression.span) == std::make_pair(19, 20));
  CHECK(place(e.expression.args[1].span) == std::make_pair(28, 11));
  CHECK(place(e.predicates[0].span) == std::make_pair(42, 6));
}

TEST_CASE("a text that is not in its document is placed by offset") {
  const Einsum e = parse_einsum("Z[p] = A[p]", Span{source_from_text("--set", "einsums.0"), 1, 1, 9});
  CHECK(e.expression.span.column == 8);
}
