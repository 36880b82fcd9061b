// SPDX-License-Identifier: Apache-2.0
#include "einsum/transforms/exchange_sums.hpp"

#include <algorithm>
#include <optional>

#include "einsum/transforms/defer_scaling.hpp"
#include "einsum/transforms/facts.hpp"
#include "einsum/transforms/term_writer.hpp"

namespace einloom::transforms {
namespace {

class Exchange {
 public:
  Exchange(const Cascade& cascade, const RankGroup& group)
      : cascade_(cascade), group_(group), passes_(count_passes(cascade, group)), edit_(cascade) {}

  Cascade exchanged() {
    for (std::size_t i = 0; i < cascade_.einsums().size(); ++i) {
      TensorDecl tensor = *cascade_.find_tensor(cascade_.einsums()[i].name());
      Einsum einsum = cascade_.einsums()[i];
      if (passes_.einsums[i].runs.pass > 1 && sums_over_rank(einsum) && !tensor.initial) {
        while (std::optional<Einsum> wider = with_operand_inside(einsum)) einsum = std::move(*wider);
        if (einsum.reductions.size() == cascade_.einsums()[i].reductions.size()) einsum = cascade_.einsums()[i];
      }
      tensor.iterative_rank.clear();
      edit_.add(std::move(tensor), std::move(einsum));
    }
    return edit_.build(group_);
  }

 private:
  bool of_group(const std::string& variable) const {
    const std::string rank = rank_of_variable(variable);
    return rank == group_.whole || rank == group_.outer || rank == group_.inner;
  }

  bool sums_over_rank(const Einsum& einsum) const {
    const auto& all = einsum.reductions;
    return !einsum.scatters() &&
           std::any_of(all.begin(), all.end(), [&](const Reduction& each) { return of_group(each.variable); }) &&
           std::all_of(all.begin(), all.end(), [](const Reduction& each) { return each.op == "sum"; });
  }

  // Accesses that are factors of the whole value, once each.
  static void factors(const Expression& expression, std::vector<const Access*>& found) {
    if (expression.kind == ExpressionKind::access) found.push_back(&expression.access);
    if (is_call(expression, "mul")) {
      factors(expression.args[0], found);
      factors(expression.args[1], found);
    }
    if (is_call(expression, "div")) factors(expression.args[0], found);
  }

  // One factor that is late along the rank replaced by what it is made of; nothing when there is none to replace.
  std::optional<Einsum> with_operand_inside(const Einsum& reader) const {
    std::vector<const Access*> found;
    factors(reader.expression, found);
    for (const Access* access : found) {
      const Einsum* writer = cascade_.find_einsum(access->tensor);
      if (!writer || !can_go_inside(*writer, reader, *access)) continue;
      VariableMap replacements;
      for (std::size_t k = 0; k < access->indices.size(); ++k) {
        replacements[*writer->output.indices[k].plain_variable()] = access->indices[k];
      }
      Einsum wider = reader;
      const Expression inside = substituted(writer->expression, replacements, reader.span);
      wider.expression = replaced_once(reader.expression, access, inside);
      for (const Reduction& reduction : writer->reductions) wider.reductions.push_back(reduction);
      for (const Comparison& predicate : writer->predicates) {
        wider.predicates.push_back(substituted(predicate, replacements, reader.span));
      }
      return wider;
    }
    return std::nullopt;
  }

  // A map or a sum over other variables than the reader has; made of what waits for a pass, with the rank.
  bool can_go_inside(const Einsum& writer, const Einsum& reader, const Access& access) const {
    const TensorDecl& tensor = *cascade_.find_tensor(writer.name());
    const auto position = static_cast<std::size_t>(cascade_.einsum_position(writer.name()));
    if (tensor.initial || writer.scatters() || passes_.einsums[position].runs.pass < 2) return false;
    if (footprint_of(access, tensor, group_) != Footprint::full) return false;
    const auto taken = reader.variables();
    for (const Reduction& reduction : writer.reductions) {
      if (reduction.op != "sum" || of_group(reduction.variable)) return false;
      if (std::find(taken.begin(), taken.end(), reduction.variable) != taken.end()) return false;
    }
    if (!leads_to_sum(writer)) return false;
    const auto& indices = writer.output.indices;
    return std::all_of(indices.begin(), indices.end(), [](const IndexExpression& index) {
      return index.plain_variable().has_value() && index.plain_offset() == 0;
    });
  }

  // Is it such a sum, or a product with one as a factor?
  bool leads_to_sum(const Einsum& writer) const {
    if (!writer.reductions.empty()) return true;
    std::vector<const Access*> found;
    factors(writer.expression, found);
    return std::any_of(found.begin(), found.end(), [&](const Access* access) {
      const Einsum* inner = cascade_.find_einsum(access->tensor);
      if (!inner || inner == &writer || cascade_.find_tensor(inner->name())->initial) return false;
      const auto& all = inner->reductions;
      const bool sums = !all.empty() && std::all_of(all.begin(), all.end(), [&](const Reduction& each) {
        return each.op == "sum" && !of_group(each.variable);
      });
      return sums || (all.empty() && leads_to_sum(*inner));
    });
  }

  static Expression replaced_once(const Expression& expression, const Access* access, const Expression& value) {
    if (expression.kind == ExpressionKind::access && &expression.access == access) return value;
    Expression result = expression;
    for (std::size_t i = 0; i < expression.args.size(); ++i) {
      result.args[i] = replaced_once(expression.args[i], access, value);
    }
    return result;
  }

  const Cascade& cascade_;
  RankGroup group_;
  RankPasses passes_;
  CascadeEdit edit_;
};

}  // namespace

Cascade exchange_sums(const Cascade& cascade, const std::string& rank) {
  return Exchange(cascade, group_of(cascade, rank)).exchanged();
}

}  // namespace einloom::transforms
