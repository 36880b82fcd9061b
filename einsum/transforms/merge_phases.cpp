// SPDX-License-Identifier: Apache-2.0
#include "einsum/transforms/merge_phases.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/diagnostic.hpp"
#include "einsum/affine.hpp"
#include "einsum/transforms/facts.hpp"
#include "einsum/transforms/term_writer.hpp"

namespace einloom::transforms {

MergePhases::MergePhases(const Cascade& cascade, const RankGroup& group, std::string prefix,
                         std::function<std::string(const std::string&)> fresh_name)
    : cascade_(cascade),
      group_(group),
      prefix_(std::move(prefix)),
      fresh_name_(std::move(fresh_name)),
      along_{variable_of_rank(group.outer), variable_of_rank(group.inner)},
      steps_(cascade.einsums().size()) {
  for (std::size_t i = 0; i < steps_.size(); ++i) plan(static_cast<int>(i));
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const MergeStep& step = steps_[i];
    for (const Core& core : step.cores) mark_accumulated(core.value, step.phase);
    for (const Term& term : step.terms) {
      for (const Factor& factor : term.inside) mark_accumulated(factor.value, step.phase);
      for (const Shift& shift : term.shifts) {
        for (const SignedTerm& each : shift.exponent) mark_accumulated(each.value, step.phase);
      }
      if (step.role == MergeRole::reduces && !term.shifts.empty()) steps_[i].accumulates = true;
    }
  }
}

const MergeStep* MergePhases::step_of(const std::string& tensor) const {
  const int position = cascade_.einsum_position(tensor);
  return position < 0 ? nullptr : &step(position);
}

bool MergePhases::is_late(const std::string& tensor, int phase) const {
  const MergeStep* step = step_of(tensor);
  return step && step->role != MergeRole::inside && step->phase == phase && phase > 0;
}

void MergePhases::plan(int position) {
  const Einsum& each = einsum(position);
  MergeStep& step = steps_[static_cast<std::size_t>(position)];
  const auto variables = each.variables();
  const bool along =
      std::any_of(variables.begin(), variables.end(), [&](const std::string& name) { return along_.contains(name); });
  const std::string whole = variable_of_rank(group_.whole);
  const bool as_a_whole = std::find(variables.begin(), variables.end(), whole) != variables.end();
  if (as_a_whole) step.role = each.reduces(whole) ? MergeRole::reduces : MergeRole::inside;
  if (along) step.role = each.reduces(variable_of_rank(group_.outer)) ? MergeRole::reduces : MergeRole::inside;
  for (const Access* access : each.reads()) {
    const MergeStep* producer = step_of(access->tensor);
    if (producer && producer != &step) step.phase = std::max(step.phase, producer->phase);
  }
  if (step.role == MergeRole::free) return;
  step.phase = std::max(step.phase, 1);

  std::string late;
  for (const Access* access : each.reads()) {
    const MergeStep* producer = step_of(access->tensor);
    const bool split_now =
        producer && producer->is_split && producer->role == MergeRole::inside && producer->phase == step.phase;
    if (late.empty() && (is_late(access->tensor, step.phase) || split_now)) late = access->tensor;
  }
  if (late.empty()) return;
  Split result = as_a_whole ? Split{{}, fmt::format("{} needs it whole along `{}`", whole_for(each.name(), {}), whole)}
                            : split(each, step.phase, step.role);
  if (result.failure.empty() && step.role == MergeRole::reduces) {
    for (Term& term : result.terms) {
      const bool sums = fact_of_reduction(each.reductions.front().op).factors;
      if (!sums || depends_on_reduced(term, each) || sum_constant(term, each, cascade_, group_)) continue;
      result.failure = "a part of it does not depend on what is reduced";
    }
  }
  if (result.failure.empty()) result.failure = objection(each, result.terms, step.phase);
  if (!result.failure.empty()) {
    blocked_.push_back(fmt::format("`{}` must wait for `{}`: {}", each.name(), late, result.failure));
    ++step.phase;
    return;
  }
  step.is_split = true;
  step.terms = std::move(result.terms);
  if (step.role == MergeRole::inside) make_cores(each, step);
}

// Who needs the tensor along the whole rank: an output, or an Einsum by its name.
std::string MergePhases::whole_for(const std::string& tensor, std::set<std::string> seen) const {
  const std::string whole = variable_of_rank(group_.whole);
  if (cascade_.find_tensor(tensor)->role == TensorRole::output) return "an output";
  seen.insert(tensor);
  for (const Einsum& reader : cascade_.einsums()) {
    const auto reads = reader.reads();
    const bool takes_it =
        !seen.contains(reader.name()) &&
        std::any_of(reads.begin(), reads.end(), [&](const Access* access) { return access->tensor == tensor; });
    if (!takes_it) continue;
    const auto variables = reader.variables();
    const bool along = std::find(variables.begin(), variables.end(), whole) != variables.end();
    return along && !reader.reduces(whole) ? whole_for(reader.name(), seen) : fmt::format("`{}`", reader.name());
  }
  return "an output";
}

Split MergePhases::split(const Einsum& each, int phase, MergeRole role) const {
  const auto& reductions = each.reductions;
  const bool mixed = std::any_of(reductions.begin(), reductions.end(),
                                 [&](const Reduction& reduction) { return reduction.op != reductions.front().op; });
  if (mixed) return {{}, "it reduces with several operators"};
  if (cascade_.find_tensor(each.name())->initial) return {{}, "it is the state of another iteration"};
  if (each.scatters()) return {{}, "it writes where an index tensor says"};
  for (const Comparison& predicate : each.predicates) {
    for (const IndexExpression* side : {&predicate.left, &predicate.right}) {
      for (const Access* access : side->accesses()) {
        if (is_late(access->tensor, phase)) {
          return {{}, fmt::format("`{}` says where it has points", print_comparison(predicate))};
        }
      }
    }
  }
  if (!reductions.empty()) {
    const ReductionFact& fact = fact_of_reduction(reductions.front().op);
    const bool possible = fact.factors || (fact.terms && role == MergeRole::reduces);
    if (!possible) return {{}, fact.text};
  }
  SplitRules rules;
  rules.takes_shifts = true;
  rules.is_late = [&](const Access& access) { return is_late(access.tensor, phase); };
  rules.varies = [&](const Expression& expression) { return uses_any(expression, along_); };
  rules.split_before = [&](const std::string& tensor) -> const std::vector<Term>* {
    const MergeStep* step = step_of(tensor);
    return step && step->is_split && step->role == MergeRole::inside && step->phase == phase ? &step->terms : nullptr;
  };
  rules.written_as = [&](const std::string& tensor) { return &cascade_.find_einsum(tensor)->output; };
  return split_terms(each.expression, rules, each.span);
}

// Why the terms cannot leave the reductions of the Einsum, or be corrected later; "" when they can.
std::string MergePhases::objection(const Einsum& each, const std::vector<Term>& terms, int phase) const {
  std::set<std::string> reduced;
  for (const Reduction& reduction : each.reductions) reduced.insert(reduction.variable);
  const bool only_terms = !each.reductions.empty() && !fact_of_reduction(each.reductions.front().op).factors;
  for (const Term& term : terms) {
    if (only_terms && !term.inside.empty() && (!term.outside.empty() || !term.shifts.empty() || term.negative)) {
      return fmt::format("no factor leaves a {}", each.reductions.front().op);
    }
    // max(m) (x + c) = max(m) x + c; of a sum what has nothing inside is summed already.
    const bool is_alone = term.inside.empty() && (only_terms || each.reduces(variable_of_rank(group_.outer)));
    if (!is_alone && !depends_on_reduced(term, each)) return "a part of it does not depend on what is reduced";
    for (const Factor& factor : term.outside) {
      if (uses_any(factor.value, reduced)) {
        return fmt::format("`{}` depends on what is reduced", print_expression(factor.value));
      }
    }
    for (const Shift& shift : term.shifts) {
      for (const SignedTerm& exponent : shift.exponent) {
        if (uses_any(exponent.value, reduced)) {
          return fmt::format("`{}` depends on what is reduced", print_expression(exponent.value));
        }
        const std::string why = objection_to_shift(exponent, phase);
        if (!why.empty()) return why;
      }
    }
  }
  return "";
}

std::string MergePhases::objection_to_shift(const SignedTerm& term, int phase) const {
  if (!follows(term.value, phase)) {
    return fmt::format("`{}` has no value before all tiles are there", print_expression(term.value));
  }
  if (term.value.kind != ExpressionKind::access) return "";
  const Einsum& final_einsum = *cascade_.find_einsum(term.value.access.tensor);
  const std::string op = final_einsum.reductions.empty() ? "" : final_einsum.reductions.front().op;
  // exp(x + max): the first correction would be exp(max - (-inf)).
  if ((op == "max" && !term.negative) || (op == "min" && term.negative)) {
    return fmt::format("`{}` grows without a bound from its first value", print_expression(term.value));
  }
  return "";
}

// Whether the expression can be made anew at each tile: of finals by maps alone.
bool MergePhases::follows(const Expression& expression, int phase) const {
  for (const Access* access : expression.accesses()) {
    if (!is_late(access->tensor, phase)) continue;
    if (cascade_.find_tensor(access->tensor)->initial) return false;
    const MergeStep& step = *step_of(access->tensor);
    if (step.role == MergeRole::reduces) {
      const Einsum& reduction = *cascade_.find_einsum(access->tensor);
      if (!reduction.selection().empty() || reduction.scatters()) return false;
      continue;
    }
    const Einsum& map = *cascade_.find_einsum(access->tensor);
    if (!map.reductions.empty() || !follows(map.expression, phase)) return false;
  }
  return true;
}

void MergePhases::make_cores(const Einsum& each, MergeStep& step) {
  const TensorDecl& decl = *cascade_.find_tensor(each.name());
  for (Term& term : step.terms) {
    const Expression inside = product_of(term.inside);
    const bool is_there = inside.kind == ExpressionKind::access && each.reductions.empty() && each.predicates.empty();
    if (is_there || term.inside.empty()) continue;
    Core core{fresh_name_(prefix_ + decl.name), ranks_used(decl.ranks, inside, each.predicates), inside};
    term.inside = {{read(access_of(core.tensor, core.ranks)), false}};
    step.cores.push_back(std::move(core));
  }
}

void MergePhases::mark_accumulated(const Expression& expression, int phase) {
  for (const Access* access : expression.accesses()) {
    if (!is_late(access->tensor, phase)) continue;
    MergeStep& step = steps_[static_cast<std::size_t>(cascade_.einsum_position(access->tensor))];
    if (step.role == MergeRole::free) {
      mark_accumulated(cascade_.find_einsum(access->tensor)->expression, phase);
      continue;
    }
    if (!read_at_tiles_.insert(access->tensor).second) continue;
    step.accumulates = true;
    for (const Term& term : step.terms) {
      for (const Factor& factor : term.outside) mark_accumulated(factor.value, phase);
    }
  }
}

}  // namespace einloom::transforms
