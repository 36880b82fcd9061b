// SPDX-License-Identifier: Apache-2.0
#include "einsum/transforms/chunk_recurrence.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "einsum/affine.hpp"
#include "einsum/transforms/chunk_decays.hpp"
#include "einsum/transforms/term_writer.hpp"

namespace einloom::transforms {
namespace {

class ChunkedRecurrence {
 public:
  ChunkedRecurrence(const Cascade& cascade, const std::string& iterated, std::int64_t chunk)
      : cascade_(cascade),
        recurrences_(linear_recurrences(cascade, iterated)),
        frame_(cascade, iterated, chunk, !recurrences_.feedback.empty()),
        decays_(cascade, frame_),
        states_(states_over(cascade, iterated)) {
    if (states_.empty()) refuse(fmt::format("no state is iterated over `{}`", iterated), cascade.span());
    for (const std::string& each : recurrences_.feedback) {
      feedback_[each] = {frame_.edit().fresh_name("T" + each), frame_.edit().fresh_name("H" + each)};
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
        frame_.edit().add(declared(einsum), einsum);
      }
    }
    join_steps();
    return frame_.build();
  }

 private:
  // Which of a chunk's tokens an Einsum is made for: all at once, or, where they wait for each other, step by step.
  enum class Pace { at_once, by_steps };

  [[noreturn]] void refuse(const std::string& why, const Span& where) const {
    throw UserError(
        Diagnostic{"transform-impossible", fmt::format("the iteration cannot be cut into chunks: {}", why), where});
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

  // --- the states of chunks ------------------------------------------------------------------------------------------

  // S[c+1] = D · S[c] + sum(j) D(L-1,j) · terms.
  void add_state_of_chunks(const LinearRecurrence& recurrence) {
    const Einsum& update = *recurrence.update;
    TensorDecl state = declared(update);
    state.ranks[frame_.position_of_rank(state)] = frame_.outer();
    Access before = update.output;
    for (IndexExpression& index : before.indices) {
      if (index.plain_variable() == iteration()) index = index_of_variable(variable_of_rank(frame_.outer()), {});
    }
    Access after = before;
    after.indices[frame_.position_of_rank(*cascade_.find_tensor(state.name))].terms.push_back({1, "", "", {}, {}});

    Expression brought = tokens_of(recurrence, decays_.to_end(recurrence));
    const Access sum = frame_.emitted("C" + state.name, *cascade_.find_tensor(state.name), brought,
                                      {sum_over_rank(frame_.other())}, predicates_at(update, frame_.other()));
    Expression kept = read(before);
    if (const auto decay = decays_.of_chunk(recurrence)) kept = call("mul", {*decay, std::move(kept)});
    Einsum next;
    next.output = after;
    next.expression = call(is_taken_away(recurrence) ? "sub" : "add", {std::move(kept), read(sum)});
    next.span = update.span;
    frame_.edit().add(std::move(state), std::move(next));
  }

  [[nodiscard]] std::vector<Comparison> predicates_at(const Einsum& einsum, const std::string& part) const {
    std::vector<Comparison> predicates;
    for (const Comparison& each : einsum.predicates)
      predicates.push_back(substituted(each, frame_.at_token(part), each.span));
    return predicates;
  }

  // What token j brings, times a decay, as a product of two factors.
  Expression tokens_of(const LinearRecurrence& recurrence, const std::optional<Expression>& decay) {
    const TensorDecl& state = *cascade_.find_tensor(recurrence.update->name());
    std::vector<SignedTerm> terms;
    for (const LinearTerm& term : recurrence.terms) {
      Product factors = placed(term.factors, frame_.other(), Pace::at_once);
      if (decay) {
        // The factor with most elements stays as it is.
        const auto size = [](const Factor& factor) { return factor.divides ? 0 : variables_of(factor.value).size(); };
        const auto largest = std::max_element(factors.begin(), factors.end(),
                                              [&](const Factor& a, const Factor& b) { return size(a) <= size(b); });
        const Factor left = *largest;
        factors.erase(largest);
        factors.push_back({*decay, false});
        if (left.divides || factors.size() == 1) {
          factors.push_back(left);
        } else {
          factors = {{read(frame_.emitted("K" + state.name, state, product_of(factors))), false}, left};
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

  // --- values of a token ---------------------------------------------------------------------------------------------

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
      return substituted(expression, frame_.at_token(part), {});
    }
    Expression result = expression;
    for (Expression& arg : result.args) arg = placed(arg, part, pace);
    return result;
  }

  IndexExpression at(const IndexExpression& index, const std::string& part, const Span& where) const {
    const auto result = einloom::substituted(index, frame_.at_token(part));
    if (!result) refuse(fmt::format("the index `{}` would multiply two symbols", print_index(index)), where);
    return *result;
  }

  // Of the token of the step its value; of others what the history of the steps has, so far or at the end.
  Access fed_back(const Access& access, const std::string& part, Pace pace) {
    const Steps& steps = feedback_.at(access.tensor);
    const std::size_t k = frame_.position_of_rank(*cascade_.find_tensor(access.tensor));
    if (k == access.indices.size()) {
      refuse(fmt::format("the updates depend on `{}`, which has no value for each step", access.tensor), access.span);
    }
    if (access.indices[k].plain_variable() != iteration() || access.indices[k].plain_offset() != 0) {
      refuse(fmt::format("`{}` is not read at its own step", print_access(access)), access.span);
    }
    Access result = substituted(access, frame_.at_token(part), {});
    const auto at = result.indices.begin() + static_cast<std::ptrdiff_t>(k);
    const IndexExpression chunk = index_of_variable(variable_of_rank(frame_.outer()), {});
    const IndexExpression token = index_of_variable(variable_of_rank(part), {});
    *at = token;
    if (part == frame_.step()) {
      result.tensor = steps.tile;
    } else {
      result.tensor = steps.history;
      result.indices.insert(at, pace == Pace::by_steps ? index_of_variable(variable_of_rank(frame_.step()), {})
                                                       : index_of_symbol(frame_.step(), {}));
    }
    result.indices.insert(result.indices.begin() + static_cast<std::ptrdiff_t>(k), chunk);
    return result;
  }

  // --- feedback: values that are made step by step -------------------------------------------------------------------

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
    add_steps(einsum, placed(einsum.expression, frame_.step(), Pace::by_steps), einsum.reductions);
  }

  bool can_be_placed(const Einsum& einsum, const TensorDecl& tensor) const {
    if (einsum.scatters() || einsum.reduces(iteration())) return false;
    for (std::size_t k = 0; k < einsum.output.indices.size(); ++k) {
      if (tensor.ranks[k] == frame_.iterated()) return einsum.output.indices[k].plain_variable() == iteration();
    }
    return false;
  }

  // T[c,i] = value; H[c,i+1,j] = T[c,i] | j == i.
  void add_steps(const Einsum& einsum, Expression value, const std::vector<Reduction>& reductions) {
    const TensorDecl& tensor = *cascade_.find_tensor(einsum.name());
    const auto at = static_cast<std::ptrdiff_t>(frame_.position_of_rank(tensor));
    std::vector<std::string> ranks;
    for (const IndexExpression& index : einsum.output.indices)
      ranks.push_back(rank_of_variable(*index.plain_variable()));
    ranks[static_cast<std::size_t>(at)] = frame_.outer();
    ranks.insert(ranks.begin() + at + 1, frame_.step());
    const auto& [tile, history] = feedback_.at(tensor.name);
    std::vector<Comparison> predicates = predicates_at(einsum, frame_.step());
    if (!frame_.is_at_token(value, frame_.step())) predicates.push_back(frame_.bound(frame_.step()));
    frame_.edit().add(tensor_like(tensor, tile, ranks),
                      einsum_of(tile, ranks, reductions, std::move(value), std::move(predicates), einsum.span));
    frame_.add_whole(einsum, tensor, access_of(tile, ranks), einsum.predicates);

    Einsum next;
    next.expression = read(access_of(tile, ranks));
    ranks.insert(ranks.begin() + at + 2, frame_.other());
    next.output = access_of(history, ranks);
    next.output.indices[static_cast<std::size_t>(at) + 1].terms.push_back({1, "", "", {}, {}});
    next.predicates = {compared(frame_.other(), "==", frame_.step())};
    next.span = einsum.span;
    TensorDecl states = tensor_like(tensor, history, ranks);
    states.initial = 0;
    frame_.edit().add(std::move(states), std::move(next));
  }

  // The steps of a chunk stand together: what they need before them, what needs them behind.
  void join_steps() {
    std::vector<Einsum> before, steps, after;
    std::set<std::string> late;
    for (Einsum& einsum : frame_.edit().draft().einsums) {
      const auto& indices = einsum.output.indices;
      const bool is_step = std::any_of(indices.begin(), indices.end(), [&](const IndexExpression& index) {
        return index.plain_variable() == variable_of_rank(frame_.step());
      });
      const auto reads = einsum.reads();
      const bool is_late =
          std::any_of(reads.begin(), reads.end(), [&](const Access* access) { return late.contains(access->tensor); });
      if (is_step || is_late) late.insert(einsum.name());
      (is_step ? steps : is_late ? after : before).push_back(std::move(einsum));
    }
    frame_.edit().draft().einsums = std::move(before);
    for (std::vector<Einsum>* part : {&steps, &after}) {
      for (Einsum& einsum : *part) frame_.edit().draft().einsums.push_back(std::move(einsum));
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
    const IndexExpression& index = access.indices[frame_.position_of_rank(tensor)];
    if (index.plain_variable() == iteration() && index.plain_offset() <= 1) {
      result.reach = index.plain_offset() == 1 ? Reach::through : Reach::before;
    } else if (print_index(index) == frame_.iterated()) {
      result.last = true;
    } else {
      refuse(fmt::format("`{}` is neither the state of the step nor the last one", print_access(access)), where);
    }
    return result;
  }

  bool reads_directly(const Einsum& einsum) const { return holds_state(einsum.reads()); }
  bool reads_state(const Einsum& einsum) const {
    const Expression value = with_states(einsum.expression, cascade_, states_);
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
    const LinearTerms split = linear_terms(with_states(einsum.expression, cascade_, states_), states_);
    if (!split.failure.empty()) return false;
    std::set<std::string> reduced;
    for (const Reduction& reduction : einsum.reductions) reduced.insert(reduction.variable);
    for (const LinearTerm& term : split.terms) {
      if (!has_all(term, reduced)) return false;
      if (!term.state) continue;
      const StateRead state = state_read(*term.state, einsum.span);
      if (state.last || !is_simple(*term.state, reduced)) return false;
      // The step's own term is not there yet.
      if (pace == Pace::by_steps && is_fed_back(*state.recurrence) && state.reach == Reach::through) return false;
    }

    std::vector<SignedTerm> sums;
    for (const LinearTerm& term : split.terms) add_term(einsum, term, reduced, pace, sums);
    if (pace == Pace::at_once) {
      frame_.add_whole(einsum, tensor, frame_.emitted("T" + tensor.name, tensor, sum_of(sums)), einsum.predicates);
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
    std::set<std::string> contracted;  // as the update calls it
    for (const auto& [variable, index] : read_at(*term.state)) {
      if (uses_any(value_of(index), reduced)) contracted.insert(variable);
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
      along = along || (tensor.ranks[k] == frame_.iterated() && *variable == iteration());
    }
    for (const Reduction& reduction : einsum.reductions) {
      if (reduction.op != "sum" || reduction.variable == iteration()) return false;
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

  // What a token brings is there or not as one, for all that is contracted: sums of terms would lose a point where one
  // is absent.
  bool is_simple(const Access& state, const std::set<std::string>& reduced) const {
    const Einsum& update = *recurrence_of(state.tensor)->update;
    for (const Comparison& predicate : update.predicates) {
      for (const IndexExpression* side : {&predicate.left, &predicate.right}) {
        for (const std::string& name : side->variables()) {
          if (name != iteration() && uses_any(value_of(read_at(state).at(name)), reduced)) return false;
        }
      }
    }
    return recurrence_of(state.tensor)->terms.size() == 1 || !may_be_absent(cascade_, update);
  }

  // The variables of a state's update: what the state is read at.
  VariableMap read_at(const Access& state) const {
    VariableMap result;
    const Access& output = recurrence_of(state.tensor)->update->output;
    for (std::size_t k = 0; k < output.indices.size(); ++k) {
      const std::string variable = *output.indices[k].plain_variable();
      if (variable != iteration()) result[variable] = state.indices[k];
    }
    return result;
  }

  // Adds what the term gives for token l of a chunk, or for that of the step.
  void add_term(const Einsum& einsum, const LinearTerm& term, const std::set<std::string>& reduced, Pace pace,
                std::vector<SignedTerm>& sums) {
    const TensorDecl& tensor = *cascade_.find_tensor(einsum.name());
    const auto summed = [&](const std::string& wish, const Product& factors) {
      const Expression value = product_of(factors);
      return reduced.empty() ? value : read(frame_.emitted(wish + tensor.name, tensor, value, einsum.reductions));
    };
    const std::string& token = pace == Pace::by_steps && needs_steps(term, reduced) ? frame_.step() : frame_.inner();
    const VariableMap to_token = {{variable_of_rank(frame_.inner()), index_of_variable(variable_of_rank(token), {})}};
    const Product factors = placed(term.factors, token, pace);
    if (!term.state) {
      sums.push_back({summed("F", factors), term.negative});
      return;
    }
    const StateRead state = state_read(*term.state, einsum.span);
    VariableMap elements = read_at(*term.state);
    for (auto& [variable, index] : elements) index = at(index, token, einsum.span);

    // From the chunks before.
    Access before = *term.state;
    for (IndexExpression& index : before.indices) index = at(index, token, einsum.span);
    before.indices[frame_.position_of_rank(*cascade_.find_tensor(before.tensor))] =
        index_of_variable(variable_of_rank(frame_.outer()), {});
    Product kept, of_begin = factors;
    of_begin.push_back({read(before), false});
    if (const auto decay = decays_.since_begin(*state.recurrence, state.reach)) {
      place({substituted(substituted(*decay, elements, {}), to_token, {}), false}, reduced, kept, of_begin);
    }
    kept.push_back({summed("B", of_begin), false});
    sums.push_back({product_of(kept), term.negative});

    // From the tokens of this chunk: weights of pairs are sums over what the state is contracted over, times decays.
    const auto decay = decays_.between(*state.recurrence, state.reach);
    const std::vector<Comparison> pairs = {compared(frame_.other(), state.reach == Reach::through ? "<=" : "<", token)};
    for (const LinearTerm& brought : state.recurrence->terms) {
      Product inside, outside, weights;
      for (const Factor& factor : factors) place(factor, reduced, outside, inside);
      for (Factor factor : placed(brought.factors, frame_.other(), pace)) {
        factor.value = substituted(factor.value, elements, {});
        place(factor, reduced, outside, inside);
      }
      if (decay) {
        place({substituted(substituted(*decay, elements, {}), to_token, {}), false}, reduced, weights, inside);
      }
      if (!reduced.empty()) {
        const Access dots = frame_.emitted("P" + tensor.name, tensor, product_of(inside), einsum.reductions, pairs);
        weights.insert(weights.begin(), {read(dots), false});
      }
      if (weights.size() > 1) {
        weights = {{read(frame_.emitted("PD" + tensor.name, tensor, product_of(weights), {}, pairs)), false}};
      }
      weights.insert(weights.end(), outside.begin(), outside.end());
      std::vector<Comparison> predicates = pairs;
      for (const Comparison& each : predicates_at(*state.recurrence->update, frame_.other())) {
        predicates.push_back(substituted(each, elements, {}));
      }
      Expression value = product_of(weights);
      if (pace == Pace::by_steps) {
        value = substituted(value, to_step(), {});
        for (Comparison& each : predicates) each = substituted(each, to_step(), {});
      }
      const Access sum =
          frame_.emitted("I" + tensor.name, tensor, value, {sum_over_rank(frame_.other())}, std::move(predicates));
      sums.push_back({read(sum), term.negative != brought.negative});
    }
  }

  // The token l becomes that of the step.
  VariableMap to_step() const {
    return {{variable_of_rank(frame_.inner()), index_of_variable(variable_of_rank(frame_.step()), {})}};
  }

  static void place(const Factor& factor, const std::set<std::string>& reduced, Product& outside, Product& inside) {
    (uses_any(factor.value, reduced) ? inside : outside).push_back(factor);
  }

  // Reads tensors of all states, or the last one.
  void add_reader_of_states(const Einsum& einsum) {
    Einsum reader = einsum;
    visit_accesses(reader, [&](Access& access) {
      if (!recurrence_of(access.tensor)) return;
      const StateRead state = state_read(access, einsum.span);
      const std::size_t k = frame_.position_of_rank(*cascade_.find_tensor(access.tensor));
      if (state.last) {
        access.indices[k] = index_of_symbol(frame_.outer(), {});
        return;
      }
      access.tensor = all_states(*state.recurrence, state.reach);
      access.indices[k] = index_of_variable(iteration(), {});
    });
    frame_.edit().add(declared(einsum), std::move(reader));
  }

  // Every state as an element of a tensor.
  std::string all_states(const LinearRecurrence& recurrence, Reach reach) {
    std::string& name = all_states_[{recurrence.update->name(), reach == Reach::through}];
    if (!name.empty()) return name;
    const TensorDecl& state = *cascade_.find_tensor(recurrence.update->name());
    std::vector<Comparison> predicates = predicates_at(*recurrence.update, frame_.other());
    predicates.insert(predicates.begin(),
                      compared(frame_.other(), reach == Reach::through ? "<=" : "<", frame_.inner()));
    const Access brought =
        frame_.emitted("I" + state.name, state, tokens_of(recurrence, decays_.between(recurrence, reach)),
                       {sum_over_rank(frame_.other())}, std::move(predicates));
    Access before = recurrence.update->output;
    before.indices[frame_.position_of_rank(state)] = index_of_variable(variable_of_rank(frame_.outer()), {});
    Expression kept = read(before);
    if (const auto decay = decays_.since_begin(recurrence, reach)) kept = call("mul", {*decay, std::move(kept)});
    const Access tile = frame_.emitted(
        "T" + state.name, state, call(is_taken_away(recurrence) ? "sub" : "add", {std::move(kept), read(brought)}));

    TensorDecl whole = state;
    whole.initial.reset();
    whole.name = name = frame_.edit().fresh_name((reach == Reach::through ? "N" : "O") + state.name);
    Einsum copy;
    copy.output = recurrence.update->output;
    copy.output.tensor = name;
    copy.output.indices[frame_.position_of_rank(state)] = index_of_variable(iteration(), {});
    frame_.add_whole(copy, whole, tile, {});
    return name;
  }

  // The iteration's variable.
  std::string iteration() const { return variable_of_rank(frame_.iterated()); }

  const Cascade& cascade_;
  Recurrences recurrences_;
  ChunkFrame frame_;
  ChunkDecays decays_;
  std::set<std::string> states_;
  struct Steps {
    std::string tile, history;
  };
  std::map<std::string, Steps> feedback_;  // by the tensor
  std::map<std::pair<std::string, bool>, std::string> all_states_;
};

}  // namespace

Cascade chunk_recurrence(const Cascade& cascade, const std::string& rank, std::int64_t chunk) {
  return ChunkedRecurrence(cascade, iteration_over(cascade, rank), chunk).chunked();
}

}  // namespace einloom::transforms
