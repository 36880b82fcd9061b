// SPDX-License-Identifier: Apache-2.0
#include "einsum/transforms/partition_rank.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/suggest.hpp"
#include "einsum/affine.hpp"
#include "einsum/transforms/cascade_edit.hpp"
#include "einsum/transforms/expression_algebra.hpp"

namespace einloom::transforms {
namespace {

class RankPartition {
 public:
  RankPartition(const Cascade& cascade, const std::string& rank, std::int64_t tile)
      : cascade_(cascade), edit_(cascade), rank_(rank), variable_(variable_of_rank(rank)) {
    check();
    name_parts();
    CascadeDraft& draft = edit_.draft();
    draft.partitions.push_back({rank, outer_, inner_, {}});
    draft.parameters.push_back({inner_, tile, {}});
    IndexExpression joined;
    joined.terms = {{1, inner_, variable_of_rank(outer_), {}, {}}, {1, "", variable_of_rank(inner_), {}, {}}};
    join_[variable_] = joined;
  }

  Cascade partition() {
    find_whole();
    for (const Einsum& einsum : cascade_.einsums()) {
      TensorDecl tensor = *cascade_.find_tensor(einsum.name());
      tensor.iterative_rank.clear();
      if (whole_.contains(einsum.name())) {
        edit_.add(tensor, einsum);
        tensor.name = tiled_[einsum.name()] = edit_.fresh_name("T" + einsum.name());
        tensor.role = TensorRole::intermediate;
      }
      split_ranks(tensor.ranks);
      edit_.add(std::move(tensor), rewritten_einsum(einsum));
    }
    return edit_.build({rank_, rank_, outer_, inner_});
  }

 private:
  // Outputs along the rank, and what they are mapped from.
  void find_whole() {
    for (std::size_t i = cascade_.einsums().size(); i-- > 0;) {
      const Einsum& einsum = cascade_.einsums()[i];
      const TensorDecl& tensor = *cascade_.find_tensor(einsum.name());
      if (!has_rank(tensor)) continue;
      if (tensor.role == TensorRole::output) whole_.insert(tensor.name);
      if (!whole_.contains(tensor.name)) continue;
      for (const Access* access : einsum.reads()) {
        const TensorDecl& operand = *cascade_.find_tensor(access->tensor);
        if (operand.role != TensorRole::input && has_rank(operand)) whole_.insert(operand.name);
      }
    }
  }

  bool has_rank(const TensorDecl& tensor) const {
    return std::find(tensor.ranks.begin(), tensor.ranks.end(), rank_) != tensor.ranks.end();
  }

  [[noreturn]] void refuse(const std::string& why, const Span& where, const std::string& help = "") const {
    throw UserError(Diagnostic{
        "transform-impossible", fmt::format("rank `{}` cannot be partitioned: {}", rank_, why), where, {}, help});
  }

  void check() const {
    std::vector<std::string> names;
    for (const RankDecl& rank : cascade_.ranks()) names.push_back(rank.name);
    if (std::find(names.begin(), names.end(), rank_) == names.end()) {
      refuse(fmt::format("cascade `{}` has no such rank", cascade_.name()), cascade_.span(), suggestion(rank_, names));
    }
    if (cascade_.partition_of(rank_)) refuse("it is already", cascade_.span());
    for (const RankDecl& rank : cascade_.iterative_ranks()) {
      if (rank.name == rank_) refuse("it is iterative", rank.span);
    }
    const bool reduced = std::any_of(cascade_.einsums().begin(), cascade_.einsums().end(),
                                     [&](const Einsum& einsum) { return einsum.reduces(variable_); });
    if (!reduced) refuse("no Einsum reduces over it, and inputs and outputs keep their ranks", cascade_.span());
  }

  void name_parts() {
    const auto free = [&](const std::string& name) {
      const auto ranks = cascade_.all_ranks();
      const auto& parameters = cascade_.parameters();
      return std::find(ranks.begin(), ranks.end(), name) == ranks.end() &&
             std::none_of(parameters.begin(), parameters.end(),
                          [&](const ParameterDecl& parameter) { return parameter.name == name; });
    };
    for (const char* between : {"", "_", "__"}) {
      outer_ = rank_ + between + "1";
      inner_ = rank_ + between + "0";
      if (free(outer_) && free(inner_)) return;
    }
    refuse("no names are left for its parts", cascade_.span());
  }

  void split_ranks(std::vector<std::string>& ranks) const {
    const auto found = std::find(ranks.begin(), ranks.end(), rank_);
    if (found == ranks.end()) return;
    *found = outer_;
    ranks.insert(found + 1, inner_);
  }

  // Inputs are read at m1*M0+m0, tensors of the cascade at m1, m0.
  Access rewritten_access(const Access& access) const {
    const TensorDecl& tensor = *cascade_.find_tensor(access.tensor);
    if (tensor.role == TensorRole::input) return substituted(access, join_, access.span);
    Access result;
    const auto tiled = tiled_.find(access.tensor);
    result.tensor = tiled == tiled_.end() ? access.tensor : tiled->second;
    for (std::size_t k = 0; k < access.indices.size(); ++k) {
      if (tensor.ranks[k] != rank_) {
        const Access alone{access.tensor, {access.indices[k]}, access.span};
        result.indices.push_back(substituted(alone, join_, access.span).indices.front());
        continue;
      }
      if (access.indices[k].plain_variable() != variable_ || access.indices[k].plain_offset() != 0) {
        refuse(fmt::format("`{}` is read at `{}`, which may lie in another tile", access.tensor,
                           print_index(access.indices[k])),
               access.span);
      }
      result.indices.push_back(index_of_variable(variable_of_rank(outer_), {}));
      result.indices.push_back(index_of_variable(variable_of_rank(inner_), {}));
    }
    return result;
  }

  Expression rewritten_values(const Expression& expression) const {
    if (expression.kind == ExpressionKind::access) return read(rewritten_access(expression.access));
    if (expression.kind == ExpressionKind::index) return substituted(expression, join_, expression.span);
    Expression result = expression;
    for (Expression& arg : result.args) arg = rewritten_values(arg);
    return result;
  }

  Einsum rewritten_einsum(const Einsum& einsum) const {
    Einsum result;
    result.span = einsum.span;
    result.output = rewritten_access(einsum.output);
    for (const Reduction& reduction : einsum.reductions) {
      if (reduction.variable != variable_) {
        result.reductions.push_back(reduction);
        continue;
      }
      result.reductions.push_back({reduction.op, variable_of_rank(outer_), reduction.span});
      result.reductions.push_back({reduction.op, variable_of_rank(inner_), reduction.span});
    }
    result.expression = rewritten_values(einsum.expression);
    for (const Comparison& predicate : einsum.predicates) {
      result.predicates.push_back(substituted(predicate, join_, predicate.span));
    }
    return result;
  }

  const Cascade& cascade_;
  CascadeEdit edit_;
  std::string rank_, variable_, outer_, inner_;
  VariableMap join_;
  std::set<std::string> whole_;
  std::map<std::string, std::string> tiled_;  // the tiles of a tensor that stays whole too
};

}  // namespace

Cascade partition_rank(const Cascade& cascade, const std::string& rank, std::int64_t tile) {
  return RankPartition(cascade, rank, tile).partition();
}

}  // namespace einloom::transforms
