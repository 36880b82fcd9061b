// SPDX-License-Identifier: Apache-2.0
// The sorted list of map operators and of reduction operators. A new map operator is one file here and one line below.
#include <algorithm>

#include "einsum/ops/op.hpp"

#define EINLOOM_OPS(OP) \
  OP(abs)               \
  OP(add)               \
  OP(div)               \
  OP(erf)               \
  OP(exp)               \
  OP(log)               \
  OP(max)               \
  OP(min)               \
  OP(mul)               \
  OP(neg)               \
  OP(pow)               \
  OP(pwl_exp2)          \
  OP(reciprocal)        \
  OP(relu)              \
  OP(rsqrt)             \
  OP(sigmoid)           \
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

const std::vector<std::string>& reduction_names() {
  static const std::vector<std::string> kNames = names_of(all_reductions());
  return kNames;
}

}  // namespace einloom
