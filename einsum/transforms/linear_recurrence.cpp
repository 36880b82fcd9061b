// SPDX-License-Identifier: Apache-2.0
#include "einsum/transforms/linear_recurrence.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/diagnostic.hpp"
#include "einsum/affine.hpp"

namespace einloom::transforms {
namespace {

struct Failure {
  std::string reason;
};

class Expansion {
 public:
  explicit Expansion(const std::set<std::string>& states) : states_(states) {}

  std::vector<LinearTerm> expand(const Expression& expression) const {
    if (is_call(expression, "add") || is_call(expression, "sub")) {
      std::vector<LinearTerm> all = expand(expression.args[0]);
      for (LinearTerm& term : expand(expression.args[1])) {
        term.negative = term.negative != is_call(expression, "sub");
        all.push_back(std::move(term));
      }
      return all;
    }
    if (is_call(expression, "neg")) {
      std::vector<LinearTerm> all = expand(expression.args[0]);
      for (LinearTerm& term : all) term.negative = !term.negative;
      return all;
    }
    if (!holds_state(expression)) {
      LinearTerm term;
      add_factors(expression, false, term.factors);
      return {term};
    }
    if (expression.kind == ExpressionKind::access) return {LinearTerm{false, {}, expression.access}};
    if (is_call(expression, "mul")) {
      for (const int late : {0, 1}) {
        const Expression& other = expression.args[static_cast<std::size_t>(1 - late)];
        if (!holds_state(other)) return scaled(expand(expression.args[static_cast<std::size_t>(late)]), other, false);
      }
      throw Failure{"two states are multiplied"};
    }
    if (is_call(expression, "div")) {
      if (holds_state(expression.args[1])) throw Failure{"something is divided by a state"};
      return scaled(expand(expression.args[0]), expression.args[1], true);
    }
    if (is_call(expression, "select") && !holds_state(expression.args[0])) {
      std::vector<LinearTerm> all = chosen(expression, 1);
      for (LinearTerm& term : chosen(expression, 2)) all.push_back(std::move(term));
      return all;
    }
    throw Failure{fmt::format("`{}` of a state is not linear",
                              expression.kind == ExpressionKind::call ? expression.name : "first")};
  }

 private:
  bool holds_state(const Expression& expression) const {
    const auto accesses = expression.accesses();
    return std::any_of(accesses.begin(), accesses.end(),
                       [&](const Access* access) { return states_.contains(access->tensor); });
  }

  // select(c, x, y) = select(c, 1, 0) · x + select(c, 0, 1) · y, for x and y that are finite.
  std::vector<LinearTerm> chosen(const Expression& select, std::size_t branch) const {
    const auto of = [&](const Expression& value) {
      return call("select", {select.args[0], branch == 1 ? value : number(0), branch == 1 ? number(0) : value});
    };
    if (holds_state(select.args[branch])) return scaled(expand(select.args[branch]), of(number(1)), false);
    return {LinearTerm{false, {{of(select.args[branch]), false}}, std::nullopt}};
  }

  static std::vector<LinearTerm> scaled(std::vector<LinearTerm> terms, const Expression& by, bool divides) {
    for (LinearTerm& term : terms) add_factors(by, divides, term.factors);
    return terms;
  }

  const std::set<std::string>& states_;
};

bool reads_any(const std::vector<const Access*>& accesses, const std::set<std::string>& tensors) {
  return std::any_of(accesses.begin(), accesses.end(),
                     [&](const Access* access) { return tensors.contains(access->tensor); });
}

class RecurrenceReader {
 public:
  RecurrenceReader(const Cascade& cascade, const std::string& rank) : cascade_(cascade), rank_(rank) {
    states_ = states_over(cascade, rank);
    result_.dependents = states_;
    for (bool more = true; more;) {
      more = false;
      for (const Einsum& einsum : cascade.einsums()) {
        if (!result_.dependents.contains(einsum.name()) && depends(einsum)) {
          more = result_.dependents.insert(einsum.name()).second;
        }
      }
    }
  }

  Recurrences read() {
    for (const Einsum& einsum : cascade_.einsums()) {
      if (states_.contains(einsum.name())) result_.states.push_back(recurrence_of(einsum));
    }
    return std::move(result_);
  }

 private:
  // What an iteration around this one made before is there, whatever it is made of.
  bool depends(const Einsum& einsum) const {
    const auto reads = einsum.reads();
    return std::any_of(reads.begin(), reads.end(), [&](const Access* access) {
      return result_.dependents.contains(access->tensor) && !is_made_before(*access);
    });
  }
  bool is_made_before(const Access& access) const {
    const TensorDecl& tensor = *cascade_.find_tensor(access.tensor);
    if (tensor.iterative_rank.empty() || tensor.iterative_rank == rank_) return false;
    for (std::size_t k = 0; k < access.indices.size(); ++k) {
      if (tensor.ranks[k] != tensor.iterative_rank) continue;
      return access.indices[k].plain_variable() && access.indices[k].plain_offset() == 0;
    }
    return false;
  }

  [[noreturn]] void refuse(const Einsum& update, const std::string& why) const {
    throw UserError(Diagnostic{"transform-impossible",
                               fmt::format("the iteration over `{}` cannot be cut into chunks: {}", rank_, why),
                               update.span,
                               {},
                               "an update must be linear in its state: S[n+1] = a * S[n] + b"});
  }

  LinearRecurrence recurrence_of(const Einsum& update) {
    const std::string& name = update.name();
    const TensorDecl& tensor = *cascade_.find_tensor(name);
    if (tensor.role == TensorRole::output) refuse(update, fmt::format("all states of `{}` are put out", name));
    if (is_in_whole_numbers(tensor)) {
      refuse(update, fmt::format("`{}` is in whole numbers; its updates round and saturate", name));
    }
    if (!update.reductions.empty()) {
      refuse(update,
             fmt::format("the update of `{}` mixes elements of the state by `{}`", name, update.reductions.front().op));
    }
    if (update.scatters()) refuse(update, fmt::format("`{}` is scattered", name));
    for (const Comparison& predicate : update.predicates) {
      for (const IndexExpression* side : {&predicate.left, &predicate.right}) {
        if (reads_any(side->accesses(), result_.dependents)) {
          refuse(update, fmt::format("a state decides where `{}` is updated", name));
        }
      }
    }
    const LinearTerms split = linear_terms(with_states(update.expression, cascade_, {name}), {name});
    if (!split.failure.empty()) refuse(update, fmt::format("in the update of `{}`, {}", name, split.failure));

    LinearRecurrence recurrence;
    recurrence.update = &update;
    Access before = update.output;
    for (std::size_t k = 0; k < before.indices.size(); ++k) {
      if (tensor.ranks[k] == rank_) before.indices[k] = index_of_variable(variable_of_rank(rank_), {});
    }
    std::vector<SignedTerm> decays;
    bool has_state = false;
    for (const LinearTerm& term : split.terms) {
      for (const Factor& factor : term.factors) check_factor(update, factor.value, term.state.has_value());
      if (!term.state) {
        recurrence.terms.push_back(term);
        continue;
      }
      if (print_access(*term.state) != print_access(before)) {
        refuse(update,
               fmt::format("`{}` follows from other elements of the state, `{}`", name, print_access(*term.state)));
      }
      has_state = true;
      decays.push_back({product_of(term.factors), term.negative});
    }
    const bool stays = decays.size() == 1 && !decays[0].negative && split_is_one(split.terms);
    if (!stays) recurrence.decay = sum_of(decays);
    if (!has_state) refuse(update, fmt::format("`{}` forgets its state, it is no recurrence", name));
    if (recurrence.decay && !is_updated_always(update, tensor)) {
      refuse(update, fmt::format("`{}` decays only where its update is not absent", name));
    }
    if (recurrence.terms.empty()) refuse(update, fmt::format("nothing is added to `{}`", name));
    return recurrence;
  }

  // Whether the update is there at every step, or, where the state starts with 0, at none.
  bool is_updated_always(const Einsum& update, const TensorDecl& tensor) const {
    for (const Comparison& comparison : cascade_.domain(cascade_.einsum_position(update.name()))) {
      bool varies = false, is_fixed = true;
      for (const IndexExpression* side : {&comparison.left, &comparison.right}) {
        const auto names = side->variables();
        is_fixed = is_fixed && names.empty();
        varies = varies || std::find(names.begin(), names.end(), variable_of_rank(rank_)) != names.end();
      }
      const bool is_end = comparison.op == "<" && print_index(comparison.left) == variable_of_rank(rank_) &&
                          same_extent(print_index(comparison.right));
      if (!is_fixed && (varies ? !is_end : tensor.initial != 0.0)) return false;
    }
    return true;
  }

  // Whether a rank is as long as the iteration: one is derived to be the other, or both to be a third.
  bool same_extent(const std::string& rank) const { return origin_of(rank) == origin_of(rank_); }
  std::string origin_of(std::string rank) const {
    for (bool more = true; more;) {
      more = false;
      for (const DerivedRank& derived : cascade_.derived_ranks()) {
        if (derived.rank != rank || derived.formula.kind != ExpressionKind::symbol) continue;
        rank = derived.formula.name;
        more = true;
      }
    }
    return rank;
  }

  static bool split_is_one(const std::vector<LinearTerm>& terms) {
    return std::all_of(terms.begin(), terms.end(),
                       [](const LinearTerm& term) { return !term.state || term.factors.empty(); });
  }

  // A decay depends on no state; what is added does so through values of the step only.
  void check_factor(const Einsum& update, const Expression& value, bool is_decay) {
    for (const Access* access : value.accesses()) {
      if (!result_.dependents.contains(access->tensor) || is_made_before(*access)) continue;
      if (states_.contains(access->tensor)) {
        refuse(update, fmt::format("the update of `{}` reads the state `{}` too", update.name(), access->tensor));
      }
      if (is_decay) {
        refuse(update, fmt::format("`{}`, which `{}` decays by, depends on the state `{}`", access->tensor,
                                   update.name(), state_behind(access->tensor)));
      }
      add_feedback(access->tensor);
    }
  }

  void add_feedback(const std::string& tensor) {
    if (states_.contains(tensor) || !result_.dependents.contains(tensor)) return;
    if (!result_.feedback.insert(tensor).second) return;
    for (const Access* access : cascade_.find_einsum(tensor)->reads()) {
      if (!is_made_before(*access)) add_feedback(access->tensor);
    }
  }

  // A state that the tensor is made of, the nearest one.
  std::string state_behind(const std::string& tensor) const {
    std::vector<std::string> open{tensor};
    std::set<std::string> seen;
    for (std::size_t i = 0; i < open.size(); ++i) {
      if (!seen.insert(open[i]).second) continue;
      for (const Access* access : cascade_.find_einsum(open[i])->reads()) {
        if (states_.contains(access->tensor)) return access->tensor;
        if (result_.dependents.contains(access->tensor)) open.push_back(access->tensor);
      }
    }
    return tensor;
  }

  const Cascade& cascade_;
  std::string rank_;
  std::set<std::string> states_;
  Recurrences result_;
};

}  // namespace

LinearTerms linear_terms(const Expression& expression, const std::set<std::string>& states) {
  try {
    return {Expansion(states).expand(expression), ""};
  } catch (const Failure& failure) {
    return {{}, failure.reason};
  }
}

std::set<std::string> states_over(const Cascade& cascade, const std::string& rank) {
  std::set<std::string> states;
  for (const TensorDecl& tensor : cascade.tensors()) {
    if (tensor.iterative_rank == rank) states.insert(tensor.name);
  }
  return states;
}

bool is_in_whole_numbers(const TensorDecl& tensor) {
  return tensor.dtype == Dtype::int8 || tensor.dtype == Dtype::int4 || tensor.dtype == Dtype::int32;
}

bool may_be_absent(const Cascade& cascade, const Einsum& einsum) {
  const auto& domain = cascade.domain(cascade.einsum_position(einsum.name()));
  return std::any_of(domain.begin(), domain.end(), [](const Comparison& comparison) {
    return !comparison.left.variables().empty() || !comparison.right.variables().empty();
  });
}

Expression with_states(const Expression& expression, const Cascade& cascade, const std::set<std::string>& states) {
  return rewritten(expression, [&](const Access& access) {
    const Expression as_it_is = read(access);
    const Einsum* writer = states.contains(access.tensor) ? nullptr : cascade.find_einsum(access.tensor);
    if (!writer || !writer->reductions.empty() || !writer->predicates.empty() || writer->scatters()) return as_it_is;
    const std::optional<VariableMap> indices = indices_at(*writer, access);
    if (!indices) return as_it_is;
    const Expression value = with_states(substituted(writer->expression, *indices, access.span), cascade, states);
    return reads_any(value.accesses(), states) ? value : as_it_is;
  });
}

Recurrences linear_recurrences(const Cascade& cascade, const std::string& rank) {
  return RecurrenceReader(cascade, rank).read();
}

}  // namespace einloom::transforms
