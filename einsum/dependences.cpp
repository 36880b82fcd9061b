// SPDX-License-Identifier: Apache-2.0
// Which Einsum's value an access reads, and the dependence graph made of that.
#include <algorithm>
#include <set>
#include <tuple>

#include "base/diagnostic.hpp"
#include "einsum/validator.hpp"

namespace einloom {
namespace {

// The index of `access` that stands for the tensor's iterative rank.
const IndexExpression* state_index(const TensorDecl& tensor, const Access& access) {
  for (std::size_t i = 0; i < tensor.ranks.size() && i < access.indices.size(); ++i) {
    if (tensor.ranks[i] == tensor.iterative_rank) return &access.indices[i];
  }
  return nullptr;
}

bool writes_variable(const Einsum& einsum, const std::string& variable) {
  return std::any_of(einsum.output.indices.begin(), einsum.output.indices.end(), [&](const IndexExpression& index) {
    const auto names = index.variables();
    return std::find(names.begin(), names.end(), variable) != names.end();
  });
}

// Accesses that are operands of `first`, and the index tensors in them: they take no point away.
void collect_in_first(const Expression& expression, std::vector<const Access*>& found) {
  if (expression.kind == ExpressionKind::first) {
    for (const Access* access : expression.accesses()) found.push_back(access);
    return;
  }
  for (const auto& arg : expression.args) collect_in_first(arg, found);
}

std::vector<const Access*> accesses_in_first(const Expression& expression) {
  std::vector<const Access*> found;
  collect_in_first(expression, found);
  return found;
}

void use_symbols(const Expression& expression, std::set<std::string>& used) {
  if (expression.kind == ExpressionKind::symbol) used.insert(expression.name);
  for (const auto& arg : expression.args) use_symbols(arg, used);
}

}  // namespace

std::set<std::string> used_names(const CascadeDraft& draft) {
  std::set<std::string> used;
  const auto use_index = [&](const IndexExpression& index) {
    for (const auto& term : index.terms) used.insert(term.symbol);
    for (const auto& variable : index.variables()) used.insert(rank_of_variable(variable));
  };
  for (const auto& tensor : draft.tensors) used.insert(tensor.ranks.begin(), tensor.ranks.end());
  for (const auto& einsum : draft.einsums) {
    for (const auto& variable : einsum.variables()) used.insert(rank_of_variable(variable));
    for (const auto& comparison : einsum.predicates) {
      use_index(comparison.left);
      use_index(comparison.right);
    }
    for (const auto& index : einsum.output.indices) use_index(index);
    for (const Access* access : einsum.reads()) {
      for (const auto& index : access->indices) use_index(index);
    }
    use_symbols(einsum.expression, used);
  }
  for (const auto& partition : draft.partitions) {
    if (used.contains(partition.outer) || used.contains(partition.inner)) {
      used.insert({partition.rank, partition.outer, partition.inner});
    }
  }
  for (std::size_t i = draft.derived.size(); i-- > 0;) {
    if (used.contains(draft.derived[i].rank)) use_symbols(draft.derived[i].formula, used);
  }
  return used;
}

std::vector<OperandRead> operand_reads(const CascadeDraft& draft, int einsum) {
  const Einsum& reader = draft.einsums.at(static_cast<std::size_t>(einsum));
  std::vector<OperandRead> reads;
  const std::vector<const Access*> guarded = accesses_in_first(reader.expression);
  for (const Access* access : reader.reads()) {
    const TensorDecl* tensor = draft.find_tensor(access->tensor);
    const bool is_input = tensor && tensor->role == TensorRole::input;
    OperandRead read{access, is_input ? -1 : draft.writer_of(access->tensor), 0, false,
                     std::find(guarded.begin(), guarded.end(), access) != guarded.end()};
    const IndexExpression* index = tensor && !tensor->iterative_rank.empty() ? state_index(*tensor, *access) : nullptr;
    if (index) {
      const auto variable = index->plain_variable();
      read.final_state = !variable;
      // A reader that reduces over the iterative rank reads every state, so it waits for all of them.
      if (variable && index->plain_offset() == 0 && writes_variable(reader, *variable)) read.distance = 1;
    }
    reads.push_back(read);
  }
  return reads;
}

DependenceGraph make_graph(const CascadeDraft& draft) {
  DependenceGraph graph(draft.einsums.size());
  for (std::size_t consumer = 0; consumer < draft.einsums.size(); ++consumer) {
    std::set<std::pair<int, int>> seen;
    for (const auto& read : operand_reads(draft, static_cast<int>(consumer))) {
      if (read.producer < 0 || !seen.emplace(read.producer, read.distance).second) continue;
      DependenceEdge edge{read.access->tensor, read.distance, ""};
      if (read.distance > 0) edge.iterative_rank = draft.find_tensor(read.access->tensor)->iterative_rank;
      boost::add_edge(static_cast<std::size_t>(read.producer), consumer, edge, graph);
    }
  }
  return graph;
}

}  // namespace einloom
