// SPDX-License-Identifier: Apache-2.0
#include "einsum/index_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "einsum/affine.hpp"

namespace einloom {

void IndexRules::wrong_rank(const Access& access, const TensorDecl& tensor, std::size_t position, std::string help) {
  const auto& index = access.indices[position];
  diagnostics_
      .error("einsum-index-rank", index.span,
             fmt::format("index {} of `{}` is `{}`; `{}` has rank `{}` there", position + 1, access.tensor,
                         print_index(index), access.tensor, tensor.ranks[position]))
      .note("declared here", tensor.span)
      .with_help(std::move(help));
}

std::string IndexRules::index_for(const std::string& rank) const {
  const PartitionDecl* partition = draft_.partition_of(rank);
  if (!partition) return fmt::format("the index variable of rank `{}` is `{}`", rank, variable_of_rank(rank));
  return fmt::format("an index of rank `{}` is `{}` or, by parts, `{}*{}+{}`", rank, variable_of_rank(rank),
                     variable_of_rank(partition->outer), partition->inner, variable_of_rank(partition->inner));
}

void IndexRules::check_state(const Access& access, const TensorDecl& tensor, std::size_t position) {
  const auto& index = access.indices[position];
  const auto variable = index.plain_variable();
  if (variable && rank_of_variable(*variable) == tensor.iterative_rank && index.plain_offset() <= 1) return;
  if (index.terms.size() == 1 && index.terms[0].variable.empty() && index.terms[0].factor == 1 &&
      index.terms[0].symbol == tensor.iterative_rank) {
    return;
  }
  const std::string name = variable_of_rank(tensor.iterative_rank);
  diagnostics_
      .error(
          "einsum-state-index", index.span,
          fmt::format("`{}` is no state of `{}`; its states are read as `{}` (previous), `{}+1` (new) and `{}` (last)",
                      print_index(index), access.tensor, name, name, tensor.iterative_rank))
      .note("declared here", tensor.span);
}

bool IndexRules::same_positions(const std::string& a, const std::string& b) const { return first_of(a) == first_of(b); }

std::string IndexRules::first_of(std::string rank) const {
  for (auto derived = draft_.derived.rbegin(); derived != draft_.derived.rend(); ++derived) {
    const bool renames = derived->formula.kind == ExpressionKind::symbol && is_rank(derived->formula.name);
    if (derived->rank == rank && renames) rank = derived->formula.name;
  }
  return rank;
}

bool IndexRules::is_rank(const std::string& name) const {
  const auto ranks = draft_.rank_names();
  return std::find(ranks.begin(), ranks.end(), name) != ranks.end();
}

void IndexRules::check_rank(const Access& access, const TensorDecl& tensor, std::size_t position, bool may_leave) {
  const auto& index = access.indices[position];
  const std::string& rank = tensor.ranks[position];
  const auto variables = index.variables();
  const PartitionDecl* partition = draft_.partition_of(rank);
  if (index.gathers()) return;
  if (variables.empty()) {
    const bool is_extent = index.terms.size() == 1 && index.terms[0].symbol == rank;
    if (is_extent) {
      wrong_rank(access, tensor, position,
                 fmt::format("`{}` is the extent; the index variable is `{}`, and only a tensor written at `{}+1` "
                             "has that last state",
                             rank, variable_of_rank(rank), variable_of_rank(rank)));
    }
    return;
  }
  if (variables.size() == 1) {
    // With anything else in it the index is a window into the rank, bounded below.
    const bool alone = index.terms.size() == 1 && index.terms[0].factor == 1 && index.terms[0].symbol.empty();
    if (alone && !may_leave && rank_of_variable(variables[0]) != rank &&
        !same_positions(rank_of_variable(variables[0]), rank)) {
      wrong_rank(access, tensor, position, index_for(rank));
    }
    return;
  }
  // Several variables: parts of this rank must join as outer*INNER+inner; anything else is a window, bounded below.
  if (!partition) return;
  const auto is = [&](const IndexTerm& term, const std::string& part) {
    return !term.variable.empty() && same_positions(rank_of_variable(term.variable), part);
  };
  int outer = 0, inner = 0;
  bool right = true;
  for (const auto& term : index.terms) {
    if (is(term, partition->outer)) {
      ++outer;
      right = right && term.factor == 1 && term.symbol == partition->inner;
    } else if (is(term, partition->inner)) {
      ++inner;
      right = right && term.factor == 1 && term.symbol.empty();
    }
  }
  if (outer + inner > 0 && !(right && outer == 1 && inner == 1)) wrong_rank(access, tensor, position, index_for(rank));
}

}  // namespace einloom
