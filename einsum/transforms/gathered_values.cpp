// SPDX-License-Identifier: Apache-2.0
#include "einsum/transforms/gathered_values.hpp"

#include <algorithm>

#include "einsum/affine.hpp"
#include "einsum/transforms/defer_scaling.hpp"
#include "einsum/transforms/term_writer.hpp"

namespace einloom::transforms {
namespace {

class GatheredValues {
 public:
  GatheredValues(const Cascade& cascade, const RankGroup& group)
      : cascade_(cascade), passes_(count_passes(cascade, group)), edit_(cascade) {}

  Cascade made() {
    for (std::size_t i = 0; i < cascade_.einsums().size(); ++i) {
      const Einsum& einsum = cascade_.einsums()[i];
      TensorDecl tensor = *cascade_.find_tensor(einsum.name());
      tensor.iterative_rank.clear();
      Einsum copied = einsum;
      const EinsumPass& pass = passes_.einsums[i];
      if (pass.traverses && pass.runs.pass > 1) copied.expression = with_copies(einsum, einsum.expression);
      edit_.add(std::move(tensor), std::move(copied));
    }
    return edit_.build(passes_.group);
  }

 private:
  // Inside `first` an operand may be missing, which a copy could not tell.
  Expression with_copies(const Einsum& einsum, const Expression& expression) {
    if (expression.kind == ExpressionKind::first) return expression;
    if (expression.kind == ExpressionKind::access) return read(copy_of(einsum, expression.access));
    Expression result = expression;
    for (Expression& arg : result.args) arg = with_copies(einsum, arg);
    return result;
  }

  // The access, or that of its copy.
  Access copy_of(const Einsum& einsum, const Access& access) {
    const TensorDecl& tensor = *cascade_.find_tensor(access.tensor);
    const auto position = static_cast<std::size_t>(cascade_.einsum_position(einsum.name()));
    if (!gathers(access, tensor) || known_in(access, tensor) >= passes_.einsums[position].runs.pass) return access;
    const Expression value = read(access);
    const std::vector<std::string> variables = variables_in_order(value);
    const std::vector<Comparison> predicates = predicates_over(einsum.predicates, {variables.begin(), variables.end()});
    std::string key = print_expression(value);
    for (const Comparison& predicate : predicates) key += " | " + print_comparison(predicate);
    std::vector<std::string> ranks;
    for (const std::string& variable : variables) ranks.push_back(rank_of_variable(variable));
    std::string& name = copies_[key];
    if (name.empty()) {
      name = edit_.fresh_name("G" + tensor.name);
      edit_.add(tensor_like(tensor, name, ranks), einsum_of(name, ranks, {}, value, predicates, einsum.span));
    }
    return access_of(name, ranks);
  }

  // Is it full in the rank because an index tensor says where it is read?
  bool gathers(const Access& access, const TensorDecl& tensor) const {
    if (!tensor.iterative_rank.empty() || footprint_of(access, tensor, passes_.group) != Footprint::full) return false;
    for (std::size_t k = 0; k < access.indices.size(); ++k) {
      if (tensor.ranks[k] == passes_.group.whole) return access.indices[k].gathers();
    }
    return false;
  }

  // The first pass in which the values and the indices are there.
  int known_in(const Access& access, const TensorDecl& tensor) const {
    PassTime latest{1, false};
    const auto wait_for = [&](const std::string& name) {
      const int producer = cascade_.einsum_position(name);
      if (producer >= 0) latest = std::max(latest, passes_.einsums[static_cast<std::size_t>(producer)].ready);
    };
    wait_for(tensor.name);
    for (const IndexExpression& index : access.indices) {
      for (const Access* inside : index.accesses()) wait_for(inside->tensor);
    }
    return latest.pass + (latest.after ? 1 : 0);
  }

  const Cascade& cascade_;
  RankPasses passes_;
  CascadeEdit edit_;
  std::map<std::string, std::string> copies_;  // what is gathered, and where it has points: its tensor
};

}  // namespace

Cascade gathered_values(const Cascade& cascade, const std::string& rank) {
  return GatheredValues(cascade, group_of(cascade, rank)).made();
}

}  // namespace einloom::transforms
