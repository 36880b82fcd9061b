// SPDX-License-Identifier: Apache-2.0
#include "einsum/transforms/defer_scaling.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/suggest.hpp"
#include "einsum/transforms/facts.hpp"
#include "einsum/transforms/term_writer.hpp"

namespace einloom::transforms {
namespace {

class Deferral {
 public:
  Deferral(const Cascade& cascade, const RankGroup& group)
      : cascade_(cascade), group_(group), passes_(count_passes(cascade, group)), edit_(cascade) {
    inner_.insert(variable_of_rank(group.whole));
    if (!group.inner.empty()) inner_.insert(variable_of_rank(group.inner));
    rules_.is_late = [this](const Access& access) { return is_late(access); };
    rules_.varies = [this](const Expression& expression) { return uses_any(expression, inner_); };
    rules_.split_before = [this](const std::string& tensor) {
      const auto found = splits_.find(tensor);
      return found == splits_.end() ? nullptr : &found->second;
    };
    rules_.written_as = [this](const std::string& tensor) { return &cascade_.find_einsum(tensor)->output; };
    rules_.leaves_whole = true;
  }

  Cascade deferred() {
    for (std::size_t i = 0; i < cascade_.einsums().size(); ++i) {
      const Einsum& einsum = cascade_.einsums()[i];
      const std::set<std::string> mine = reduced_here(einsum);
      std::vector<Term> terms;
      if (passes_.einsums[i].traverses && can_split(einsum)) {
        terms = split_terms(einsum.expression, rules_, einsum.span).terms;
        for (Term& term : terms) keep_inside(term, others_reduced(einsum, mine));
      }
      const bool all_reduce = std::all_of(terms.begin(), terms.end(), [&](Term& term) {
        return depends_on_reduced(term, einsum) ||
               (!mine.empty() && group_.outer.empty() && sum_constant(term, einsum, cascade_, group_));
      });
      const bool comes_out =
          all_reduce && std::any_of(terms.begin(), terms.end(), [](const Term& t) { return !t.outside.empty(); });
      if (!comes_out) {
        copy(einsum);
      } else if (mine.empty()) {
        copy(einsum);
        split_map(einsum, std::move(terms));
      } else {
        split_reduction(einsum, std::move(terms), mine);
      }
    }
    return edit_.build(group_);
  }

 private:
  const TensorDecl& tensor(const std::string& name) const { return *cascade_.find_tensor(name); }

  bool is_late(const Access& access) const {
    const int producer = cascade_.einsum_position(access.tensor);
    if (producer < 0) return false;
    PassTime ready = passes_.einsums[static_cast<std::size_t>(producer)].ready;
    const TensorDecl& decl = tensor(access.tensor);
    const bool carried = !decl.iterative_rank.empty() && decl.iterative_rank == group_.outer;
    return !carried && ready.after && ready.pass >= 1 && footprint_of(access, decl, group_) != Footprint::full;
  }

  // Variables of the group that the Einsum reduces.
  std::set<std::string> reduced_here(const Einsum& einsum) const {
    std::set<std::string> found;
    for (const Reduction& reduction : einsum.reductions) {
      const std::string rank = rank_of_variable(reduction.variable);
      if (rank == group_.whole || rank == group_.outer || rank == group_.inner) found.insert(reduction.variable);
    }
    return found;
  }

  static std::set<std::string> others_reduced(const Einsum& einsum, const std::set<std::string>& mine) {
    std::set<std::string> found;
    for (const Reduction& reduction : einsum.reductions) {
      if (!mine.contains(reduction.variable)) found.insert(reduction.variable);
    }
    return found;
  }

  // Only sums let factors and terms pass; of different operators nothing can be said here.
  bool can_split(const Einsum& einsum) const {
    return !einsum.scatters() && !tensor(einsum.name()).initial &&
           std::all_of(einsum.reductions.begin(), einsum.reductions.end(),
                       [](const Reduction& reduction) { return fact_of_reduction(reduction.op).factors; });
  }

  void copy(const Einsum& einsum) {
    TensorDecl decl = tensor(einsum.name());
    decl.iterative_rank.clear();
    edit_.add(std::move(decl), einsum);
  }

  // A map keeps its tensor for those who need it whole; readers that reduce it take its terms.
  void split_map(const Einsum& einsum, std::vector<Term> terms) {
    const TensorDecl& decl = tensor(einsum.name());
    const bool alone = terms.size() == 1;
    for (Term& term : terms) {
      if (term.inside.empty()) continue;
      const Expression inside = product_of(term.inside);
      if (inside.kind == ExpressionKind::access && einsum.reductions.empty() && einsum.predicates.empty()) continue;
      const std::vector<std::string> ranks = ranks_used(decl.ranks, inside, einsum.predicates);
      const std::string name = edit_.fresh_name("N" + decl.name);
      if (alone) edit_.rename_when_free(name, decl.name);
      edit_.add(tensor_like(decl, name, ranks),
                einsum_of(name, ranks, einsum.reductions, inside, einsum.predicates, einsum.span));
      term.inside = {{read(access_of(name, ranks)), false}};
    }
    splits_[decl.name] = std::move(terms);
  }

  void split_reduction(const Einsum& einsum, std::vector<Term> terms, const std::set<std::string>& mine) {
    const TensorDecl& decl = tensor(einsum.name());
    std::vector<Expression> sums;
    for (Term& term : terms) {
      if (term.inside.empty()) {
        sums.emplace_back();  // its own sum
        continue;
      }
      Product of_tile;  // varies from tile to tile, and is late
      Product out;
      for (Factor& factor : term.outside) (uses_any(factor.value, mine) ? of_tile : out).push_back(std::move(factor));
      term.outside = std::move(out);
      Expression value = product_of(term.inside);
      std::vector<Reduction> reductions = einsum.reductions;
      std::vector<Comparison> predicates = einsum.predicates;
      if (!of_tile.empty()) {
        value = inside_tile(decl, einsum, value, reductions, predicates);
        of_tile.insert(of_tile.begin(), {value, false});
        value = product_of(of_tile);
      }
      const std::vector<std::string> ranks = ranks_used(decl.ranks, value, predicates);
      const bool is_result = terms.size() == 1 && term.outside.empty();
      const std::string name = is_result ? decl.name : edit_.fresh_name("N" + decl.name);
      TensorDecl sum = is_result ? decl : tensor_like(decl, name, ranks);
      edit_.add(sum, einsum_of(name, sum.ranks, reductions, value, predicates, einsum.span));
      if (is_result) return;
      sums.push_back(read(access_of(name, ranks)));
    }
    const Expression result = sum_over(terms, [&](const Term& term, std::size_t i) {
      Product factors = term.outside;
      if (!term.inside.empty()) factors.insert(factors.begin(), {sums[i], false});
      return product_of(factors);
    });
    edit_.add(decl, einsum_of(decl.name, decl.ranks, {}, result, {}, einsum.span));
  }

  // sum(m0) of the value; afterwards the value is that tensor, reduced over m1.
  Expression inside_tile(const TensorDecl& decl, const Einsum& einsum, const Expression& value,
                         std::vector<Reduction>& reductions, std::vector<Comparison>& predicates) {
    const std::string outer = variable_of_rank(group_.outer);
    std::vector<Reduction> local, merge;
    for (const Reduction& reduction : reductions) {
      (reduction.variable == outer ? merge : local).push_back(reduction);
    }
    const std::vector<std::string> ranks = ranks_used(with_rank(decl.ranks, group_.outer, value), value, predicates);
    const std::string name = edit_.fresh_name("L" + decl.name);
    edit_.add(tensor_like(decl, name, ranks), einsum_of(name, ranks, local, value, predicates, einsum.span));
    reductions = merge;
    predicates.clear();
    return read(access_of(name, ranks));
  }

  const Cascade& cascade_;
  RankGroup group_;
  RankPasses passes_;
  CascadeEdit edit_;
  SplitRules rules_;
  std::set<std::string> inner_;  // variables along which a factor must not vary
  std::map<std::string, std::vector<Term>> splits_;
};

}  // namespace

RankGroup group_of(const Cascade& cascade, const std::string& rank) {
  std::vector<std::string> names;
  for (const RankGroup& group : rank_groups(cascade)) {
    if (group.inside_tile()) continue;
    if (group.name == rank) return group;
    names.push_back(group.name);
  }
  throw UserError(Diagnostic{"transform-impossible",
                             fmt::format("cascade `{}` has no rank `{}`", cascade.name(), rank),
                             cascade.span(),
                             {},
                             suggestion(rank, names)});
}

Cascade defer_scaling(const Cascade& cascade, const std::string& rank) {
  return Deferral(cascade, group_of(cascade, rank)).deferred();
}

}  // namespace einloom::transforms
