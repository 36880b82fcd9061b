// SPDX-License-Identifier: Apache-2.0
// At what shape a schedule's values are checked: the workload, cut until the check ends in seconds.
// Contract: the same workload gives the same shape; a workload within the limits is not cut. Cuts keep the machine and
// the plan, whose tiles keep their size where the extents allow.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "arch/machine.hpp"
#include "base/dtype.hpp"
#include "einsum/cascade.hpp"
#include "mappings/plan.hpp"
#include "sim/report.hpp"

namespace einloom {

struct CheckOptions {
  Dtype dtype = Dtype::fp32;
  std::uint64_t seed = 1;
  Fidelity fidelity = Fidelity::cycle;  // or pe: values move between PEs
  double input_scale = 1;               // multiplies Q (scores ×40 with 40)
  // Limits of a checked shape: operations of the cascade, and as many elements that its plan moves or frees; elements
  // of all tensors together.
  std::int64_t operation_budget = std::int64_t{1} << 26;
  std::int64_t element_budget = 10'000'000;
};

// Stepping every PE with values takes longer: the budget for that.
inline constexpr std::int64_t kPeCheckBudget = std::int64_t{1} << 22;

// How ranks are cut. Longest: first ranks walked one element at a time that no step carries over (b, h: independent
// repetitions) to 1, then the longest of those in tiles is halved, then of the others. Together: all are halved.
enum class Cut { longest, together };

// `workload` cut to the limits. Ranks in `kept` are not cut.
[[nodiscard]] Shape clip_for_check(const Cascade& cascade, const Machine& machine, const Plan& plan,
                                   const Shape& workload, const CheckOptions& options, const Span& where,
                                   Cut cut = Cut::longest, const std::set<std::string>& kept = {});

}  // namespace einloom
