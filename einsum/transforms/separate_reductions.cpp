// SPDX-License-Identifier: Apache-2.0
#include "einsum/transforms/separate_reductions.hpp"

#include <algorithm>

#include "einsum/transforms/defer_scaling.hpp"
#include "einsum/transforms/term_writer.hpp"

namespace einloom::transforms {

Cascade separate_reductions(const Cascade& cascade, const std::string& rank) {
  const RankGroup group = group_of(cascade, rank);
  const RankPasses passes = count_passes(cascade, group);
  CascadeEdit edit(cascade);
  const auto of_group = [&](const Reduction& reduction) {
    const std::string reduced = rank_of_variable(reduction.variable);
    return reduced == group.whole || reduced == group.outer || reduced == group.inner;
  };
  for (std::size_t i = 0; i < cascade.einsums().size(); ++i) {
    const Einsum& einsum = cascade.einsums()[i];
    TensorDecl tensor = *cascade.find_tensor(einsum.name());
    tensor.iterative_rank.clear();
    std::vector<Reduction> first, second;
    bool one_operator = true;
    for (const Reduction& reduction : einsum.reductions) {
      (of_group(reduction) ? first : second).push_back(reduction);
      one_operator = one_operator && reduction.op == einsum.reductions.front().op;
    }
    const bool writes_state = tensor.initial.has_value();
    if (einsum.scatters() && !first.empty() && einsum.selection().empty() && passes.einsums[i].runs.pass >= 2) {
      // Reduced first, then written where the index tensor says.
      std::vector<std::string> ranks;
      for (const std::string& variable : einsum.variables()) {
        if (!einsum.reduces(variable)) ranks.push_back(rank_of_variable(variable));
      }
      const std::string name = edit.fresh_name("M" + tensor.name);
      edit.add(tensor_like(tensor, name, ranks),
               einsum_of(name, ranks, einsum.reductions, einsum.expression, einsum.predicates, einsum.span));
      Einsum scattered = einsum;
      scattered.reductions.clear();
      scattered.predicates.clear();
      scattered.expression = read(access_of(name, ranks));
      edit.add(std::move(tensor), std::move(scattered));
      continue;
    }
    if (first.empty() || second.empty() || !one_operator || writes_state || passes.einsums[i].runs.pass < 2) {
      edit.add(std::move(tensor), einsum);
      continue;
    }
    std::vector<std::string> ranks = tensor.ranks;
    for (const Reduction& reduction : second) {
      const std::string added = rank_of_variable(reduction.variable);
      ranks = with_rank(ranks, added, einsum.expression);
    }
    const std::string name = edit.fresh_name("M" + tensor.name);
    edit.add(tensor_like(tensor, name, ranks),
             einsum_of(name, ranks, first, einsum.expression, einsum.predicates, einsum.span));
    const std::vector<std::string> result_ranks = tensor.ranks;
    edit.add(std::move(tensor),
             einsum_of(einsum.name(), result_ranks, second, read(access_of(name, ranks)), {}, einsum.span));
  }
  return edit.build(group);
}

}  // namespace einloom::transforms
