// SPDX-License-Identifier: Apache-2.0
// Rules on the flow of values: every tensor has one writer and a reader, and the document's order can run.
#include <fmt/format.h>

#include <algorithm>
#include <boost/graph/strong_components.hpp>
#include <map>
#include <set>

#include "einsum/validator.hpp"

namespace einloom {
namespace {

Span tensor_name(const Access& access) {
  Span span = access.span;
  span.length = static_cast<int>(access.tensor.size());
  return span;
}

bool writes_variable(const Einsum& einsum, const std::string& variable) {
  return std::any_of(einsum.output.indices.begin(), einsum.output.indices.end(), [&](const IndexExpression& index) {
    const auto names = index.variables();
    return std::find(names.begin(), names.end(), variable) != names.end();
  });
}

class DataflowChecks {
 public:
  DataflowChecks(const CascadeDraft& draft, Diagnostics& diagnostics) : draft_(draft), diagnostics_(diagnostics) {
    for (std::size_t i = 0; i < draft.einsums.size(); ++i) reads_.push_back(operand_reads(draft, static_cast<int>(i)));
  }

  void check() {
    check_writers();
    if (!draft_.incomplete) check_readers();
    check_cycles();
    check_order();
    check_iterations();
    if (!draft_.incomplete) check_names_used();
  }

 private:
  const Einsum& einsum(int position) const { return draft_.einsums[static_cast<std::size_t>(position)]; }

  void check_writers() {
    std::map<std::string, const Einsum*> writers;
    for (const auto& each : draft_.einsums) {
      const TensorDecl* tensor = draft_.find_tensor(each.name());
      if (!tensor) continue;
      if (tensor->role == TensorRole::input) {
        diagnostics_
            .error("tensor-input-written", tensor_name(each.output),
                   fmt::format("`{}` is an input and is written here; inputs are only read", each.name()))
            .note("declared here", tensor->span);
      }
      const auto [first, fresh] = writers.emplace(each.name(), &each);
      if (!fresh) {
        diagnostics_
            .error("tensor-written-twice", tensor_name(each.output),
                   fmt::format("`{}` is written twice; each tensor is written by one Einsum", each.name()))
            .note("first written here", first->second->output.span);
      }
    }
    if (draft_.incomplete) return;
    for (const auto& tensor : draft_.tensors) {
      if (tensor.role == TensorRole::input || writers.contains(tensor.name)) continue;
      auto& problem = diagnostics_.error("tensor-never-written", tensor.span,
                                         fmt::format("no Einsum writes `{}`, which is an {}", tensor.name,
                                                     tensor.role == TensorRole::output ? "output" : "intermediate"));
      if (tensor.role == TensorRole::intermediate) problem.with_help("a tensor given from outside has `role: input`");
    }
  }

  void check_readers() {
    std::set<std::string> read;
    for (std::size_t i = 0; i < reads_.size(); ++i) {
      for (const auto& each : reads_[i]) {
        if (each.producer != static_cast<int>(i)) read.insert(each.access->tensor);
      }
    }
    for (const auto& tensor : draft_.tensors) {
      if (tensor.role == TensorRole::output || read.contains(tensor.name)) continue;
      // Never written and never read: one error is enough.
      if (tensor.role == TensorRole::intermediate && draft_.writer_of(tensor.name) < 0) continue;
      auto& problem = diagnostics_.error(
          "tensor-unused", tensor.span,
          fmt::format("no {}Einsum reads {} `{}`", draft_.writer_of(tensor.name) >= 0 ? "other " : "",
                      tensor.role == TensorRole::input ? "input" : "intermediate", tensor.name));
      if (tensor.role == TensorRole::intermediate) problem.with_help("a result of the cascade has `role: output`");
    }
  }

  // Cycles of reads within one iteration; Einsums on one are not reported again by check_order.
  void check_cycles() {
    using Plain = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;
    Plain graph(draft_.einsums.size());
    for (std::size_t i = 0; i < reads_.size(); ++i) {
      for (const auto& read : reads_[i]) {
        if (read.producer >= 0 && read.distance == 0)
          boost::add_edge(i, static_cast<std::size_t>(read.producer), graph);
      }
    }
    component_.resize(draft_.einsums.size());
    const int components = boost::strong_components(
        graph, boost::make_iterator_property_map(component_.begin(), boost::get(boost::vertex_index, graph)));
    cyclic_.assign(static_cast<std::size_t>(components), false);
    for (std::size_t i = 0; i < draft_.einsums.size(); ++i) {
      const auto cycle = shortest_cycle(static_cast<int>(i));
      if (cycle.empty() || cyclic_[static_cast<std::size_t>(component_[i])]) continue;
      cyclic_[static_cast<std::size_t>(component_[i])] = true;
      std::string path = fmt::format("`{}`", einsum(cycle.front()).name());
      for (std::size_t k = 1; k < cycle.size(); ++k) path += fmt::format(" needs `{}`", einsum(cycle[k]).name());
      path += fmt::format(" needs `{}`", einsum(cycle.front()).name());
      auto& problem =
          diagnostics_.error("einsum-cycle", tensor_name(einsum(cycle.front()).output),
                             fmt::format("cyclic cascade: {}; only a state of an earlier iteration may close a "
                                         "cycle",
                                         path));
      for (std::size_t k = 1; k < cycle.size(); ++k) {
        problem.note(fmt::format("`{}` is written here", einsum(cycle[k]).name()),
                     tensor_name(einsum(cycle[k]).output));
      }
    }
  }

  // Breadth-first from `start` back to it, inside its component; empty when there is none.
  std::vector<int> shortest_cycle(int start) const {
    std::vector<int> parent(draft_.einsums.size(), -1);
    std::vector<int> queue{start};
    for (std::size_t at = 0; at < queue.size(); ++at) {
      for (const auto& read : reads_[static_cast<std::size_t>(queue[at])]) {
        if (read.producer < 0 || read.distance != 0) continue;
        if (read.producer == start) {
          std::vector<int> cycle;
          for (int node = queue[at]; node != start; node = parent[static_cast<std::size_t>(node)])
            cycle.push_back(node);
          cycle.push_back(start);
          std::reverse(cycle.begin(), cycle.end());
          return cycle;
        }
        int& from = parent[static_cast<std::size_t>(read.producer)];
        if (from >= 0 ||
            component_[static_cast<std::size_t>(read.producer)] != component_[static_cast<std::size_t>(start)]) {
          continue;
        }
        from = queue[at];
        queue.push_back(read.producer);
      }
    }
    return {};
  }

  void check_order() {
    for (std::size_t i = 0; i < reads_.size(); ++i) {
      std::set<std::string> reported;
      for (const auto& read : reads_[i]) {
        if (read.producer < static_cast<int>(i) || read.distance != 0) continue;
        const bool on_cycle = component_[i] == component_[static_cast<std::size_t>(read.producer)];
        if (on_cycle || !reported.insert(read.access->tensor).second) continue;
        diagnostics_
            .error("einsum-read-before-write", tensor_name(*read.access),
                   fmt::format("`{}` is read before it is written; Einsums stand in an order in which they can run",
                               read.access->tensor))
            .note("written here", einsum(read.producer).output.span);
      }
    }
  }

  // From the first reader of a previous state to the writer of the next one, all Einsums belong to the iteration.
  void check_iterations() {
    std::set<int> reported;
    for (const auto& tensor : draft_.tensors) {
      const int writer = draft_.writer_of(tensor.name);
      if (tensor.iterative_rank.empty() || writer < 0) continue;
      int first = writer;
      for (int i = writer; i-- > 0;) {
        for (const auto& read : reads_[static_cast<std::size_t>(i)]) {
          if (read.producer == writer && read.distance == 1) first = i;
        }
      }
      const std::string variable = variable_of_rank(tensor.iterative_rank);
      for (int i = first; i < writer; ++i) {
        const bool inside = writes_variable(einsum(i), variable) && !reads_complete(i, first, tensor.iterative_rank);
        if (inside || !reported.insert(i).second) continue;
        diagnostics_
            .error("einsum-iteration-interrupted", tensor_name(einsum(i).output),
                   fmt::format(
                       "`{}` is no step of the iteration over `{}` but stands inside it; all Einsums from the first "
                       "reader of a state to its writer are one iteration",
                       einsum(i).name(), variable))
            .note(fmt::format("the state `{}` is written here", tensor.name), einsum(writer).output.span);
      }
    }
  }

  // Does Einsum `i` need a whole iteration that starts at `first` to be over (a last state of it)?
  bool reads_complete(int i, int first, const std::string& rank) const {
    return std::any_of(reads_[static_cast<std::size_t>(i)].begin(), reads_[static_cast<std::size_t>(i)].end(),
                       [&](const OperandRead& read) {
                         return read.final_state && read.producer >= first &&
                                draft_.find_tensor(read.access->tensor)->iterative_rank == rank;
                       });
  }

  void check_names_used() {
    std::set<std::string> used = used_names(draft_);
    for (const auto& partition : draft_.partitions) {
      if (used.contains(partition.outer) || used.contains(partition.inner)) continue;
      used.insert(partition.inner);  // reported once, as a partition
      diagnostics_.error("cascade-rank-unused", partition.span,
                         fmt::format("rank `{}` is partitioned into `{}` and `{}`, and no Einsum uses a part",
                                     partition.rank, partition.outer, partition.inner));
    }
    for (const auto& rank : draft_.ranks) {
      if (used.contains(rank.name)) continue;
      diagnostics_.error("cascade-rank-unused", rank.span,
                         fmt::format("rank `{}` is declared and no tensor or Einsum uses it", rank.name));
    }
    for (const auto& parameter : draft_.parameters) {
      if (used.contains(parameter.name)) continue;
      diagnostics_.error("cascade-parameter-unused", parameter.span,
                         fmt::format("parameter `{}` is declared and no Einsum uses it", parameter.name));
    }
    for (const auto& constant : draft_.constants) {
      if (used.contains(constant.name)) continue;
      diagnostics_.error("cascade-parameter-unused", constant.span,
                         fmt::format("constant `{}` is declared and no Einsum uses it", constant.name));
    }
  }

  const CascadeDraft& draft_;
  Diagnostics& diagnostics_;
  std::vector<std::vector<OperandRead>> reads_;
  std::vector<int> component_;
  std::vector<bool> cyclic_;
};

}  // namespace

void validate_dataflow(const CascadeDraft& draft, Diagnostics& diagnostics) {
  DataflowChecks(draft, diagnostics).check();
}

}  // namespace einloom
