// SPDX-License-Identifier: Apache-2.0
#include "mappings/steps/register_accesses.hpp"

#include <set>

namespace einloom {
namespace {

std::int64_t operand_count(const std::string& op) {
  if (op == "mac" || op == "select") return 3;
  static const std::set<std::string> binary = {"add",           "div",  "divide",     "equal", "greater",
                                               "greater_equal", "less", "less_equal", "max",   "min",
                                               "mod",           "mul",  "not_equal",  "pow",   "sub"};
  return binary.count(op) != 0 ? 2 : 1;
}

}  // namespace

std::int64_t registers_touched(const std::string& op, const OperationCost& cost) {
  std::int64_t touched = 0;
  for (const auto& [action, times] : cost.actions) {
    touched += times * (times > 1 || cost.actions.size() > 1 ? operand_count(action) : operand_count(op));
  }
  return touched;
}

std::int64_t registers_of_comparison(const OperationCost& cost) {
  std::int64_t touched = 0;
  for (const auto& [action, times] : cost.actions) touched += times * operand_count(action);
  return touched;
}

}  // namespace einloom
