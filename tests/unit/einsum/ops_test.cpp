// SPDX-License-Identifier: Apache-2.0
// Does every operator compute its formula, and do its array forms equal its scalar form?
#include "einsum/ops/op.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

using namespace einloom;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double value(const char* op, double a, double b = 0) { return find_op(op)->scalar(a, b); }

template <class T>
void check_arrays(const Op& op, const std::vector<T>& a, const std::vector<T>& b) {
  for (const std::size_t step_a : {0u, 1u}) {
    for (const std::size_t step_b : {0u, 1u}) {
      std::vector<T> out(a.size());
      op.vector<T>()({a.data(), step_a}, {b.data(), step_b}, out.data(), out.size());
      for (std::size_t i = 0; i < out.size(); ++i) {
        const T left = a[i * step_a], right = b[i * step_b];
        const double expected = op.scalar(left, right);
        INFO(op.name << "(" << left << ", " << right << ")");
        if (std::isnan(expected)) {
          CHECK(std::isnan(out[i]));
        } else if (std::isinf(expected)) {
          CHECK(out[i] == static_cast<T>(expected));
        } else {
          CHECK(std::abs(out[i] - expected) <= 4 * std::numeric_limits<T>::epsilon() * (1 + std::abs(expected)));
        }
      }
    }
  }
}

}  // namespace

TEST_CASE("the lists are sorted and found by name") {
  CHECK(op_names() == std::vector<std::string>{
                          "abs",      "add",        "ceil",     "cos",           "div",    "equal",      "erf",
                          "exp",      "floor",      "greater",  "greater_equal", "less",   "less_equal", "log",
                          "max",      "min",        "mod",      "mul",           "neg",    "not_equal",  "pow",
                          "pwl_exp2", "reciprocal", "relu",     "round",         "rsqrt",  "select",     "sigmoid",
                          "sign",     "sin",        "softplus", "sqrt",          "square", "sub",        "tanh"});
  CHECK(std::is_sorted(op_names().begin(), op_names().end()));
  CHECK(reduction_names() ==
        std::vector<std::string>{"argmax", "argmin", "argsort", "max", "min", "prod", "sort", "sum", "topk"});
  for (const auto& selection : all_selections()) CHECK(counted_reduction(selection.name) == selection.name);
  CHECK(counted_reduction("prod") == "mul");
  CHECK(counted_reduction("mean").empty());
  for (const auto& name : op_names()) CHECK(find_op(name)->name == name);
  CHECK(find_op("exq") == nullptr);
  CHECK(find_reduction("exp") == nullptr);
  for (const auto& reduction : all_reductions()) {
    REQUIRE(find_op(reduction.combine) != nullptr);
    CHECK(find_op(reduction.combine)->scalar(reduction.identity, 3.5) == 3.5);
  }
}

TEST_CASE("formulas") {
  CHECK(value("abs", -2.5) == 2.5);
  CHECK(value("add", 2, 3) == 5);
  CHECK(value("div", 3, 4) == 0.75);
  CHECK(value("erf", 0.5) == Approx(0.5204998778130465));
  CHECK(value("exp", 1) == Approx(2.718281828459045));
  CHECK(value("log", 2) == Approx(0.6931471805599453));
  CHECK(value("max", 2, 3) == 3);
  CHECK(value("min", 2, 3) == 2);
  CHECK(value("mul", 2, 3) == 6);
  CHECK(value("neg", 2) == -2);
  CHECK(value("pow", 2, 10) == 1024);
  CHECK(value("pwl_exp2", -3, 8) == 0.125);
  CHECK(value("pwl_exp2", -0.5, 1) == 0.75);
  CHECK(value("reciprocal", 4) == 0.25);
  CHECK(value("relu", -3) == 0);
  CHECK(value("relu", 3) == 3);
  CHECK(value("rsqrt", 16) == 0.25);
  CHECK(value("sigmoid", 0) == 0.5);
  CHECK(value("sigmoid", 2) == Approx(0.8807970779778823));
  CHECK(value("softplus", 0) == Approx(0.6931471805599453));
  CHECK(value("sqrt", 9) == 3);
  CHECK(value("square", -3) == 9);
  CHECK(value("sub", 2, 3) == -1);
  CHECK(value("tanh", 0.5) == Approx(0.46211715726000973));
  CHECK(value("ceil", 1.25) == 2);
  CHECK(value("floor", -1.25) == -2);
  CHECK(value("round", 2.5) == 2);
  CHECK(value("round", 3.5) == 4);
  CHECK(value("mod", -7, 3) == 2);
  CHECK(value("mod", 5, 0) == 0);
  CHECK(value("sign", -0.1) == -1);
  CHECK(value("sign", 0) == 0);
  CHECK(value("sin", 0.5) == Approx(0.479425538604203));
  CHECK(value("cos", 0.5) == Approx(0.8775825618903728));
  CHECK(value("equal", 2, 2) == 1);
  CHECK(value("not_equal", 2, 2) == 0);
  CHECK(value("less", 1, 2) == 1);
  CHECK(value("less_equal", 2, 2) == 1);
  CHECK(value("greater", 1, 2) == 0);
  CHECK(value("greater_equal", 1, 2) == 0);
  CHECK(find_op("select")->scalar_ternary(1, 2, 3) == 2);
  CHECK(find_op("select")->scalar_ternary(0, 2, 3) == 3);
}

TEST_CASE("guards: a fully masked row gives 0, never NaN") {
  CHECK(value("div", 5, 0) == 0);
  CHECK(value("div", 0, 0) == 0);
  CHECK(value("reciprocal", 0) == 0);
  CHECK(value("rsqrt", 0) == 0);
  CHECK(value("sub", -kInfinity, -kInfinity) == -kInfinity);
  CHECK(value("exp", value("sub", -kInfinity, -kInfinity)) == 0);
  CHECK(value("sub", 1, -kInfinity) == kInfinity);
}

TEST_CASE("no overflow where the result is finite") {
  CHECK(value("sigmoid", -800) == 0);
  CHECK(value("sigmoid", 800) == 1);
  CHECK(value("softplus", 800) == 800);
  CHECK(value("softplus", -800) == 0);
}

TEST_CASE("NaN is not lost") {
  const double nan = std::nan("");
  for (const char* op : {"max", "min", "add", "mul", "sub"}) {
    CHECK(std::isnan(value(op, nan, 1)));
    CHECK(std::isnan(value(op, 1, nan)));
  }
  CHECK(std::isnan(value("relu", nan)));
  CHECK(std::isnan(value("sub", -kInfinity, nan)));
}

TEST_CASE("array forms equal the scalar form") {
  const std::vector<double> a{-kInfinity, -3.5, -1, -0.25, 0, 0.5, 1, 2, 7.25, kInfinity, -kInfinity, 0, 3};
  const std::vector<double> b{2, -1, 0, 3, 0, -0.5, 1, 2.5, 4, 1, -kInfinity, 2, kInfinity};
  for (const auto& op : all_ops()) {
    if (op.arity == 3) continue;
    check_arrays<double>(op, a, b);
    check_arrays<float>(op, {a.begin(), a.end()}, {b.begin(), b.end()});
  }
}

TEST_CASE("select along arrays and with one value everywhere") {
  const std::vector<double> c{0, 1, -2, 0}, a{1, 2, 3, 4}, b{5};
  std::vector<double> out(4);
  find_op("select")->ternary<double>()({c.data(), 1}, {a.data(), 1}, {b.data(), 0}, out.data(), 4);
  CHECK(out == std::vector<double>{5, 2, 3, 5});
}
