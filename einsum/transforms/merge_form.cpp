// SPDX-License-Identifier: Apache-2.0
// Second half: writes what merge_phases planned, with the values that final_values gives.
#include "einsum/transforms/merge_form.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "einsum/affine.hpp"
#include "einsum/ops/op.hpp"
#include "einsum/transforms/defer_scaling.hpp"
#include "einsum/transforms/final_values.hpp"
#include "einsum/transforms/merge_phases.hpp"
#include "einsum/transforms/term_writer.hpp"

namespace einloom::transforms {
namespace {

class MergeWriter {
 public:
  MergeWriter(const Cascade& cascade, const RankGroup& group, MergeStyle style)
      : cascade_(cascade),
        group_(group),
        running_(style == MergeStyle::running),
        prefix_(running_ ? "R" : "L"),
        outer_(variable_of_rank(group.outer)),
        edit_(cascade),
        phases_(cascade, group, prefix_, [this](const std::string& wish) { return edit_.fresh_name(wish); }),
        values_(cascade, group, style, prefix_, edit_, phases_) {}

  MergeForm write() {
    for (std::size_t i = 0; i < cascade_.einsums().size(); ++i) {
      const Einsum& einsum = cascade_.einsums()[i];
      const MergeStep& step = phases_.step(static_cast<int>(i));
      values_.enter_phase(step.phase);
      if (decl(einsum.name()).initial) {
        copy(einsum);
        continue;
      }
      switch (step.role) {
        case MergeRole::free:
          copy(einsum);
          break;
        case MergeRole::inside:
          if (!is_made_of_tiles(einsum, step)) copy(einsum);
          for (const Core& core : step.cores) write_core(einsum, core, step.cores.size() == 1);
          if (is_made_of_tiles(einsum, step)) write_at_the_end(einsum, step);
          break;
        case MergeRole::reduces:
          // What is written where an index tensor says is never split.
          if (einsum.scatters()) {
            copy(einsum);
          } else {
            write_reduction(einsum, step);
          }
          break;
      }
    }
    if (iterates_) edit_.draft().iterative.push_back({group_.outer, {}});
    MergeForm result{edit_.build(group_), phases_.blocked()};
    check_corrected(result.cascade);
    return result;
  }

 private:
  const TensorDecl& decl(const std::string& tensor) const { return *cascade_.find_tensor(tensor); }

  void copy(const Einsum& einsum) {
    TensorDecl tensor = decl(einsum.name());
    tensor.iterative_rank.clear();
    Einsum copied = einsum;
    copied.expression = values_.at_the_end(einsum.expression);
    edit_.add(std::move(tensor), std::move(copied));
  }

  // One value for each tile, made of the tile's full values: nothing but its correction is late.
  bool is_made_of_tiles(const Einsum& einsum, const MergeStep& step) const {
    return step.is_split && einsum.reduces(variable_of_rank(group_.inner));
  }

  // What it is when all tiles are there: its cores, corrected, without reading the tiles again.
  void write_at_the_end(const Einsum& einsum, const MergeStep& step) {
    TensorDecl tensor = decl(einsum.name());
    tensor.iterative_rank.clear();
    const Expression value = sum_over(step.terms, [&](const Term& term, std::size_t) {
      Product factors = term.inside;
      if (const auto factor = values_.correction(term.shifts, tensor, einsum.span, Correction::tile_to_end)) {
        factors.push_back({read(*factor), false});
      }
      for (const Factor& factor : term.outside) factors.push_back({values_.at_the_end(factor.value), factor.divides});
      return product_of(factors);
    });
    const std::vector<std::string> ranks = tensor.ranks;
    edit_.add(std::move(tensor), einsum_of(einsum.name(), ranks, {}, value, {}, einsum.span));
  }

  void write_core(const Einsum& einsum, const Core& core, bool alone) {
    if (alone) edit_.rename_when_free(core.tensor, einsum.name());
    Expression value = values_.at_the_tile(core.value);
    edit_.add(tensor_like(decl(einsum.name()), core.tensor, core.ranks),
              einsum_of(core.tensor, core.ranks, einsum.reductions, std::move(value), einsum.predicates, einsum.span));
  }

  // --- reductions -------------------------------------------------------------------------------------------------

  void write_reduction(const Einsum& einsum, const MergeStep& step) {
    const TensorDecl& result = decl(einsum.name());
    std::vector<Term> terms = step.terms;
    if (terms.empty()) terms.push_back(Term{false, {}, {{einsum.expression, false}}, {}});
    const bool is_bare = terms.size() == 1 && terms.front().outside.empty() && !terms.front().negative;
    std::vector<Expression> parts;
    for (const Term& term : terms) {
      if (term.inside.empty()) {
        parts.push_back(product_of(term.outside));
        continue;
      }
      const Expression value = product_of(term.inside);
      TensorDecl part = result;
      if (!is_bare) {
        part = tensor_like(result, edit_.fresh_name("N" + result.name),
                           ranks_used(result.ranks, value, einsum.predicates));
      }
      reduce(einsum, term, value, part, step.accumulates);
      Product factors = term.outside;
      factors.insert(factors.begin(), {read(access_of(part.name, part.ranks)), false});
      parts.push_back(product_of(factors));
    }
    if (is_bare) return;
    const Expression sum = sum_over(terms, [&](const Term&, std::size_t i) { return parts[i]; });
    values_.define(result.name, sum);
    edit_.add(result, einsum_of(result.name, result.ranks, {}, values_.at_the_end(sum), {}, einsum.span));
  }

  // One accumulated term: `part` is the tensor it is called, ranks of the result.
  void reduce(const Einsum& einsum, const Term& term, const Expression& value, const TensorDecl& part,
              bool accumulates) {
    values_.add_part(part.name, part.ranks);
    if (!accumulates) {
      edit_.add(part, einsum_of(part.name, part.ranks, einsum.reductions, values_.at_the_tile(value), einsum.predicates,
                                einsum.span));
      return;
    }
    const std::vector<std::string> ranks = with_rank(part.ranks, group_.outer, value);
    const Access tile = tile_value(einsum, value, part, ranks);
    const std::optional<Access> factor = values_.correction(
        term.shifts, part, einsum.span, running_ ? Correction::before_to_tile : Correction::tile_to_end);
    if (running_) {
      accumulate(einsum, part, ranks, tile, factor);
    } else {
      merge(einsum, part, ranks, tile, factor);
    }
  }

  // The reduction inside the tile; the operand itself where nothing is reduced there.
  Access tile_value(const Einsum& einsum, const Expression& value, const TensorDecl& part,
                    const std::vector<std::string>& ranks) {
    std::vector<Reduction> local;
    for (const Reduction& reduction : einsum.reductions) {
      if (reduction.variable != outer_) local.push_back(reduction);
    }
    const Expression made = values_.at_the_tile(value);
    if (local.empty() && made.kind == ExpressionKind::access && einsum.predicates.empty()) {
      const Access& access = made.access;
      const bool plain =
          std::equal(access.indices.begin(), access.indices.end(), ranks.begin(), ranks.end(),
                     [](const IndexExpression& index, const std::string& rank) {
                       return index.plain_variable() == variable_of_rank(rank) && index.plain_offset() == 0;
                     });
      if (plain) return access;
    }
    const std::string name = edit_.fresh_name("L" + part.name);
    edit_.add(tensor_like(part, name, ranks), einsum_of(name, ranks, local, made, einsum.predicates, einsum.span));
    return access_of(name, ranks);
  }

  void accumulate(const Einsum& einsum, const TensorDecl& part, const std::vector<std::string>& ranks,
                  const Access& tile, const std::optional<Access>& factor) {
    const ReductionOp& op = *find_reduction(einsum.reductions.front().op);
    const std::string name = edit_.fresh_name("R" + part.name);
    TensorDecl state = tensor_like(part, name, ranks);
    state.initial = op.identity;
    Einsum next = einsum_of(name, ranks, {}, {}, {}, einsum.span);
    Expression previous = read(next.output);
    if (factor) previous = call("mul", {std::move(previous), read(*factor)});
    next.expression = call(op.combine, {std::move(previous), read(tile)});
    for (IndexExpression& index : next.output.indices) {
      if (index.plain_variable() == outer_) index = values_.tile_index(1);
    }
    edit_.add(std::move(state), std::move(next));
    if (factor) corrected_.emplace_back(name, factor->tensor);
    iterates_ = true;
    values_.accumulate(part.name, {"", name, ranks});
    end_of(part, name, ranks);
  }

  // Who reads the final reads the last state; an output is written as it was.
  void end_of(const TensorDecl& part, const std::string& state, const std::vector<std::string>& ranks) {
    Access last = access_of(state, ranks);
    for (IndexExpression& index : last.indices) {
      if (index.plain_variable() == outer_) index = index_of_symbol(group_.outer, {});
    }
    if (part.role == TensorRole::output) {
      edit_.add(part, einsum_of(part.name, part.ranks, {}, read(last), {}, part.span));
    }
  }

  void merge(const Einsum& einsum, const TensorDecl& part, const std::vector<std::string>& ranks, const Access& tile,
             const std::optional<Access>& factor) {
    Expression value = read(tile);
    if (factor) value = call("mul", {std::move(value), read(*factor)});
    edit_.add(part,
              einsum_of(part.name, part.ranks, {{einsum.reductions.front().op, outer_, {}}}, value, {}, einsum.span));
    values_.accumulate(part.name, {tile.tensor, "", ranks});
  }

  // Predicates that remove whole tiles, as they are written.
  std::set<std::string> tile_predicates(const Cascade& made, const std::string& tensor) const {
    std::set<std::string> found;
    const int position = made.einsum_position(tensor);
    if (position < 0) return found;
    for (const Comparison& predicate : made.domain(position)) {
      for (const IndexExpression* side : {&predicate.left, &predicate.right}) {
        const auto names = side->variables();
        if (std::find(names.begin(), names.end(), outer_) != names.end()) found.insert(print_comparison(predicate));
      }
    }
    return found;
  }

  // States that a correction is made of, through maps of them.
  void states_in(const Cascade& made, const std::string& tensor, std::set<std::string>& states) const {
    for (const Access* access : made.find_einsum(tensor)->reads()) {
      if (!made.find_einsum(access->tensor)) continue;
      if (made.find_tensor(access->tensor)->iterative_rank == group_.outer) {
        states.insert(access->tensor);
      } else {
        states_in(made, access->tensor, states);
      }
    }
  }

  // A corrected state must not stand still at a tile at which what it is corrected with moves on.
  void check_corrected(const Cascade& made) const {
    for (const auto& [name, factor] : corrected_) {
      if (!made.find_einsum(name) || !made.find_einsum(factor)) continue;
      std::set<std::string> moving;
      states_in(made, factor, moving);
      for (const std::string& predicate : tile_predicates(made, name)) {
        for (const std::string& state : moving) {
          if (tile_predicates(made, state).contains(predicate)) continue;
          throw UserError(Diagnostic{
              "transform-impossible",
              fmt::format(
                  "`{}` has tiles without a point, by `{}`, at which `{}` has some; its running value would miss "
                  "their corrections",
                  name, predicate, state),
              cascade_.span()});
        }
      }
    }
  }

  const Cascade& cascade_;
  RankGroup group_;
  bool running_;
  std::string prefix_, outer_;
  CascadeEdit edit_;
  MergePhases phases_;
  FinalValues values_;
  bool iterates_ = false;
  std::vector<std::pair<std::string, std::string>> corrected_;  // a state and what it is corrected with
};

}  // namespace

MergeForm merge_form(const Cascade& cascade, const std::string& rank, MergeStyle style) {
  const RankGroup group = group_of(cascade, rank);
  const auto refuse = [&](const std::string& why, const std::string& help) {
    throw UserError(Diagnostic{"transform-impossible",
                               fmt::format("the tiles of `{}` cannot be merged: {}", rank, why),
                               cascade.span(),
                               {},
                               help});
  };
  if (group.outer.empty()) refuse("it is not partitioned", fmt::format("apply `partition:{}` first", rank));
  for (const RankDecl& iterative : cascade.iterative_ranks()) {
    if (iterative.name == group.outer) refuse("the cascade iterates over them already", "");
  }
  const std::string whole = variable_of_rank(group.whole);
  for (const Einsum& einsum : cascade.einsums()) {
    if (einsum.reduces(whole) && einsum.selection().empty())
      refuse(fmt::format("`{}` reduces over `{}` as a whole", einsum.name(), whole), "");
  }
  return MergeWriter(cascade, group, style).write();
}

}  // namespace einloom::transforms
