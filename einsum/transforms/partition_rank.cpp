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
    for (const Einsum& original : cascade_.einsums()) {
      TensorDecl tensor = *cascade_.find_tensor(original.name());
      tensor.iterative_rank.clear();
      const Einsum einsum = stays(original) ? original : with_steps(original);
      if (stays(einsum)) {
        edit_.add(std::move(tensor), einsum);
        continue;
      }
      if (whole_.contains(einsum.name())) {
        edit_.add(tensor, original);
        tensor.name = tiled_[einsum.name()] = edit_.fresh_name("T" + einsum.name());
        tensor.role = TensorRole::intermediate;
      }
      split_ranks(tensor.ranks);
      edit_.add(std::move(tensor), rewritten_einsum(einsum, original));
    }
    return edit_.build({rank_, rank_, outer_, inner_});
  }

 private:
  // What a selection along the rank looks at, what is read across tiles, outputs along the rank; and what all of these
  // are mapped from.
  void find_whole() {
    for (std::size_t i = cascade_.einsums().size(); i-- > 0;) {
      const Einsum& einsum = cascade_.einsums()[i];
      const TensorDecl& tensor = *cascade_.find_tensor(einsum.name());
      if (has_rank(tensor) && (tensor.role == TensorRole::output || stays(einsum))) whole_.insert(tensor.name);
      const bool all = stays(einsum) || whole_.contains(tensor.name);
      for (const Access* access : einsum.reads()) {
        const TensorDecl& operand = *cascade_.find_tensor(access->tensor);
        if (operand.role == TensorRole::input || !has_rank(operand)) continue;
        if (all || !is_plain(*access, operand)) whole_.insert(operand.name);
      }
    }
  }

  // Selects along the rank, numbers its results by it, writes along it where an index tensor says, or is the state of
  // an iteration over another rank: has no tiles.
  bool stays(const Einsum& einsum) const {
    const TensorDecl& tensor = *cascade_.find_tensor(einsum.name());
    if ((einsum.scatters() || tensor.initial) && has_rank(tensor)) return true;
    return !einsum.selection().empty() && (einsum.reduces(variable_) || einsum.selected_variable() == variable_);
  }

  // Every index of the rank is its variable alone.
  bool is_plain(const Access& access, const TensorDecl& tensor) const {
    for (std::size_t k = 0; k < access.indices.size(); ++k) {
      if (tensor.ranks[k] != rank_) continue;
      if (access.indices[k].plain_variable() != variable_ || access.indices[k].plain_offset() != 0) return false;
    }
    return true;
  }

  bool has_rank(const TensorDecl& tensor) const {
    return std::find(tensor.ranks.begin(), tensor.ranks.end(), rank_) != tensor.ranks.end();
  }

  [[noreturn]] void refuse(const std::string& why, const Span& where, const std::string& help = "") const {
    throw UserError(Diagnostic{
        "transform-impossible", fmt::format("rank `{}` cannot be partitioned: {}", rank_, why), where, {}, help});
  }

  // m1*M0+m0 stands for m in an index of the rank, and nothing else that both parts are in.
  void check_strides() const {
    for (Einsum einsum : cascade_.einsums()) {
      visit_accesses(einsum, [&](const Access& access) {
        const TensorDecl& tensor = *cascade_.find_tensor(access.tensor);
        for (std::size_t k = 0; k < access.indices.size(); ++k) {
          if (tensor.ranks[k] != rank_) continue;
          for (const IndexTerm& term : access.indices[k].terms) {
            if (term.variable != variable_ || (term.factor == 1 && term.symbol.empty())) continue;
            refuse(fmt::format("`{}` is read at `{}`, with a stride", access.tensor, print_index(access.indices[k])),
                   access.span);
          }
        }
      });
    }
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
    for (const DerivedRank& derived : cascade_.derived_ranks()) {
      if (derived.rank != rank_ || derived.formula.kind != ExpressionKind::symbol) continue;
      for (const PartitionDecl& partition : cascade_.partitions()) {
        if (partition.inner == derived.formula.name) {
          refuse(fmt::format("it counts positions inside the tiles of `{}`", partition.rank), derived.span);
        }
      }
    }
    check_strides();
    const bool reduced = std::any_of(cascade_.einsums().begin(), cascade_.einsums().end(),
                                     [&](const Einsum& einsum) { return einsum.reduces(variable_); });
    if (!reduced) refuse("no Einsum reduces over it, and inputs and outputs keep their ranks", cascade_.span());
  }

  void name_parts() {
    const PartNames parts = part_names(cascade_, rank_);
    if (parts.outer.empty()) refuse("no names are left for its parts", cascade_.span());
    outer_ = parts.outer;
    inner_ = parts.inner;
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
    if (tensor.role == TensorRole::input) return substituted(with_gathered(access), join_, access.span);
    const Einsum* writer = cascade_.find_einsum(access.tensor);
    if (!is_plain(access, tensor) || (has_rank(tensor) && stays(*writer))) {
      ensure(whole_.contains(access.tensor), "a tensor read across tiles has no whole form");
      return substituted(with_gathered(access), join_, access.span);
    }
    Access result;
    const auto tiled = tiled_.find(access.tensor);
    result.tensor = tiled == tiled_.end() ? access.tensor : tiled->second;
    for (std::size_t k = 0; k < access.indices.size(); ++k) {
      if (tensor.ranks[k] != rank_) {
        const Access alone{access.tensor, {access.indices[k]}, access.span};
        result.indices.push_back(substituted(with_gathered(alone), join_, access.span).indices.front());
        continue;
      }
      result.indices.push_back(index_of_variable(variable_of_rank(outer_), {}));
      result.indices.push_back(index_of_variable(variable_of_rank(inner_), {}));
    }
    return result;
  }

  // Where the variable is multiplied by a symbol, DX*m, the product with the tile, DX*M0, becomes a rank of its own.
  Einsum with_steps(Einsum einsum) {
    visit_accesses(einsum, [&](Access& access) {
      for (IndexExpression& index : access.indices) index = with_steps(std::move(index));
    });
    for (Comparison& predicate : einsum.predicates) {
      predicate.left = with_steps(std::move(predicate.left));
      predicate.right = with_steps(std::move(predicate.right));
    }
    return einsum;
  }

  IndexExpression with_steps(IndexExpression index) {
    std::vector<IndexTerm> terms;
    for (const IndexTerm& term : index.terms) {
      terms.push_back(term);
      if (term.variable != variable_ || term.symbol.empty()) continue;
      terms.back().variable = variable_of_rank(inner_);
      IndexTerm outer = term;
      outer.variable = variable_of_rank(outer_);
      outer.symbol = step_of(term.symbol);
      terms.push_back(outer);
    }
    index.terms = std::move(terms);
    return index;
  }

  std::string step_of(const std::string& symbol) {
    const auto known = steps_.find(symbol);
    if (known != steps_.end()) return known->second;
    CascadeDraft& draft = edit_.draft();
    std::string name = symbol + inner_;
    const auto is_taken = [&] {
      const bool parameter = std::any_of(draft.parameters.begin(), draft.parameters.end(),
                                         [&](const ParameterDecl& each) { return each.name == name; });
      return parameter || draft.is_rank(name) || draft.find_tensor(name) || cascade_.find_tensor(name);
    };
    while (is_taken()) name += "_";
    const auto symbol_of = [](const std::string& text) {
      Expression expression;
      expression.kind = ExpressionKind::symbol;
      expression.name = text;
      return expression;
    };
    draft.ranks.push_back({name, {}});
    draft.derived.push_back({name, call("mul", {symbol_of(symbol), symbol_of(inner_)}), {}});
    return steps_[symbol] = name;
  }

  // Index tensors inside its indices are read by tiles.
  Access with_gathered(Access access) const {
    for (IndexExpression& index : access.indices) index = with_gathered(std::move(index));
    return access;
  }
  IndexExpression with_gathered(IndexExpression index) const {
    for (IndexTerm& term : index.terms) {
      for (Access& gathered : term.gathered) gathered = rewritten_access(gathered);
    }
    return index;
  }

  Expression rewritten_values(const Expression& expression) const {
    if (expression.kind == ExpressionKind::access) return read(rewritten_access(expression.access));
    if (expression.kind == ExpressionKind::index) return substituted(expression, join_, expression.span);
    Expression result = expression;
    for (Expression& arg : result.args) arg = rewritten_values(arg);
    return result;
  }

  // Whether nothing ends the last tile where the rank ends: no operand, outside of `first`, is read at the variable.
  bool needs_bound(const Einsum& einsum) const {
    const auto variables = einsum.variables();
    if (std::find(variables.begin(), variables.end(), variable_) == variables.end()) return false;
    return !is_bound(einsum.expression);
  }

  bool is_bound(const Expression& expression) const {
    if (expression.kind == ExpressionKind::access) {
      const TensorDecl& tensor = *cascade_.find_tensor(expression.access.tensor);
      return has_rank(tensor) && is_plain(expression.access, tensor);
    }
    if (expression.kind == ExpressionKind::first) return false;
    return std::any_of(expression.args.begin(), expression.args.end(),
                       [&](const Expression& arg) { return is_bound(arg); });
  }

  Einsum rewritten_einsum(const Einsum& einsum, const Einsum& original) const {
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
      const Comparison by_tiles{with_gathered(predicate.left), predicate.op, with_gathered(predicate.right),
                                predicate.span};
      result.predicates.push_back(substituted(by_tiles, join_, predicate.span));
    }
    if (needs_bound(original)) result.predicates.push_back({join_.at(variable_), "<", index_of_symbol(rank_, {}), {}});
    return result;
  }

  const Cascade& cascade_;
  CascadeEdit edit_;
  std::string rank_, variable_, outer_, inner_;
  VariableMap join_;
  std::map<std::string, std::string> steps_;  // DX: the rank DX*M0
  std::set<std::string> whole_;
  std::map<std::string, std::string> tiled_;  // the tiles of a tensor that stays whole too
};

}  // namespace

Cascade partition_rank(const Cascade& cascade, const std::string& rank, std::int64_t tile) {
  return RankPartition(cascade, rank, tile).partition();
}

}  // namespace einloom::transforms
