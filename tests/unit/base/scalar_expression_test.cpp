// SPDX-License-Identifier: Apache-2.0
// Do scalar expressions mean what arithmetic says, and do errors point at the token that is wrong?
#include "base/scalar_expression.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <random>

#include "unit/base/thrown.hpp"

using namespace einloom;
using einloom::test::thrown;

namespace {

const std::map<std::string, double> kValues{
    {"P", 65536}, {"P0", 256}, {"array2d.rows", 256}, {"x_1", -2.5}, {"infinite", INFINITY}};

ScalarExpression parse(const std::string& text) {
  const SourcePtr source = source_from_text("e.yaml", "k: " + text);
  return ScalarExpression::parse(text, Span{source, 1, 4, static_cast<int>(text.size())});
}

double value(const std::string& text) {
  return parse(text).evaluate(
      [](const std::string& name) {
        const auto found = kValues.find(name);
        return found == kValues.end() ? std::nullopt : std::optional<double>(found->second);
      },
      {"P", "P0", "array2d.rows"});
}

std::string refusal(const std::string& text) {
  return thrown([&] { (void)value(text); });
}

// The error at `length` characters of `text` from `offset` on.
std::string at(const std::string& text, std::size_t offset, std::size_t length, const std::string& rest) {
  return "e.yaml:1:" + std::to_string(4 + offset) + ": error[" + rest + "\n 1 | k: " + text + "\n   | " +
         std::string(3 + offset, ' ') + std::string(length, '^') + "\n";
}

}  // namespace

TEST_CASE("precedence, association, signs, numbers and names") {
  CHECK(value("1 + 2 * 3") == 7);
  CHECK(value("(1 + 2) * 3") == 9);
  CHECK(value("10 - 4 - 3") == 3);
  CHECK(value("64 / 4 / 2") == 8);
  CHECK(value("2 * -3") == -6);
  CHECK(value("--3 - -1") == 4);
  CHECK(value("- - -3") == -3);
  CHECK(value("-2 * 3 + 10") == 4);
  CHECK(value(" \t7\n ") == 7);
  CHECK(value("1.5e2 + .5 + 2.") == 152.5);
  CHECK(value("1e-3") == 0.001);
  CHECK(value("2 * array2d.rows") == 512);
  CHECK(value("x_1+P/P0") == 253.5);
  CHECK(value("largest_divisor(ceil(P / P0), 2 * array2d.rows)") == 256);
}

TEST_CASE("functions") {
  CHECK(value("ceil(1.2) + floor(1.8) + round(2.5) + round(-2.5) + abs(-4)") == 7);
  CHECK(value("min(3, 1, 2) + max(3, 1, 2) * 10") == 31);
  CHECK(value("log2(1024)") == 10);
  CHECK(value("divides(3, 12) + 10 * divides(5, 12) + 100 * divides(3, 0)") == 101);
  CHECK(value("min ( 1 , 2 )") == 1);
  CHECK(value("min(infinite, 3)") == 3);
  CHECK(value("infinite + 1") == INFINITY);
  CHECK(parse("min + 1").names() == std::vector<std::string>{"min"});  // a name, when nothing is called
}

TEST_CASE("divisors against exhaustive search") {
  for (std::int64_t n = 1; n <= 240; ++n) {
    for (std::int64_t bound = -1; bound <= 245; ++bound) {
      std::int64_t largest = 1;
      std::int64_t smallest = n;
      for (std::int64_t d = n; d >= 1; --d) {
        if (n % d != 0) continue;
        if (d <= bound) largest = std::max(largest, d);
        if (d >= bound) smallest = d;
      }
      const std::string arguments = std::to_string(n) + ", " + std::to_string(bound) + ")";
      if (largest_divisor(n, bound) != largest) FAIL_CHECK("largest_divisor(" << arguments);
      if (bound % 7 != 0) continue;
      INFO(arguments);
      CHECK(value("largest_divisor(" + arguments) == static_cast<double>(largest));
      CHECK(value("smallest_divisor(" + arguments) == static_cast<double>(smallest));
    }
  }
  CHECK(value("largest_divisor(12, 3.9)") == 3);
  CHECK(value("smallest_divisor(12, 3.1)") == 4);
  CHECK(value("largest_divisor(12, infinite)") == 12);
  CHECK(value("smallest_divisor(12, infinite)") == 12);
  CHECK(largest_divisor(std::int64_t{1} << 62, (std::int64_t{1} << 61) + 5) == std::int64_t{1} << 61);
  CHECK(largest_divisor(999983LL * 999983, 999999) == 999983);
  CHECK_THROWS_AS(largest_divisor(0, 1), InternalError);
}

TEST_CASE("random expressions against a tree evaluated while it is written") {
  std::mt19937 random(5);
  const std::function<std::pair<std::string, double>(int)> make = [&](int depth) -> std::pair<std::string, double> {
    if (depth == 0 || random() % 4 == 0) {
      const int n = static_cast<int>(random() % 20) + 1;
      return {std::to_string(n), n};
    }
    const auto [a, x] = make(depth - 1);
    const auto [b, y] = make(depth - 1);
    switch (random() % 6) {
      case 0:
        return {"(" + a + "+" + b + ")", x + y};
      case 1:
        return {"(" + a + " - " + b + ")", x - y};
      case 2:
        return {"(" + a + ")*(" + b + ")", x * y};
      case 3:
        return {"max(" + a + ", " + b + ")", std::max(x, y)};
      case 4:
        return {"-(" + a + ")", -x};
      default:
        return {"min( " + a + " ,-" + b + ")", std::min(x, -y)};
    }
  };
  for (int i = 0; i < 500; ++i) {
    const auto [text, expected] = make(5);
    INFO(text);
    CHECK(value("(" + text + ") / 8") == expected / 8);
  }
}

TEST_CASE("names in order of first use; text and span are kept") {
  const ScalarExpression expression = parse("b + max(a.x, b) * c2 - a.x");
  CHECK(expression.names() == std::vector<std::string>{"b", "a.x", "c2"});
  CHECK(expression.text() == "b + max(a.x, b) * c2 - a.x");
  CHECK(expression.span().column == 4);
}

TEST_CASE("expression-syntax points at the offending token") {
  const std::string operand = "a number, a name or `(`";
  CHECK(refusal("2 * )") == at("2 * )", 4, 1, "expression-syntax]: found `)`; " + operand + " must stand here"));
  CHECK(refusal("16 MiB") ==
        at("16 MiB", 3, 3, "expression-syntax]: found `MiB`; an operator or the end must stand here"));
  CHECK(refusal("(1 + 2") ==
        at("(1 + 2", 6, 1, "expression-syntax]: the expression ends too early; an operator or `)` must follow"));
  CHECK(refusal("1 +") ==
        at("1 +", 3, 1, "expression-syntax]: the expression ends too early; " + operand + " must follow"));
  CHECK(refusal("min(1, 2") ==
        at("min(1, 2", 8, 1, "expression-syntax]: the expression ends too early; an operator, `,` or `)` must follow"));
  CHECK(refusal("min(1,)") == at("min(1,)", 6, 1, "expression-syntax]: found `)`; " + operand + " must stand here"));
  CHECK(refusal("1)") == at("1)", 1, 1, "expression-syntax]: found `)`; an operator or the end must stand here"));
  CHECK(refusal("a.(1)") == at("a.(1)", 1, 1, "expression-syntax]: found `.`; an operator or the end must stand here"));
  CHECK(refusal("1 § 2").find("e.yaml:1:6: error[expression-syntax]: found `§`; an operator or the end") == 0);
  CHECK(refusal("") == "e.yaml:1:4: error[expression-syntax]: the expression ends too early; " + operand +
                           " must follow\n 1 | k: \n   |    ^\n");
  CHECK(refusal("1 + 010") ==
        at("1 + 010", 4, 3, "expression-syntax]: number `010` has a leading zero; numbers are decimal"));
  CHECK(refusal("1e999") ==
        at("1e999", 0, 5, "expression-syntax]: number `1e999` is beyond the range of a 64-bit float"));
}

TEST_CASE("expression-syntax: size and nesting are bounded") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '(') + "1" + std::string(depth, ')'); };
  CHECK(value(nested(64)) == 1);
  CHECK(refusal(nested(65)) == at(nested(65), 64, 1, "expression-syntax]: parentheses nest more than 64 deep"));
  CHECK(refusal(std::string(4096, '(')).find("parentheses nest more than 64 deep") != std::string::npos);
  CHECK(value(std::string(4094, '-') + " 1") == 1);
  std::string sum = "1";
  while (sum.size() + 2 <= 4096) sum += "+1";
  CHECK(value(sum) == 2048);
  CHECK(refusal(std::string(4097, ' '))
            .find("error[expression-syntax]: the expression has 4097 bytes; it may have 4096") != std::string::npos);
}

TEST_CASE("expression-unknown-function and expression-arity") {
  CHECK(refusal("1 + cei(2)") == at("1 + cei(2)", 4, 3, "expression-unknown-function]: there is no function `cei`") +
                                     "help: did you mean `ceil`?\n");
  CHECK(refusal("sqrt(2)") ==
        at("sqrt(2)", 0, 4, "expression-unknown-function]: there is no function `sqrt`") +
            "help: known: abs, ceil, divides, floor, largest_divisor, log2, max, min, round, smallest_divisor\n");
  CHECK(refusal("2 * ceil(1, 2)") ==
        at("2 * ceil(1, 2)", 4, 4, "expression-arity]: `ceil` gets 2 arguments; it takes 1"));
  CHECK(refusal("divides(1)") == at("divides(1)", 0, 7, "expression-arity]: `divides` gets 1 argument; it takes 2"));
  CHECK(refusal("max(1)") == at("max(1)", 0, 3, "expression-arity]: `max` gets 1 argument; it takes at least 2"));
  CHECK(refusal("floor()") == at("floor()", 0, 5, "expression-arity]: `floor` gets 0 arguments; it takes 1"));
}

TEST_CASE("expression-unknown-name") {
  CHECK(refusal("2 * arra2d.rows") ==
        at("2 * arra2d.rows", 4, 11, "expression-unknown-name]: there is no value named `arra2d.rows`") +
            "help: did you mean `array2d.rows`?\n");
  CHECK(refusal("frequency") == at("frequency", 0, 9, "expression-unknown-name]: there is no value named `frequency`") +
                                    "help: known: P, P0, array2d.rows\n");
}

TEST_CASE("expression-division-by-zero") {
  CHECK(refusal("P / (P0 - 256)") == at("P / (P0 - 256)", 2, 1, "expression-division-by-zero]: 65536 is divided by 0"));
}

TEST_CASE("expression-domain") {
  CHECK(refusal("1 + log2(-1)") ==
        at("1 + log2(-1)", 4, 4, "expression-domain]: `log2` has no value: its argument is -1; it must be positive"));
  CHECK(refusal("log2(0)").find("error[expression-domain]") != std::string::npos);
  CHECK(refusal("largest_divisor(2.5, 1)") ==
        at("largest_divisor(2.5, 1)", 0, 15,
           "expression-domain]: `largest_divisor` has no value: n = 2.5; n must be an integer from 1 to 2^53"));
  CHECK(refusal("smallest_divisor(0, 1)").find("n = 0; n must be an integer") != std::string::npos);
  CHECK(refusal("largest_divisor(infinite, 1)").find("error[expression-domain]") != std::string::npos);
  CHECK(refusal("divides(0, 3)") == at("divides(0, 3)", 0, 7,
                                       "expression-domain]: `divides` has no value: its arguments are 0 and 3; they "
                                       "must be integers, the first not 0"));
  CHECK(refusal("1e300 * 1e300") ==
        at("1e300 * 1e300", 6, 1,
           "expression-domain]: `*` has no value: its result is beyond the range of a 64-bit float"));
  CHECK(refusal("infinite - infinite").find("error[expression-domain]") != std::string::npos);
}

TEST_CASE("errors in a block scalar are on their line") {
  const SourcePtr source = source_from_text("e.yaml", "k: |\n  1 +\n  2 * )\n");
  CHECK(thrown([&] {
          (void)ScalarExpression::parse("1 +\n2 * )\n", Span{source, 2, 3, 3});
        }) ==
        "e.yaml:3:7: error[expression-syntax]: found `)`; a number, a name or `(` must stand here\n"
        " 3 |   2 * )\n"
        "   |       ^\n");
}
