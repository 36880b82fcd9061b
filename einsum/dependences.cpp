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

}  // namespace

std::vector<OperandRead> operand_reads(const CascadeDraft& draft, int einsum) {
  const Einsum& reader = draft.einsums.at(static_cast<std::size_t>(einsum));
  std::vector<OperandRead> reads;
  for (const Access* access : reader.expression.accesses()) {
    const TensorDecl* tensor = draft.find_tensor(access->tensor);
    const bool is_input = tensor && tensor->role == TensorRole::input;
    OperandRead read{access, is_input ? -1 : draft.writer_of(access->tensor), 0, false};
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
