// SPDX-License-Identifier: Apache-2.0
#include "einsum/transforms/final_values.hpp"

#include <algorithm>

#include "einsum/affine.hpp"
#include "einsum/transforms/term_writer.hpp"

namespace einloom::transforms {

FinalValues::FinalValues(const Cascade& cascade, const RankGroup& group, MergeStyle style, std::string prefix,
                         CascadeEdit& edit, const MergePhases& phases)
    : cascade_(cascade),
      group_(group),
      running_(style == MergeStyle::running),
      prefix_(std::move(prefix)),
      outer_(variable_of_rank(group.outer)),
      edit_(edit),
      phases_(phases) {}

void FinalValues::accumulate(const std::string& part, Accumulated value) {
  accumulated_[part] = {phase_, std::move(value)};
}

// The access with an index for the tiles put where `ranks` have it.
Access FinalValues::widened(const std::string& tensor, const std::vector<std::string>& ranks, const Access& access,
                            const IndexExpression& tile) const {
  Access result{tensor, {}, access.span};
  const auto part = part_ranks_.find(access.tensor);
  const std::vector<std::string>& own = part != part_ranks_.end() ? part->second : decl(access.tensor).ranks;
  for (const std::string& rank : ranks) {
    if (rank == group_.outer) {
      result.indices.push_back(tile);
      continue;
    }
    const auto found = std::find(own.begin(), own.end(), rank);
    result.indices.push_back(access.indices[static_cast<std::size_t>(found - own.begin())]);
  }
  return result;
}

IndexExpression FinalValues::tile_index(std::int64_t plus) const {
  IndexExpression index = index_of_variable(outer_, {});
  if (plus != 0) index.terms.push_back({plus, "", "", {}, {}});
  return index;
}

// A final of this phase, what is made of them, or a part of one.
bool FinalValues::is_late(const std::string& tensor) const {
  const auto found = accumulated_.find(tensor);
  return found != accumulated_.end() ? found->second.phase == phase_ : phases_.is_late(tensor, phase_);
}

Expression FinalValues::at_the_end(const Expression& expression) const {
  return rewritten(expression, [&](const Access& access) {
    const auto found = accumulated_.find(access.tensor);
    if (found == accumulated_.end() || found->second.value.state.empty()) return read(access);
    return read(
        widened(found->second.value.state, found->second.value.ranks, access, index_of_symbol(group_.outer, {})));
  });
}

Expression FinalValues::at_the_tile(const Expression& expression) {
  return rewritten(expression, [&](const Access& access) {
    if (!is_late(access.tensor)) return at_the_end(read(access));
    const auto found = accumulated_.find(access.tensor);
    if (found != accumulated_.end()) {
      const Accumulated& each = found->second.value;
      return read(running_ ? widened(each.state, each.ranks, access, tile_index(1))
                           : widened(each.tile, each.ranks, access, tile_index(0)));
    }
    const auto& [name, ranks] = map_at_the_tile(access.tensor);
    return read(widened(name, ranks, access, tile_index(0)));
  });
}

// A map of finals, made anew at each tile.
const std::pair<std::string, std::vector<std::string>>& FinalValues::map_at_the_tile(const std::string& tensor) {
  const auto found = maps_.find(tensor);
  if (found != maps_.end()) return found->second;
  const Expression value = at_the_tile(definition(tensor));
  const std::vector<std::string> ranks = with_rank(decl(tensor).ranks, group_.outer, value);
  const std::string name = edit_.fresh_name(prefix_ + tensor);
  const Einsum& einsum = *cascade_.find_einsum(tensor);
  std::vector<Comparison> predicates;
  if (einsum.reductions.empty()) predicates = einsum.predicates;
  edit_.add(tensor_like(decl(tensor), name, ranks), einsum_of(name, ranks, {}, value, predicates, einsum.span));
  return maps_[tensor] = {name, ranks};
}

Expression FinalValues::definition(const std::string& tensor) const {
  const auto found = definitions_.find(tensor);
  return found != definitions_.end() ? found->second : cascade_.find_einsum(tensor)->expression;
}

// running: with the finals of this phase as they were before the tile.
Expression FinalValues::before_the_tile(const Expression& expression) const {
  return rewritten(expression, [&](const Access& access) {
    if (!is_late(access.tensor)) return at_the_end(read(access));
    const auto found = accumulated_.find(access.tensor);
    if (found != accumulated_.end()) {
      return read(widened(found->second.value.state, found->second.value.ranks, access, tile_index(0)));
    }
    VariableMap replacements;
    const std::vector<std::string>& ranks = decl(access.tensor).ranks;
    for (std::size_t k = 0; k < ranks.size(); ++k) replacements[variable_of_rank(ranks[k])] = access.indices[k];
    return substituted(before_the_tile(definition(access.tensor)), replacements, access.span);
  });
}

// A rank that is read at one index only, `GM[p1*M0+p0]`, gets its own variable, `GM[p]`; what those stand for.
VariableMap FinalValues::with_own_variables(std::vector<Shift>& shifts) const {
  std::map<std::string, std::map<std::string, IndexExpression>> read_at;  // by rank, by text
  std::set<std::string> used;
  const auto rewrite_all = [&](const AccessRewrite& rewrite) {
    for (Shift& shift : shifts) {
      if (shift.base) shift.base = rewritten(*shift.base, rewrite);
      for (SignedTerm& each : shift.exponent) each.value = rewritten(each.value, rewrite);
    }
  };
  rewrite_all([&](const Access& access) {
    for (std::size_t k = 0; k < access.indices.size(); ++k) {
      const IndexExpression& index = access.indices[k];
      for (const std::string& variable : index.variables()) used.insert(variable);
      read_at[decl(access.tensor).ranks[k]][print_index(index)] = index;
    }
    return read(access);
  });
  VariableMap stand_for;
  for (const auto& [rank, indices] : read_at) {
    const IndexExpression& index = indices.begin()->second;
    const bool is_window = indices.size() == 1 && !index.variables().empty() && !index.gathers();
    if (is_window && !used.contains(variable_of_rank(rank))) stand_for[variable_of_rank(rank)] = index;
  }
  rewrite_all([&](const Access& access) {
    Access own = access;
    for (std::size_t k = 0; k < own.indices.size(); ++k) {
      const std::string variable = variable_of_rank(decl(access.tensor).ranks[k]);
      if (stand_for.contains(variable)) own.indices[k] = index_of_variable(variable, {});
    }
    return read(own);
  });
  return stand_for;
}

std::optional<Access> FinalValues::correction(std::vector<Shift> shifts, const TensorDecl& like, const Span& span,
                                              Correction which) {
  if (shifts.empty()) return std::nullopt;
  const VariableMap stand_for = with_own_variables(shifts);
  std::map<std::string, std::pair<std::optional<Expression>, std::vector<SignedTerm>>> by_base;
  std::string first;
  for (const Shift& shift : shifts) {
    auto& [base, terms] = by_base[shift.base ? print_expression(*shift.base) : ""];
    base = shift.base;
    for (const SignedTerm& each : shift.exponent) {
      if (first.empty()) first = each.value.accesses().front()->tensor;
      const bool to_end = which == Correction::tile_to_end;
      const Expression later = to_end ? at_the_end(each.value) : at_the_tile(each.value);
      const Expression earlier = to_end ? at_the_tile(each.value) : before_the_tile(each.value);
      terms.push_back({later, each.negative});
      terms.push_back({earlier, !each.negative});
    }
  }
  Product factors;
  for (const auto& [key, part] : by_base) {
    const Expression exponent = sum_of(part.second);
    factors.push_back({part.first ? call("pow", {at_the_end(*part.first), exponent}) : call("exp", {exponent}), false});
  }
  const Expression value = product_of(factors);
  const std::string key = print_expression(value);
  if (!corrections_.contains(key)) {
    std::vector<std::string> ranks;
    for (const std::string& variable : variables_in_order(value)) ranks.push_back(rank_of_variable(variable));
    const std::string name = edit_.fresh_name("C" + first);
    edit_.add(tensor_like(like, name, ranks), einsum_of(name, ranks, {}, value, {}, span));
    corrections_[key] = access_of(name, ranks);
  }
  return substituted(corrections_[key], stand_for, span);
}

}  // namespace einloom::transforms
