// SPDX-License-Identifier: Apache-2.0
// Names for numbers and formulas: order does not matter, circles are found, other names are looked up.
#include "experiments/named_values.hpp"

#include <catch2/catch.hpp>

#include "user_errors.hpp"

namespace einloom {

namespace {

ScalarExpression formula(const std::string& text) {
  return ScalarExpression::parse(text, Span{source_from_text("t", text), 1, 1, static_cast<int>(text.size())});
}

}  // namespace

TEST_CASE("formulas use names that are set before and after them") {
  NamedValues values;
  values.set("a", formula("b + c"));
  values.set("b", 2);
  values.set("c", formula("b * 10"));
  CHECK(values.find("a") == 22.0);
  CHECK(values.evaluate(formula("a + 1")) == 23.0);
  CHECK(values.find("d") == std::nullopt);
  values.set("b", 3);
  CHECK(values.find("b") == 3.0);
}

TEST_CASE("names that are not set are looked up") {
  NamedValues values;
  values.set("a", formula("far.away + 1"));
  values.set_lookup([](const std::string& name) { return name == "far.away" ? std::optional(4.0) : std::nullopt; });
  CHECK(values.find("a") == 5.0);
  CHECK(codes_of([&] { (void)values.evaluate(formula("near")); }) == "expression-unknown-name");
}

TEST_CASE("a circle is found, and the rest can still be asked for") {
  NamedValues values;
  values.set("a", formula("b"));
  values.set("b", formula("c"));
  values.set("c", formula("b"));
  values.set("d", 1);
  CHECK(rendered([&] { (void)values.find("a"); }).find("`b` needs `c` needs `b`") != std::string::npos);
  CHECK(values.find("d") == 1.0);
}

}  // namespace einloom
