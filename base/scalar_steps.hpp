// SPDX-License-Identifier: Apache-2.0
// What the parser of scalar expressions hands to their evaluation: postfix steps, and the table of functions.
// Inside base/ only.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.hpp"

namespace einloom::scalar {

enum class Operation { number, name, negate, add, subtract, multiply, divide, call };

enum class Function { abs, ceil, divides, floor, largest_divisor, log2, max, min, round, smallest_divisor };

struct FunctionRow {
  std::string_view name;
  Function function;
  std::size_t fewest;  // arguments
  std::size_t most;
};
inline constexpr std::size_t kAnyNumber = SIZE_MAX;
inline constexpr std::array<FunctionRow, 10> kFunctions{{{"abs", Function::abs, 1, 1},
                                                         {"ceil", Function::ceil, 1, 1},
                                                         {"divides", Function::divides, 2, 2},
                                                         {"floor", Function::floor, 1, 1},
                                                         {"largest_divisor", Function::largest_divisor, 2, 2},
                                                         {"log2", Function::log2, 1, 1},
                                                         {"max", Function::max, 2, kAnyNumber},
                                                         {"min", Function::min, 2, kAnyNumber},
                                                         {"round", Function::round, 1, 1},
                                                         {"smallest_divisor", Function::smallest_divisor, 2, 2}}};

struct Step {
  Operation operation;
  std::size_t offset = 0;  // of the token, in bytes
  std::size_t length = 1;
  double number = 0;
  std::string name{};
  const FunctionRow* function = nullptr;
  std::size_t arguments = 0;
};

// Value of a function, or why there is none.
struct Outcome {
  double value = 0;
  std::string problem{};
};

// `count` is within the function's [fewest, most].
[[nodiscard]] Outcome apply(Function function, const double* arguments, std::size_t count);

// Throws the UserError of ScalarExpression::parse.
[[nodiscard]] std::vector<Step> parse_steps(const std::string& text, const Span& span);

// Throws a UserError at the bytes [offset, offset + length) of a scalar's text.
[[noreturn]] void fail_in_scalar(const std::string& text, const Span& span, const char* code, std::string message,
                                 std::size_t offset, std::size_t length, std::string help = {});

}  // namespace einloom::scalar
