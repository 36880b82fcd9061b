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
  CHECK(op_names() == std::vector<std::string>{"abs",        "add",  "div",   "erf",     "exp",      "log",
                                               "max",        "min",  "mul",   "neg",     "pow",      "pwl_exp2",
                                               "reciprocal", "relu", "rsqrt", "sigmoid", "softplus", "sqrt",
                                               "square",     "sub",  "tanh"});
  CHECK(std::is_sorted(op_names().begin(), op_names().end()));
  CHECK(reduction_names() == std::vector<std::string>{"max", "min", "prod", "sum"});
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
    check_arrays<double>(op, a, b);
    check_arrays<float>(op, {a.begin(), a.end()}, {b.begin(), b.end()});
  }
}
