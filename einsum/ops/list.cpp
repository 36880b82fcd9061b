// SPDX-License-Identifier: Apache-2.0
// The sorted list of map operators and of reduction operators. A new map operator is one file here and one line below.
#include <algorithm>

#include "einsum/ops/op.hpp"

#define EINLOOM_OPS(OP) \
  OP(abs)               \
  OP(add)               \
  OP(ceil)              \
  OP(cos)               \
  OP(div)               \
  OP(equal)             \
  OP(erf)               \
  OP(exp)               \
  OP(floor)             \
  OP(greater)           \
  OP(greater_equal)     \
  OP(less)              \
  OP(less_equal)        \
  OP(log)               \
  OP(max)               \
  OP(min)               \
  OP(mod)               \
  OP(mul)               \
  OP(neg)               \
  OP(not_equal)         \
  OP(pow)               \
  OP(pwl_exp2)          \
  OP(reciprocal)        \
  OP(relu)              \
  OP(round)             \
  OP(rsqrt)             \
  OP(select)            \
  OP(sigmoid)           \
  OP(sign)              \
  OP(sin)               \
  OP(softplus)          \
  OP(sqrt)              \
  OP(square)            \
  OP(sub)               \
  OP(tanh)

namespace einloom {
namespace ops {

#define EINLOOM_DECLARE(name) Op op_##name();
EINLOOM_OPS(EINLOOM_DECLARE)
#undef EINLOOM_DECLARE

}  // namespace ops

namespace {

template <class Entry>
const Entry* find_named(const std::vector<Entry>& entries, std::string_view name) {
  const auto found = std::lower_bound(entries.begin(), entries.end(), name,
                                      [](const Entry& entry, std::string_view key) { return entry.name < key; });
  return found != entries.end() && found->name == name ? &*found : nullptr;
}

template <class Entry>
std::vector<std::string> names_of(const std::vector<Entry>& entries) {
  std::vector<std::string> names;
  for (const auto& entry : entries) names.push_back(entry.name);
  return names;
}

}  // namespace

const std::vector<Op>& all_ops() {
#define EINLOOM_MAKE(name) ops::op_##name(),
  static const std::vector<Op> kOps{EINLOOM_OPS(EINLOOM_MAKE)};
#undef EINLOOM_MAKE
  return kOps;
}

const Op* find_op(std::string_view name) { return find_named(all_ops(), name); }

const std::vector<std::string>& op_names() {
  static const std::vector<std::string> kNames = names_of(all_ops());
  return kNames;
}

const std::vector<ReductionOp>& all_reductions() {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  static const std::vector<ReductionOp> kReductions{
      {"max", "max", -kInfinity},
      {"min", "min", kInfinity},
      {"prod", "mul", 1},
      {"sum", "add", 0},
  };
  return kReductions;
}

const ReductionOp* find_reduction(std::string_view name) { return find_named(all_reductions(), name); }

const std::vector<Selection>& all_selections() {
  static const std::vector<Selection> kSelections{
      {"argmax", true, true, false}, {"argmin", false, true, false}, {"argsort", false, true, true},
      {"sort", false, false, true},  {"topk", true, true, true},
  };
  return kSelections;
}

const Selection* find_selection(std::string_view name) { return find_named(all_selections(), name); }

const std::vector<std::string>& reduction_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names = names_of(all_reductions());
    for (const auto& each : all_selections()) names.push_back(each.name);
    std::sort(names.begin(), names.end());
    return names;
  }();
  return kNames;
}

const std::string& counted_reduction(std::string_view name) {
  static const std::string kNone;
  if (const auto* reduction = find_reduction(name)) return reduction->combine;
  const auto* selection = find_selection(name);
  return selection ? selection->name : kNone;
}

}  // namespace einloom
