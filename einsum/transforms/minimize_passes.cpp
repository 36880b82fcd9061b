// SPDX-License-Identifier: Apache-2.0
#include "einsum/transforms/minimize_passes.hpp"

#include <fmt/format.h>

#include "base/diagnostic.hpp"
#include "einsum/passes.hpp"
#include "einsum/transforms/defer_scaling.hpp"
#include "einsum/transforms/merge_form.hpp"
#include "einsum/transforms/separate_reductions.hpp"

namespace einloom::transforms {
namespace {

// Runs `attempt`; what forbids it becomes a sentence.
template <class Attempt>
void try_step(FewerPasses& result, Attempt attempt) {
  try {
    attempt();
  } catch (const UserError& error) {
    for (const Diagnostic& diagnostic : error.diagnostics()) result.forbidden.push_back(diagnostic.message);
  }
}

}  // namespace

FewerPasses minimize_passes(const Cascade& cascade, const std::string& rank, std::int64_t tile) {
  static_cast<void>(group_of(cascade, rank));
  const int before = passes_over(cascade, rank);
  FewerPasses result{cascade, before, before, {}, {}};
  if (before < 2) return result;

  // Sums over several ranks stand in the way of both steps below; taken apart only if that helps.
  Cascade start = separate_reductions(cascade, rank);
  std::vector<PassStep> first;
  if (start.einsums().size() != cascade.einsums().size()) {
    first.push_back({"separate:" + rank, passes_over(start, rank)});
  }
  const auto take = [&](const Cascade& better, int passes, std::vector<PassStep> steps) {
    result.cascade = better;
    result.after = passes;
    result.steps = std::move(steps);
  };
  const Cascade deferred = defer_scaling(start, rank);
  if (const int passes = passes_over(deferred, rank); passes < result.after) {
    std::vector<PassStep> steps = first;
    steps.push_back({"defer:" + rank, passes});
    take(deferred, passes, std::move(steps));
    start = deferred;
    first = result.steps;
  }
  if (result.after < 2) return result;

  try_step(result, [&] {
    std::vector<PassStep> steps = first;
    Cascade tiled = start;
    if (!tiled.partition_of(rank)) {
      tiled = partition_rank(tiled, rank, tile);
      steps.push_back({"partition:" + rank, passes_over(tiled, rank)});
    }
    MergeForm running = merge_form(tiled, rank, MergeStyle::running);
    const int passes = passes_over(running.cascade, rank);
    result.forbidden = running.blocked;
    if (passes >= result.after) return;
    steps.push_back({"running:" + rank, passes});
    take(running.cascade, passes, std::move(steps));
  });
  if (result.after < 2) result.forbidden.clear();
  return result;
}

}  // namespace einloom::transforms
