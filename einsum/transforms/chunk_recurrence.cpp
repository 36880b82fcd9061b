// SPDX-License-Identifier: Apache-2.0
#include "einsum/transforms/chunk_recurrence.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/suggest.hpp"
#include "einsum/affine.hpp"
#include "einsum/transforms/cascade_edit.hpp"
#include "einsum/transforms/linear_recurrence.hpp"
#include "einsum/transforms/term_writer.hpp"

namespace einloom::transforms {
namespace {

class ChunkedRecurrence {
 public:
  ChunkedRecurrence(const Cascade& cascade, const std::string& rank, std::int64_t chunk)
      : cascade_(cascade), edit_(cascade), rank_(iteration_of(rank)), recurrences_(linear_recurrences(cascade, rank_)) {
    if (recurrences_.states.empty()) refuse(fmt::format("no state is iterated over `{}`", rank_), cascade.span());
    whole_ = partitioned_rank();
    const PartNames parts = part_names(cascade, whole_);
    if (parts.outer.empty()) refuse("no names are left for its parts", cascade.span());
    outer_ = parts.outer;
    inner_ = parts.inner;
    CascadeDraft& draft = edit_.draft();
    draft.partitions.push_back({whole_, outer_, inner_, {}});
    draft.parameters.push_back({inner_, chunk, {}});
    for (const auto& [name, letter] : {std::pair{&step_, "I"}, {&other_, "J"}, {&between_, "K"}}) {
      *name = inner_ + letter;
      while (draft.is_rank(*name) || cascade.find_tensor(*name)) *name += "_";
      draft.ranks.push_back({*name, {}});
      draft.derived.push_back({*name, symbol(inner_), {}});
    }
    for (std::size_t i = 0; i < draft.iterative.size(); ++i) {
      if (draft.iterative[i].name != rank_) continue;
      draft.iterative[i].name = outer_;
      if (recurrences_.feedback.empty()) continue;
      draft.iterative.insert(draft.iterative.begin() + static_cast<std::ptrdiff_t>(i) + 1, {step_, {}});
    }
    for (const std::string& each : recurrences_.feedback) {
      feedback_[each] = {edit_.fresh_name("T" + each), edit_.fresh_name("H" + each)};
    }
    for (const std::string& each : cascade.all_ranks()) {
      order_.push_back(each);
      if (each == whole_) order_.insert(order_.end(), {outer_, inner_, step_, other_, between_});
    }
  }

  Cascade chunked() {
    for (const Einsum& einsum : cascade_.einsums()) {
      const LinearRecurrence* recurrence = recurrence_of(einsum.name());
      if (recurrence) {
        add_state_of_chunks(*recurrence);
      } else if (recurrences_.feedback.contains(einsum.name())) {
        add_feedback(einsum);
      } else if (reads_state(einsum)) {
        if (!add_reader_by_pairs(einsum, Pace::at_once)) add_reader_of_states(einsum);
      } else {
        edit_.add(declared(einsum), einsum);
      }
    }
    join_steps();
    return edit_.build({whole_, whole_, outer_, inner_});
  }

 private:
  // What a token's state keeps of an earlier one: D(l,j), l the last token that is in it.
  enum class Reach { through, before };  // of the state n+1, of the state n
  // Which of a chunk's tokens an Einsum is made for: all at once, or, where they wait for each other, step by step.
  enum class Pace { at_once, by_steps };

  [[noreturn]] void refuse(const std::string& why, const Span& where, const std::string& help = "") const {
    throw UserError(Diagnostic{
        "transform-impossible", fmt::format("the iteration cannot be cut into chunks: {}", why), where, {}, help});
  }

  std::string iteration_of(const std::string& rank) const {
    std::vector<std::string> names, found;
    for (const RankDecl& iterative : cascade_.iterative_ranks()) {
      names.push_back(iterative.name);
      if (iterative.name == rank) found = {rank};
    }
    for (const DerivedRank& derived : cascade_.derived_ranks()) {
      const bool follows = derived.formula.kind == ExpressionKind::symbol && derived.formula.name == rank;
      const bool is_iterative = std::find(names.begin(), names.end(), derived.rank) != names.end();
      if (follows && is_iterative && std::find(found.begin(), found.end(), rank) == found.end()) {
        found.push_back(derived.rank);
      }
    }
    if (found.size() != 1) {
      std::string help = suggestion(rank, names);
      if (help.empty() && !names.empty()) help = fmt::format("it iterates over {}", fmt::join(names, ", "));
      refuse(fmt::format("cascade `{}` does not iterate over `{}`", cascade_.name(), rank), cascade_.span(), help);
    }
    if (cascade_.partition_with(found.front())) {
      refuse(fmt::format("`{}` is a part of `{}`, in tiles already", found.front(),
                         cascade_.partition_with(found.front())->rank),
             cascade_.span());
    }
    return found.front();
  }

  // The rank that all tensors read at the iteration's steps have, where it is one that the steps count; so that passes
  // over it are passes of its tiles. Otherwise the iterated rank.
  std::string partitioned_rank() const {
    for (const DerivedRank& derived : cascade_.derived_ranks()) {
      if (derived.rank != rank_ || derived.formula.kind != ExpressionKind::symbol) continue;
      const std::string& origin = derived.formula.name;
      const auto ranks = cascade_.ranks();
      const auto is_origin = [&](const RankDecl& rank) { return rank.name == origin; };
      const bool is_free = std::any_of(ranks.begin(), ranks.end(), is_origin) && !cascade_.partition_of(origin);
      if (is_free && only_reads(origin)) return origin;
    }
    return rank_;
  }
  bool only_reads(const std::string& origin) const {
    for (const Einsum& einsum : cascade_.einsums()) {
      for (const Access* access : einsum.reads()) {
        const TensorDecl& tensor = *cascade_.find_tensor(access->tensor);
        for (std::size_t k = 0; k < access->indices.size(); ++k) {
          const auto names = access->indices[k].variables();
          const bool is_step = std::find(names.begin(), names.end(), variable_of_rank(rank_)) != names.end();
          if (is_step && tensor.ranks[k] != origin && tensor.ranks[k] != rank_) return false;
        }
      }
    }
    return true;
  }

  const LinearRecurrence* recurrence_of(const std::string& tensor) const {
    for (const LinearRecurrence& each : recurrences_.states) {
      if (each.update->name() == tensor) return &each;
    }
    return nullptr;
  }

  TensorDecl declared(const Einsum& einsum) const {
    TensorDecl tensor = *cascade_.find_tensor(einsum.name());
    tensor.iterative_rank.clear();
    return tensor;
  }

  std::size_t position_of_rank(const TensorDecl& tensor) const {
    return static_cast<std::size_t>(std::find(tensor.ranks.begin(), tensor.ranks.end(), rank_) - tensor.ranks.begin());
  }

  // --- tokens --------------------------------------------------------------------------------------------------------

  // c*L+l, with l, j or i for the token inside its chunk.
  VariableMap at_token(const std::string& part) const {
    IndexExpression joined;
    joined.terms = {{1, inner_, variable_of_rank(outer_), {}, {}}, {1, "", variable_of_rank(part), {}, {}}};
    return {{variable_of_rank(rank_), joined}};
  }
  static Comparison compared(const std::string& left, const std::string& op, const std::string& right) {
    return {index_of_variable(variable_of_rank(left), {}), op, index_of_variable(variable_of_rank(right), {}), {}};
  }
  // The rank ends in the last chunk.
  Comparison bound(const std::string& part) const {
    return {at_token(part).at(variable_of_rank(rank_)), "<", index_of_symbol(whole_, {}), {}};
  }
  // How many tokens the chunk has: min(L, N - c*L).
  Expression chunk_length() const {
    const Expression begin = call("mul", {value_of(index_of_variable(variable_of_rank(outer_), {})), symbol(inner_)});
    return call("min", {symbol(inner_), call("sub", {symbol(whole_), begin})});
  }
  static Expression position(const std::string& part) {
    return value_of(index_of_variable(variable_of_rank(part), {}));
  }

  // --- tensors -------------------------------------------------------------------------------------------------------

  // A tensor over the ranks that the expression and the predicates use; the same one for the same expression.
  Access emitted(const std::string& wish, const TensorDecl& like, const Expression& expression,
                 const std::vector<Reduction>& reductions = {}, std::vector<Comparison> predicates = {}) {
    std::vector<std::string> ranks = ranks_used(order_, expression, predicates);
    for (const Reduction& reduction : reductions) {
      std::erase(ranks, rank_of_variable(reduction.variable));
    }
    const auto has = [&](const std::string& rank) {
      return std::find(ranks.begin(), ranks.end(), rank) != ranks.end();
    };
    for (const std::string& part : {inner_, step_}) {
      if (has(outer_) && has(part) && !is_at_token(expression, part)) predicates.push_back(bound(part));
    }
    std::string key = print_expression(expression);
    for (const Reduction& reduction : reductions) key += " " + reduction.op + " " + reduction.variable;
    for (const Comparison& predicate : predicates) key += " | " + print_comparison(predicate);
    const auto known = emitted_.find(key);
    if (known != emitted_.end()) return access_of(known->second.name, known->second.ranks);
    TensorDecl tensor = tensor_like(like, edit_.fresh_name(wish), ranks);
    tensor.initial.reset();
    edit_.add(tensor, einsum_of(tensor.name, ranks, reductions, expression, std::move(predicates), {}));
    emitted_[key] = tensor;
    return access_of(tensor.name, ranks);
  }

  // Whether something is read at the token, c*L+l, and ends where the rank ends.
  bool is_at_token(const Expression& expression, const std::string& part) const {
    const auto accesses = expression.accesses();
    return std::any_of(accesses.begin(), accesses.end(), [&](const Access* access) {
      return std::any_of(access->indices.begin(), access->indices.end(), [&](const IndexExpression& index) {
        const auto names = index.variables();
        return std::find(names.begin(), names.end(), variable_of_rank(outer_)) != names.end() &&
               std::find(names.begin(), names.end(), variable_of_rank(part)) != names.end();
      });
    });
  }

  Reduction sum_over_rank(const std::string& rank) const { return {"sum", variable_of_rank(rank), {}}; }

  // --- decays --------------------------------------------------------------------------------------------------------

  // D of exp(x) when the decay is that, or a map that is.
  std::optional<Expression> exponent_of(const Expression& decay) const {
    if (is_call(decay, "exp")) return decay.args[0];
    if (decay.kind != ExpressionKind::access) return std::nullopt;
    const Einsum* writer = cascade_.find_einsum(decay.access.tensor);
    if (!writer || !writer->reductions.empty() || !is_call(writer->expression, "exp")) return std::nullopt;
    if (!cascade_.domain(cascade_.einsum_position(writer->name())).empty()) return std::nullopt;
    VariableMap replacements;
    for (std::size_t k = 0; k < decay.access.indices.size(); ++k) {
      const auto variable = writer->output.indices[k].plain_variable();
      if (!variable || writer->output.indices[k].plain_offset() != 0) return std::nullopt;
      replacements[*variable] = decay.access.indices[k];
    }
    return substituted(writer->expression.args[0], replacements, {});
  }

  bool varies(const Expression& expression) const { return uses_any(expression, {variable_of_rank(rank_)}); }

  // The sum of the exponents from the chunk's first token to l (j): logarithm of what is left.
  Access exponents(const LinearRecurrence& recurrence, const Expression& exponent, Reach reach) {
    const TensorDecl& state = *cascade_.find_tensor(recurrence.update->name());
    return emitted("L" + state.name, state, substituted(exponent, at_token(other_), {}), {sum_over_rank(other_)},
                   {compared(other_, reach == Reach::through ? "<=" : "<", inner_)});
  }
  Access with_other(Access access) const {
    return substituted(access, {{variable_of_rank(inner_), index_of_variable(variable_of_rank(other_), {})}}, {});
  }
  Expression token_decay(const LinearRecurrence& recurrence, const std::string& part) const {
    return substituted(*recurrence.decay, at_token(part), {});
  }

  // D(l,-1): of the state at the chunk's begin.
  std::optional<Expression> decay_since_begin(const LinearRecurrence& recurrence, Reach reach) {
    if (!recurrence.decay) return std::nullopt;
    const TensorDecl& state = *cascade_.find_tensor(recurrence.update->name());
    const std::string wish = "W" + state.name;
    if (!varies(*recurrence.decay)) {
      const Expression steps = reach == Reach::through ? call("add", {position(inner_), number(1)}) : position(inner_);
      return read(emitted(wish, state, call("pow", {*recurrence.decay, steps})));
    }
    if (const auto exponent = exponent_of(*recurrence.decay)) {
      return read(emitted(wish, state, call("exp", {read(exponents(recurrence, *exponent, reach))})));
    }
    return read(emitted(wish, state, token_decay(recurrence, other_), {{"prod", variable_of_rank(other_), {}}},
                        {compared(other_, reach == Reach::through ? "<=" : "<", inner_)}));
  }

  // D(l,j): of what token j brought.
  std::optional<Expression> decay_between(const LinearRecurrence& recurrence, Reach reach) {
    if (!recurrence.decay) return std::nullopt;
    const TensorDecl& state = *cascade_.find_tensor(recurrence.update->name());
    const std::string wish = "D" + state.name;
    const Comparison later = compared(other_, reach == Reach::through ? "<=" : "<", inner_);
    if (!varies(*recurrence.decay)) {
      Expression steps = call("sub", {position(inner_), position(other_)});
      if (reach == Reach::before) steps = call("sub", {std::move(steps), number(1)});
      return read(emitted(wish, state, call("pow", {*recurrence.decay, steps}), {}, {later}));
    }
    if (const auto exponent = exponent_of(*recurrence.decay)) {
      const Expression now = read(exponents(recurrence, *exponent, reach));
      const Expression then = read(with_other(exponents(recurrence, *exponent, Reach::through)));
      return read(emitted(wish, state, call("exp", {call("sub", {now, then})}), {}, {later}));
    }
    return read(emitted(
        wish, state, token_decay(recurrence, between_), {{"prod", variable_of_rank(between_), {}}},
        {compared(other_, "<", between_), compared(between_, reach == Reach::through ? "<=" : "<", inner_), later}));
  }

  // D(L-1,j): what the chunk's last token leaves of what token j brought.
  std::optional<Expression> decay_to_end(const LinearRecurrence& recurrence) {
    if (!recurrence.decay) return std::nullopt;
    const TensorDecl& state = *cascade_.find_tensor(recurrence.update->name());
    const std::string wish = "E" + state.name;
    if (!varies(*recurrence.decay)) {
      const Expression steps = call("sub", {call("sub", {chunk_length(), number(1)}), position(other_)});
      return read(emitted(wish, state, call("pow", {*recurrence.decay, steps}), {}, {bound(other_)}));
    }
    if (const auto exponent = exponent_of(*recurrence.decay)) {
      const Expression then = read(with_other(exponents(recurrence, *exponent, Reach::through)));
      return read(emitted(wish, state, call("exp", {call("sub", {read(all_exponents(recurrence, *exponent)), then})}),
                          {}, {bound(other_)}));
    }
    return read(emitted(wish, state, token_decay(recurrence, between_), {{"prod", variable_of_rank(between_), {}}},
                        {compared(other_, "<", between_), bound(other_)}));
  }

  Access all_exponents(const LinearRecurrence& recurrence, const Expression& exponent) {
    const TensorDecl& state = *cascade_.find_tensor(recurrence.update->name());
    return emitted("LE" + state.name, state, substituted(exponent, at_token(other_), {}), {sum_over_rank(other_)});
  }

  // D(L-1,-1): what a chunk leaves of the state before it.
  std::optional<Expression> decay_of_chunk(const LinearRecurrence& recurrence) {
    if (!recurrence.decay) return std::nullopt;
    const TensorDecl& state = *cascade_.find_tensor(recurrence.update->name());
    const std::string wish = "A" + state.name;
    if (!varies(*recurrence.decay)) {
      return read(emitted(wish, state, call("pow", {*recurrence.decay, chunk_length()})));
    }
    if (const auto exponent = exponent_of(*recurrence.decay)) {
      return read(emitted(wish, state, call("exp", {read(all_exponents(recurrence, *exponent))})));
    }
    return read(emitted(wish, state, token_decay(recurrence, other_), {{"prod", variable_of_rank(other_), {}}}));
  }

  // --- the states of chunks ------------------------------------------------------------------------------------------

  // S[c+1] = D · S[c] + sum(j) D(L-1,j) · terms.
  void add_state_of_chunks(const LinearRecurrence& recurrence) {
    const Einsum& update = *recurrence.update;
    TensorDecl state = declared(update);
    state.ranks[position_of_rank(state)] = outer_;
    Access before = update.output;
    for (IndexExpression& index : before.indices) {
      if (index.plain_variable() == variable_of_rank(rank_)) index = index_of_variable(variable_of_rank(outer_), {});
    }
    Access after = before;
    after.indices[position_of_rank(*cascade_.find_tensor(state.name))].terms.push_back({1, "", "", {}, {}});

    Expression brought = tokens_of(recurrence, decay_to_end(recurrence));
    const Access sum = emitted("C" + state.name, *cascade_.find_tensor(state.name), brought, {sum_over_rank(other_)},
                               predicates_at(update, other_));
    Expression kept = read(before);
    if (const auto decay = decay_of_chunk(recurrence)) kept = call("mul", {*decay, std::move(kept)});
    Einsum next;
    next.output = after;
    next.expression = call(is_taken_away(recurrence) ? "sub" : "add", {std::move(kept), read(sum)});
    next.span = update.span;
    edit_.add(std::move(state), std::move(next));
  }

  [[nodiscard]] std::vector<Comparison> predicates_at(const Einsum& einsum, const std::string& part) const {
    std::vector<Comparison> predicates;
    for (const Comparison& each : einsum.predicates) predicates.push_back(substituted(each, at_token(part), each.span));
    return predicates;
  }

  // What token j brings, times a decay: it goes to the first factors, so that the sum is of one product.
  Expression tokens_of(const LinearRecurrence& recurrence, const std::optional<Expression>& decay) {
    const TensorDecl& state = *cascade_.find_tensor(recurrence.update->name());
    std::vector<SignedTerm> terms;
    for (const LinearTerm& term : recurrence.terms) {
      Product factors = placed(term.factors, other_, Pace::at_once);
      if (decay) {
        const bool splits = factors.size() > 1 && !factors.back().divides;
        Product first(factors.begin(), splits ? factors.end() - 1 : factors.end());
        first.push_back({*decay, false});
        if (splits) {
          factors = {{read(emitted("K" + state.name, state, product_of(first))), false}, factors.back()};
        } else {
          factors = first;
        }
      }
      terms.push_back({product_of(factors), term.negative && !is_taken_away(recurrence)});
    }
    return sum_of(terms);
  }
  static bool is_taken_away(const LinearRecurrence& recurrence) {
    return std::all_of(recurrence.terms.begin(), recurrence.terms.end(),
                       [](const LinearTerm& term) { return term.negative; });
  }

  // --- values of a token -------------------------------------------------------------------------------------------

  // What is read at the step is read at a token of the chunk.
  Product placed(const Product& factors, const std::string& part, Pace pace) {
    Product result;
    for (const Factor& factor : factors) result.push_back({placed(factor.value, part, pace), factor.divides});
    return result;
  }
  Expression placed(const Expression& expression, const std::string& part, Pace pace) {
    if (expression.kind == ExpressionKind::access && recurrences_.feedback.contains(expression.access.tensor)) {
      return read(fed_back(expression.access, part, pace));
    }
    if (expression.kind == ExpressionKind::access || expression.kind == ExpressionKind::index) {
      return substituted(expression, at_token(part), {});
    }
    Expression result = expression;
    for (Expression& arg : result.args) arg = placed(arg, part, pace);
    return result;
  }

  // Of the token of the step its value; of others what the history of the steps has, so far or at the end.
  Access fed_back(const Access& access, const std::string& part, Pace pace) {
    const Steps& steps = feedback_.at(access.tensor);
    const std::size_t k = position_of_rank(*cascade_.find_tensor(access.tensor));
    if (access.indices[k].plain_variable() != variable_of_rank(rank_) || access.indices[k].plain_offset() != 0) {
      refuse(fmt::format("`{}` is not read at its own step", print_access(access)), access.span);
    }
    Access result = substituted(access, at_token(part), {});
    const auto at = result.indices.begin() + static_cast<std::ptrdiff_t>(k);
    const IndexExpression chunk = index_of_variable(variable_of_rank(outer_), {});
    const IndexExpression token = index_of_variable(variable_of_rank(part), {});
    *at = token;
    if (part == step_) {
      result.tensor = steps.tile;
    } else {
      result.tensor = steps.history;
      result.indices.insert(
          at, pace == Pace::by_steps ? index_of_variable(variable_of_rank(step_), {}) : index_of_symbol(step_, {}));
    }
    result.indices.insert(result.indices.begin() + static_cast<std::ptrdiff_t>(k), chunk);
    return result;
  }

  // --- feedback: values that are made step by step
  // ----------------------------------------------------------------------

  void add_feedback(const Einsum& einsum) {
    const TensorDecl& tensor = *cascade_.find_tensor(einsum.name());
    if (!can_be_placed(einsum, tensor)) {
      refuse(fmt::format("`{}`, on which the updates depend, has no value for each step", tensor.name), einsum.span);
    }
    if (reads_state(einsum) && add_reader_by_pairs(einsum, Pace::by_steps)) return;
    if (reads_directly(einsum)) {
      refuse(fmt::format("the updates depend on `{}`, which is no sum of products with the state before the step",
                         tensor.name),
             einsum.span);
    }
    add_steps(einsum, placed(einsum.expression, step_, Pace::by_steps), einsum.reductions);
  }

  bool can_be_placed(const Einsum& einsum, const TensorDecl& tensor) const {
    if (einsum.scatters() || einsum.reduces(variable_of_rank(rank_))) return false;
    for (std::size_t k = 0; k < einsum.output.indices.size(); ++k) {
      if (tensor.ranks[k] == rank_) return einsum.output.indices[k].plain_variable() == variable_of_rank(rank_);
    }
    return false;
  }

  // T[c,i] = value; H[c,i+1,j] = T[c,i] | j == i.
  void add_steps(const Einsum& einsum, Expression value, const std::vector<Reduction>& reductions) {
    const TensorDecl& tensor = *cascade_.find_tensor(einsum.name());
    const auto at = static_cast<std::ptrdiff_t>(position_of_rank(tensor));
    std::vector<std::string> ranks;
    for (const IndexExpression& index : einsum.output.indices)
      ranks.push_back(rank_of_variable(*index.plain_variable()));
    ranks[static_cast<std::size_t>(at)] = outer_;
    ranks.insert(ranks.begin() + at + 1, step_);
    const auto& [tile, history] = feedback_.at(tensor.name);
    std::vector<Comparison> predicates = predicates_at(einsum, step_);
    if (!is_at_token(value, step_)) predicates.push_back(bound(step_));
    edit_.add(tensor_like(tensor, tile, ranks),
              einsum_of(tile, ranks, reductions, std::move(value), std::move(predicates), einsum.span));
    add_whole(einsum, tensor, access_of(tile, ranks), einsum.predicates);

    Einsum next;
    next.expression = read(access_of(tile, ranks));
    ranks.insert(ranks.begin() + at + 2, other_);
    next.output = access_of(history, ranks);
    next.output.indices[static_cast<std::size_t>(at) + 1].terms.push_back({1, "", "", {}, {}});
    next.predicates = {compared(other_, "==", step_)};
    next.span = einsum.span;
    TensorDecl states = tensor_like(tensor, history, ranks);
    states.initial = 0;
    edit_.add(std::move(states), std::move(next));
  }

  // The steps of a chunk stand together: what they need before them, what needs them behind.
  void join_steps() {
    std::vector<Einsum> before, steps, after;
    std::set<std::string> late;
    for (Einsum& einsum : edit_.draft().einsums) {
      const auto& indices = einsum.output.indices;
      const bool is_step = std::any_of(indices.begin(), indices.end(), [&](const IndexExpression& index) {
        return index.plain_variable() == variable_of_rank(step_);
      });
      const auto reads = einsum.reads();
      const bool is_late =
          std::any_of(reads.begin(), reads.end(), [&](const Access* access) { return late.contains(access->tensor); });
      if (is_step || is_late) late.insert(einsum.name());
      (is_step ? steps : is_late ? after : before).push_back(std::move(einsum));
    }
    edit_.draft().einsums = std::move(before);
    for (std::vector<Einsum>* part : {&steps, &after}) {
      for (Einsum& einsum : *part) edit_.draft().einsums.push_back(std::move(einsum));
    }
  }

  // --- readers -------------------------------------------------------------------------------------------------------

  // The state n or n+1, or the last one.
  struct StateRead {
    const LinearRecurrence* recurrence = nullptr;
    Reach reach = Reach::through;
    bool last = false;
  };
  StateRead state_read(const Access& access, const Span& where) const {
    StateRead result;
    result.recurrence = recurrence_of(access.tensor);
    const TensorDecl& tensor = *cascade_.find_tensor(access.tensor);
    const IndexExpression& index = access.indices[position_of_rank(tensor)];
    if (index.plain_variable() == variable_of_rank(rank_) && index.plain_offset() <= 1) {
      result.reach = index.plain_offset() == 1 ? Reach::through : Reach::before;
    } else if (print_index(index) == rank_) {
      result.last = true;
    } else {
      refuse(fmt::format("`{}` is neither the state of the step nor the last one", print_access(access)), where);
    }
    return result;
  }

  bool reads_directly(const Einsum& einsum) const { return holds_state(einsum.reads()); }
  bool reads_state(const Einsum& einsum) const {
    const Expression value = with_states(einsum.expression, cascade_, states_over(cascade_, rank_));
    return reads_directly(einsum) || holds_state(value.accesses());
  }
  bool holds_state(const std::vector<const Access*>& accesses) const {
    return std::any_of(accesses.begin(), accesses.end(),
                       [&](const Access* access) { return recurrence_of(access->tensor) != nullptr; });
  }

  // sum(e) q · S: by pairs of tokens. False when the Einsum is not of that form.
  bool add_reader_by_pairs(const Einsum& einsum, Pace pace) {
    const TensorDecl& tensor = *cascade_.find_tensor(einsum.name());
    if (!can_be_split(einsum, tensor)) return false;
    const std::set<std::string> states = states_over(cascade_, rank_);
    const LinearTerms split = linear_terms(with_states(einsum.expression, cascade_, states), states);
    if (!split.failure.empty()) return false;
    std::set<std::string> reduced;
    for (const Reduction& reduction : einsum.reductions) reduced.insert(reduction.variable);
    for (const LinearTerm& term : split.terms) {
      if (!has_all(term, reduced)) return false;
      if (!term.state) continue;
      const StateRead state = state_read(*term.state, einsum.span);
      if (state.last || !is_simple(*state.recurrence)) return false;
      // The step's own term is not there yet.
      if (pace == Pace::by_steps && is_fed_back(*state.recurrence) && state.reach == Reach::through) return false;
    }

    std::vector<SignedTerm> sums;
    for (const LinearTerm& term : split.terms) add_term(einsum, term, reduced, pace, sums);
    if (pace == Pace::at_once) {
      add_whole(einsum, tensor, emitted("T" + tensor.name, tensor, sum_of(sums)), einsum.predicates);
    } else {
      add_steps(einsum, substituted(sum_of(sums), to_step(), {}), {});
    }
    return true;
  }

  bool is_feedback(const Expression& value) const {
    const auto accesses = value.accesses();
    return std::any_of(accesses.begin(), accesses.end(),
                       [&](const Access* access) { return recurrences_.feedback.contains(access->tensor); });
  }
  bool is_fed_back(const LinearRecurrence& recurrence) const {
    return std::any_of(recurrence.terms.begin(), recurrence.terms.end(),
                       [&](const LinearTerm& term) { return is_feedback(product_of(term.factors)); });
  }

  // Whether weights of pairs wait for the steps: they hold feedback, of the token itself or in what is contracted.
  bool needs_steps(const LinearTerm& term, const std::set<std::string>& reduced) const {
    if (is_feedback(product_of(term.factors))) return true;
    if (!term.state) return false;
    const LinearRecurrence& recurrence = *recurrence_of(term.state->tensor);
    const Access& output = recurrence.update->output;
    std::set<std::string> contracted;  // as the update calls it
    for (std::size_t k = 0; k < output.indices.size(); ++k) {
      if (uses_any(value_of(term.state->indices[k]), reduced)) contracted.insert(*output.indices[k].plain_variable());
    }
    return std::any_of(recurrence.terms.begin(), recurrence.terms.end(), [&](const LinearTerm& each) {
      return std::any_of(each.factors.begin(), each.factors.end(), [&](const Factor& factor) {
        return is_feedback(factor.value) && uses_any(factor.value, contracted);
      });
    });
  }

  // Sums whose points no predicate takes away by what is summed, along the rank.
  bool can_be_split(const Einsum& einsum, const TensorDecl& tensor) const {
    if (!einsum.selection().empty() || einsum.scatters()) return false;
    bool along = false;
    for (std::size_t k = 0; k < einsum.output.indices.size(); ++k) {
      const auto variable = einsum.output.indices[k].plain_variable();
      if (!variable || einsum.output.indices[k].plain_offset() != 0) return false;
      along = along || (tensor.ranks[k] == rank_ && *variable == variable_of_rank(rank_));
    }
    for (const Reduction& reduction : einsum.reductions) {
      if (reduction.op != "sum" || reduction.variable == variable_of_rank(rank_)) return false;
    }
    for (const Comparison& predicate : einsum.predicates) {
      for (const IndexExpression* side : {&predicate.left, &predicate.right}) {
        for (const std::string& name : side->variables()) {
          if (einsum.reduces(name)) return false;
        }
      }
    }
    return along;
  }

  static bool has_all(const LinearTerm& term, const std::set<std::string>& variables) {
    std::set<std::string> found;
    for (const Factor& factor : term.factors) found.merge(variables_of(factor.value));
    if (term.state) found.merge(variables_of(read(*term.state)));
    return std::includes(found.begin(), found.end(), variables.begin(), variables.end());
  }

  // What a token brings is there or not as one: sums of terms would lose a point where one is absent.
  bool is_simple(const LinearRecurrence& recurrence) const {
    const Einsum& update = *recurrence.update;
    for (const Comparison& predicate : update.predicates) {
      for (const IndexExpression* side : {&predicate.left, &predicate.right}) {
        for (const std::string& name : side->variables()) {
          if (name != variable_of_rank(rank_)) return false;
        }
      }
    }
    return recurrence.terms.size() == 1 || cascade_.domain(cascade_.einsum_position(update.name())).empty();
  }

  // Adds what the term gives for token l of a chunk, or for that of the step.
  void add_term(const Einsum& einsum, const LinearTerm& term, const std::set<std::string>& reduced, Pace pace,
                std::vector<SignedTerm>& sums) {
    const TensorDecl& tensor = *cascade_.find_tensor(einsum.name());
    const auto summed = [&](const std::string& wish, const Product& factors) {
      const Expression value = product_of(factors);
      return reduced.empty() ? value : read(emitted(wish + tensor.name, tensor, value, einsum.reductions));
    };
    const std::string& token = pace == Pace::by_steps && needs_steps(term, reduced) ? step_ : inner_;
    const VariableMap to_token = {{variable_of_rank(inner_), index_of_variable(variable_of_rank(token), {})}};
    const Product factors = placed(term.factors, token, pace);
    if (!term.state) {
      sums.push_back({summed("F", factors), term.negative});
      return;
    }
    const StateRead state = state_read(*term.state, einsum.span);
    // The variables of the update are what the state is read at.
    VariableMap read_at;
    const Access& output = state.recurrence->update->output;
    for (std::size_t k = 0; k < output.indices.size(); ++k) {
      const std::string variable = *output.indices[k].plain_variable();
      if (variable != variable_of_rank(rank_)) read_at[variable] = term.state->indices[k];
    }

    // From the chunks before.
    Access before = *term.state;
    before.indices[position_of_rank(*cascade_.find_tensor(before.tensor))] =
        index_of_variable(variable_of_rank(outer_), {});
    Product kept, of_begin = factors;
    of_begin.push_back({read(before), false});
    if (const auto decay = decay_since_begin(*state.recurrence, state.reach)) {
      place({substituted(substituted(*decay, read_at, {}), to_token, {}), false}, reduced, kept, of_begin);
    }
    kept.push_back({summed("B", of_begin), false});
    sums.push_back({product_of(kept), term.negative});

    // From the tokens of this chunk: weights of pairs, which are sums over what the state is contracted over, and
    // decays.
    const auto decay = decay_between(*state.recurrence, state.reach);
    const std::vector<Comparison> pairs = {compared(other_, state.reach == Reach::through ? "<=" : "<", token)};
    for (const LinearTerm& brought : state.recurrence->terms) {
      Product inside, outside, weights;
      for (const Factor& factor : factors) place(factor, reduced, outside, inside);
      for (Factor factor : placed(brought.factors, other_, pace)) {
        factor.value = substituted(factor.value, read_at, {});
        place(factor, reduced, outside, inside);
      }
      if (decay) {
        place({substituted(substituted(*decay, read_at, {}), to_token, {}), false}, reduced, weights, inside);
      }
      if (!reduced.empty()) {
        const Access dots = emitted("P" + tensor.name, tensor, product_of(inside), einsum.reductions, pairs);
        weights.insert(weights.begin(), {read(dots), false});
      }
      if (weights.size() > 1) {
        weights = {{read(emitted("PD" + tensor.name, tensor, product_of(weights), {}, pairs)), false}};
      }
      weights.insert(weights.end(), outside.begin(), outside.end());
      std::vector<Comparison> predicates = predicates_at(*state.recurrence->update, other_);
      predicates.insert(predicates.begin(), pairs.begin(), pairs.end());
      Expression value = product_of(weights);
      if (pace == Pace::by_steps) {
        value = substituted(value, to_step(), {});
        for (Comparison& each : predicates) each = substituted(each, to_step(), {});
      }
      const Access sum = emitted("I" + tensor.name, tensor, value, {sum_over_rank(other_)}, std::move(predicates));
      sums.push_back({read(sum), term.negative != brought.negative});
    }
  }

  // The token l becomes that of the step.
  VariableMap to_step() const { return {{variable_of_rank(inner_), index_of_variable(variable_of_rank(step_), {})}}; }

  static void place(const Factor& factor, const std::set<std::string>& reduced, Product& outside, Product& inside) {
    (uses_any(factor.value, reduced) ? inside : outside).push_back(factor);
  }
  // The tensor along the whole rank, from its tiles.
  void add_whole(const Einsum& einsum, const TensorDecl& tensor, const Access& tile,
                 const std::vector<Comparison>& predicates) {
    TensorDecl whole = tensor;
    whole.iterative_rank.clear();
    Einsum copy;
    copy.output = einsum.output;
    copy.expression = read(from_chunks(tile));
    copy.predicates = predicates;
    copy.span = einsum.span;
    edit_.add(std::move(whole), std::move(copy));
  }

  // c, l of a token: floor(n / L), mod(n, L).
  Access from_chunks(const Access& tile) {
    if (chunk_of_.empty()) {
      const TensorDecl like;
      const Expression token = position(rank_);
      chunk_of_ = emitted(outer_ + "X", like, call("floor", {call("div", {token, symbol(inner_)})})).tensor;
      token_of_ = emitted(inner_ + "X", like, call("mod", {token, symbol(inner_)})).tensor;
    }
    VariableMap replacements;
    const std::vector<std::pair<std::string, std::string>> parts = {
        {outer_, chunk_of_}, {inner_, token_of_}, {step_, token_of_}};
    for (const auto& [part, tensor] : parts) {
      IndexTerm term;
      term.gathered = {access_of(tensor, {rank_})};
      replacements[variable_of_rank(part)].terms = {term};
    }
    return substituted(tile, replacements, {});
  }

  // Reads tensors of all states, or the last one.
  void add_reader_of_states(const Einsum& einsum) {
    Einsum reader = einsum;
    visit_accesses(reader, [&](Access& access) {
      if (!recurrence_of(access.tensor)) return;
      const StateRead state = state_read(access, einsum.span);
      const std::size_t k = position_of_rank(*cascade_.find_tensor(access.tensor));
      if (state.last) {
        access.indices[k] = index_of_symbol(outer_, {});
        return;
      }
      access.tensor = all_states(*state.recurrence, state.reach);
      access.indices[k] = index_of_variable(variable_of_rank(rank_), {});
    });
    edit_.add(declared(einsum), std::move(reader));
  }

  // Every state as an element of a tensor.
  std::string all_states(const LinearRecurrence& recurrence, Reach reach) {
    std::string& name = all_states_[{recurrence.update->name(), reach == Reach::through}];
    if (!name.empty()) return name;
    const TensorDecl& state = *cascade_.find_tensor(recurrence.update->name());
    std::vector<Comparison> predicates = predicates_at(*recurrence.update, other_);
    predicates.insert(predicates.begin(), compared(other_, reach == Reach::through ? "<=" : "<", inner_));
    const Access brought = emitted("I" + state.name, state, tokens_of(recurrence, decay_between(recurrence, reach)),
                                   {sum_over_rank(other_)}, std::move(predicates));
    Access before = recurrence.update->output;
    before.indices[position_of_rank(state)] = index_of_variable(variable_of_rank(outer_), {});
    Expression kept = read(before);
    if (const auto decay = decay_since_begin(recurrence, reach)) kept = call("mul", {*decay, std::move(kept)});
    const Access tile = emitted("T" + state.name, state,
                                call(is_taken_away(recurrence) ? "sub" : "add", {std::move(kept), read(brought)}));

    TensorDecl whole = state;
    whole.initial.reset();
    whole.name = name = edit_.fresh_name((reach == Reach::through ? "N" : "O") + state.name);
    Einsum copy;
    copy.output = recurrence.update->output;
    copy.output.tensor = name;
    copy.output.indices[position_of_rank(state)] = index_of_variable(variable_of_rank(rank_), {});
    add_whole(copy, whole, tile, {});
    return name;
  }

  const Cascade& cascade_;
  CascadeEdit edit_;
  std::string rank_;  // that is iterated over
  Recurrences recurrences_;
  std::string whole_;                                   // that is cut: the rank, or the one that it is derived from
  std::string outer_, inner_, step_, other_, between_;  // c, l, i, j, k
  std::vector<std::string> order_;                      // of ranks in tensors
  std::map<std::string, TensorDecl> emitted_;           // by what they are made of
  struct Steps {
    std::string tile, history;
  };
  std::map<std::string, Steps> feedback_;  // by the tensor
  std::string chunk_of_, token_of_;        // index tensors along the rank
  std::map<std::pair<std::string, bool>, std::string> all_states_;
};

}  // namespace

Cascade chunk_recurrence(const Cascade& cascade, const std::string& rank, std::int64_t chunk) {
  return ChunkedRecurrence(cascade, rank, chunk).chunked();
}

}  // namespace einloom::transforms
