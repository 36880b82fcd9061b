// SPDX-License-Identifier: Apache-2.0
#include "mappings/default_plan/structure.hpp"

#include <algorithm>

#include "einsum/counts.hpp"
#include "einsum/operands.hpp"

namespace einloom::planning {
namespace {

RankUse use_of(const IndexExpression& index, const std::string& rank, const Shape& shape) {
  RankUse use;
  use.rank = rank;
  for (const IndexTerm& term : index.terms) {
    if (!term.gathered.empty()) use.whole = true;
    for (const Access& access : term.gathered) {
      for (const IndexExpression& inner : access.indices) {
        for (const std::string& variable : inner.variables()) use.gathered.push_back(variable);
      }
    }
    if (term.variable.empty()) continue;
    use.terms.push_back({term.variable, term.factor * (term.symbol.empty() ? 1 : shape.at(term.symbol))});
  }
  use.plain_ = index.plain_variable().has_value() && index.plain_offset() == 0;
  return use;
}

Operand operand_of(const Cascade& cascade, const Access& access, const Shape& shape) {
  Operand operand;
  operand.tensor = access.tensor;
  const TensorDecl& tensor = *cascade.find_tensor(access.tensor);
  for (std::size_t i = 0; i < access.indices.size(); ++i) {
    operand.ranks.push_back(use_of(access.indices[i], tensor.ranks[i], shape));
  }
  return operand;
}

bool has_name(const Cascade& cascade, const std::string& name) {
  const std::vector<std::string> ranks = cascade.all_ranks();
  const auto& parameters = cascade.parameters();
  return std::find(ranks.begin(), ranks.end(), name) != ranks.end() ||
         std::any_of(parameters.begin(), parameters.end(), [&](const ParameterDecl& p) { return p.name == name; });
}

}  // namespace

std::set<std::string> Operand::variables() const {
  std::set<std::string> names;
  for (const RankUse& rank : ranks) {
    for (const RankUse::Term& term : rank.terms) names.insert(term.variable);
  }
  return names;
}

std::set<std::string> Operand::all_variables() const {
  std::set<std::string> names = variables();
  for (const RankUse& rank : ranks) names.insert(rank.gathered.begin(), rank.gathered.end());
  return names;
}

std::vector<Operand> operands(const Cascade& cascade, const Einsum& einsum, const Shape& shape) {
  std::vector<Operand> found;
  for (const Access* access : operand_accesses(cascade, cascade.einsum_position(einsum.name())))
    found.push_back(operand_of(cascade, *access, shape));
  return found;
}

Operand result(const Cascade& cascade, const Einsum& einsum, const Shape& shape) {
  return operand_of(cascade, einsum.output, shape);
}

std::set<std::string> operations(const Einsum& einsum) {
  std::set<std::string> names;
  for (const auto& [name, count] : operations_per_point(einsum)) names.insert(name);
  for (const OuterOperation& outer : outer_operations(einsum)) names.insert(outer.op);
  return names;
}

bool is_contraction(const Cascade& cascade, const Einsum& einsum, const Shape& shape) {
  if (einsum.reductions.empty() || operations(einsum).count("mac") == 0) return false;
  const std::vector<Operand> read = operands(cascade, einsum, shape);
  const std::set<std::string> written = result(cascade, einsum, shape).variables();
  // Has `a` a variable of the result that `b` does not have?
  const auto free_variable = [&](const Operand& a, const Operand& b) {
    const std::set<std::string> mine = a.all_variables(), other = b.all_variables();
    return std::any_of(mine.begin(), mine.end(), [&](const std::string& variable) {
      return written.count(variable) != 0 && other.count(variable) == 0;
    });
  };
  for (const Operand& a : read) {
    for (const Operand& b : read) {
      if (free_variable(a, b) && free_variable(b, a)) return true;
    }
  }
  return false;
}

std::set<std::string> undivided(const Einsum& einsum) {
  std::set<std::string> names;
  // A selection sees all values before it says anything, and all its results come at once.
  if (!einsum.selection().empty()) {
    names.insert(einsum.reductions.front().variable);
    if (!einsum.selected_variable().empty()) names.insert(einsum.selected_variable());
  }
  bool inside = false;
  for (const Reduction& reduction : einsum.reductions) {
    inside = inside || reduction.op != einsum.reductions.front().op;
    if (inside) names.insert(reduction.variable);
  }
  return names;
}

bool is_output_variable(const Einsum& einsum, const std::string& variable) { return !einsum.reduces(variable); }

bool is_iterative(const Cascade& cascade, const std::string& variable) {
  const auto& iterative = cascade.iterative_ranks();
  return std::any_of(iterative.begin(), iterative.end(),
                     [&](const RankDecl& rank) { return rank.name == rank_of_variable(variable); });
}

Cut cut_of(const Cascade& cascade, const std::string& variable) {
  const std::string rank = rank_of_variable(variable);
  if (is_iterative(cascade, variable)) return Cut::one_at_a_time;
  if (const PartitionDecl* partition = cascade.partition_with(rank)) {
    return partition->outer == rank ? Cut::one_at_a_time : Cut::never;
  }
  return Cut::tiles;
}

std::string level_name(const Cascade& cascade, const std::string& name, int level) {
  const std::string rank = rank_of_variable(name);
  const bool taken = has_name(cascade, rank + "0") || has_name(cascade, rank + "1");
  return name + (taken || cascade.partition_of(rank) != nullptr ? "_" : "") + std::to_string(level);
}

}  // namespace einloom::planning
