// SPDX-License-Identifier: Apache-2.0
#include "einsum/transforms/minimize_passes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/diagnostic.hpp"
#include "einsum/passes.hpp"
#include "einsum/transforms/defer_scaling.hpp"
#include "einsum/transforms/detach_tiles.hpp"
#include "einsum/transforms/exchange_sums.hpp"
#include "einsum/transforms/gathered_values.hpp"
#include "einsum/transforms/merge_form.hpp"
#include "einsum/transforms/point_values.hpp"
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

// From `cascade`, which `prepared` made of the origin.
FewerPasses minimize_from(const Cascade& cascade, const std::string& rank, std::int64_t tile, int before,
                          const std::vector<PassStep>& prepared) {
  FewerPasses result{cascade, before, passes_over(cascade, rank), prepared, {}, {}};

  // Sums over several ranks stand in the way of both steps below; taken apart only if that helps.
  Cascade start = separate_reductions(cascade, rank);
  std::vector<PassStep> first = prepared;
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
    if (!tiled.partition_of(rank)) return;  // all is needed whole
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

// The chains of the passes that are left; one of them is the reason where no Einsum gave one.
FewerPasses with_chains(FewerPasses result, const std::string& rank) {
  result.chains.clear();
  for (const RankGroup& group : rank_groups(result.cascade)) {
    if (group.name != rank) continue;
    const RankPasses passes = count_passes(result.cascade, group);
    for (const PassBarrier& barrier : passes.barriers) {
      result.chains.push_back(
          fmt::format("pass {} because of {}", barrier.pass, barrier_text(result.cascade, passes, barrier)));
    }
  }
  if (result.forbidden.empty() && !result.chains.empty()) result.forbidden.push_back(result.chains.front());
  return result;
}

// From `cascade`, with each preparation of it that saves a pass.
FewerPasses fewest(const Cascade& cascade, const std::string& rank, std::int64_t tile, int before,
                   std::vector<PassStep> prepared) {
  FewerPasses best = minimize_from(cascade, rank, tile, before, prepared);
  // They cost operations or copies, so they are taken only where they save a pass; each on top of those that helped.
  Cascade start = cascade;
  using Preparation = Cascade (*)(const Cascade&, const std::string&);
  const std::pair<const char*, Preparation> preparations[] = {
      {"points", &point_values}, {"exchange", &exchange_sums}, {"gather", &gathered_values}};
  for (const auto& [name, prepare] : preparations) {
    if (best.after < 2) break;
    const Cascade other = prepare(start, rank);
    if (print_cascade(other) == print_cascade(start)) continue;
    std::vector<PassStep> steps = prepared;
    steps.push_back({name + (":" + rank), passes_over(other, rank)});
    FewerPasses fewer = minimize_from(other, rank, tile, before, steps);
    if (fewer.after >= best.after) continue;
    best = std::move(fewer);
    start = other;
    prepared = std::move(steps);
  }
  return best;
}

// Of a rank inside tiles, as a rank of its own; the cascade stays as it is where that saves no pass.
FewerPasses fewest_inside(const Cascade& cascade, const std::string& rank, std::int64_t tile) {
  const int before = passes_over(cascade, rank);
  FewerPasses same{cascade, before, before, {}, {}, {}};
  if (before < 2) return same;
  try_step(same, [&] {
    const Cascade detached = detach_tiles(cascade, rank);
    FewerPasses fewer =
        with_chains(fewest(detached, rank, tile, before, {{"detach:" + rank, passes_over(detached, rank)}}), rank);
    if (fewer.after < before) {
      same = std::move(fewer);
    } else {
      same.forbidden = fewer.forbidden;
    }
  });
  return same;
}

}  // namespace

FewerPasses minimize_passes(const Cascade& cascade, const std::string& rank, std::int64_t tile) {
  const auto& partitions = cascade.partitions();
  const bool is_inside = std::any_of(partitions.begin(), partitions.end(),
                                     [&](const PartitionDecl& partition) { return partition.inner == rank; });
  if (is_inside) return with_chains(fewest_inside(cascade, rank, tile), rank);
  static_cast<void>(group_of(cascade, rank));
  const int before = passes_over(cascade, rank);
  if (before < 2) return {cascade, before, before, {}, {}, {}};
  return with_chains(fewest(cascade, rank, tile, before, {}), rank);
}

}  // namespace einloom::transforms
