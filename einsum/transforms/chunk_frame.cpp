// SPDX-License-Identifier: Apache-2.0
#include "einsum/transforms/chunk_frame.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/suggest.hpp"
#include "einsum/affine.hpp"
#include "einsum/transforms/linear_recurrence.hpp"
#include "einsum/transforms/term_writer.hpp"

namespace einloom::transforms {
namespace {

[[noreturn]] void refuse(const std::string& why, const Span& where, const std::string& help = "") {
  throw UserError(Diagnostic{
      "transform-impossible", fmt::format("the iteration cannot be cut into chunks: {}", why), where, {}, help});
}

}  // namespace

std::string iteration_over(const Cascade& cascade, const std::string& rank) {
  std::vector<std::string> names, found;
  for (const RankDecl& iterative : cascade.iterative_ranks()) {
    names.push_back(iterative.name);
    if (iterative.name == rank) found = {rank};
  }
  for (const DerivedRank& derived : cascade.derived_ranks()) {
    const bool follows = derived.formula.kind == ExpressionKind::symbol && derived.formula.name == rank;
    const bool is_iterative = std::find(names.begin(), names.end(), derived.rank) != names.end();
    if (follows && is_iterative && std::find(found.begin(), found.end(), rank) == found.end()) {
      found.push_back(derived.rank);
    }
  }
  if (found.size() != 1) {
    std::string help = suggestion(rank, names);
    if (names.empty() && !cascade.options().empty()) {
      std::vector<std::string> options;
      for (const OptionDecl& option : cascade.options()) {
        options.push_back(fmt::format("`--set cascade.options.{}={}`", option.name, fmt::join(option.values, "|")));
      }
      help = fmt::format("as it is chosen it has no iteration; choose another form: {}", fmt::join(options, ", "));
    }
    if (help.empty() && !names.empty()) help = fmt::format("it iterates over {}", fmt::join(names, ", "));
    refuse(fmt::format("cascade `{}` does not iterate over `{}`", cascade.name(), rank), cascade.span(), help);
  }
  if (cascade.partition_with(found.front())) {
    refuse(fmt::format("`{}` is a part of `{}`, in tiles already", found.front(),
                       cascade.partition_with(found.front())->rank),
           cascade.span());
  }
  return found.front();
}

Comparison compared(const std::string& left, const std::string& op, const std::string& right) {
  return {index_of_variable(variable_of_rank(left), {}), op, index_of_variable(variable_of_rank(right), {}), {}};
}
Expression position(const std::string& part) { return value_of(index_of_variable(variable_of_rank(part), {})); }
Reduction sum_over_rank(const std::string& rank) { return {"sum", variable_of_rank(rank), {}}; }

ChunkFrame::ChunkFrame(const Cascade& cascade, const std::string& iterated, std::int64_t chunk, bool by_steps)
    : cascade_(cascade), edit_(cascade), iterated_(iterated), whole_(partitioned_rank()) {
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
    if (draft.iterative[i].name != iterated_) continue;
    draft.iterative[i].name = outer_;
    if (by_steps) draft.iterative.insert(draft.iterative.begin() + static_cast<std::ptrdiff_t>(i) + 1, {step_, {}});
  }
  for (const std::string& each : cascade.all_ranks()) {
    order_.push_back(each);
    if (each == whole_) order_.insert(order_.end(), {outer_, inner_, step_, other_, between_});
  }
}

// The rank that all tensors read at the iteration's steps have, where it is one that the steps count; so that passes
// over it are passes of its tiles. Otherwise the iterated rank.
std::string ChunkFrame::partitioned_rank() const {
  for (const DerivedRank& derived : cascade_.derived_ranks()) {
    if (derived.rank != iterated_ || derived.formula.kind != ExpressionKind::symbol) continue;
    const std::string& origin = derived.formula.name;
    const auto ranks = cascade_.ranks();
    const auto is_origin = [&](const RankDecl& rank) { return rank.name == origin; };
    const bool is_free = std::any_of(ranks.begin(), ranks.end(), is_origin) && !cascade_.partition_of(origin);
    if (is_free && only_reads(origin)) return origin;
  }
  return iterated_;
}

bool ChunkFrame::only_reads(const std::string& origin) const {
  for (const Einsum& einsum : cascade_.einsums()) {
    for (const Access* access : einsum.reads()) {
      const TensorDecl& tensor = *cascade_.find_tensor(access->tensor);
      for (std::size_t k = 0; k < access->indices.size(); ++k) {
        const auto names = access->indices[k].variables();
        const bool is_step = std::find(names.begin(), names.end(), variable_of_rank(iterated_)) != names.end();
        if (is_step && tensor.ranks[k] != origin && tensor.ranks[k] != iterated_) return false;
      }
    }
  }
  return true;
}

std::size_t ChunkFrame::position_of_rank(const TensorDecl& tensor) const {
  return static_cast<std::size_t>(std::find(tensor.ranks.begin(), tensor.ranks.end(), iterated_) -
                                  tensor.ranks.begin());
}

VariableMap ChunkFrame::at_token(const std::string& part) const {
  IndexExpression joined;
  joined.terms = {{1, inner_, variable_of_rank(outer_), {}, {}}, {1, "", variable_of_rank(part), {}, {}}};
  return {{variable_of_rank(iterated_), joined}};
}

Comparison ChunkFrame::bound(const std::string& part) const {
  return {at_token(part).at(variable_of_rank(iterated_)), "<", index_of_symbol(whole_, {}), {}};
}

Expression ChunkFrame::chunk_length() const {
  const Expression begin = call("mul", {value_of(index_of_variable(variable_of_rank(outer_), {})), symbol(inner_)});
  return call("min", {symbol(inner_), call("sub", {symbol(whole_), begin})});
}

Access ChunkFrame::emitted(const std::string& wish, const TensorDecl& like, const Expression& expression,
                           const std::vector<Reduction>& reductions, std::vector<Comparison> predicates) {
  std::vector<std::string> ranks = ranks_used(order_, expression, predicates);
  for (const Reduction& reduction : reductions) {
    std::erase(ranks, rank_of_variable(reduction.variable));
  }
  const auto has = [&](const std::string& rank) { return std::find(ranks.begin(), ranks.end(), rank) != ranks.end(); };
  for (const std::string& part : {inner_, step_}) {
    if (has(outer_) && has(part) && !is_at_token(expression, part)) predicates.push_back(bound(part));
  }
  std::string key = print_expression(expression);
  for (const Reduction& reduction : reductions) key += " " + reduction.op + " " + reduction.variable;
  for (const Comparison& predicate : predicates) key += " | " + print_comparison(predicate);
  const auto known = emitted_.find(key);
  if (known != emitted_.end()) return access_of(known->second.name, known->second.ranks);
  TensorDecl tensor = tensor_like(like, edit_.fresh_name(wish), ranks);
  if (is_in_whole_numbers(tensor)) tensor.dtype.reset();  // parts of a value are not rounded, the value is
  edit_.add(tensor, einsum_of(tensor.name, ranks, reductions, expression, std::move(predicates), {}));
  emitted_[key] = tensor;
  return access_of(tensor.name, ranks);
}

bool ChunkFrame::is_at_token(const Expression& expression, const std::string& part) const {
  const auto accesses = expression.accesses();
  return std::any_of(accesses.begin(), accesses.end(), [&](const Access* access) {
    return std::any_of(access->indices.begin(), access->indices.end(), [&](const IndexExpression& index) {
      const auto names = index.variables();
      return std::find(names.begin(), names.end(), variable_of_rank(outer_)) != names.end() &&
             std::find(names.begin(), names.end(), variable_of_rank(part)) != names.end();
    });
  });
}

void ChunkFrame::add_whole(const Einsum& einsum, const TensorDecl& tensor, const Access& tile,
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
Access ChunkFrame::from_chunks(const Access& tile) {
  if (chunk_of_.empty()) {
    const TensorDecl like;
    const Expression token = position(iterated_);
    chunk_of_ = emitted(outer_ + "X", like, call("floor", {call("div", {token, symbol(inner_)})})).tensor;
    token_of_ = emitted(inner_ + "X", like, call("mod", {token, symbol(inner_)})).tensor;
  }
  VariableMap replacements;
  const std::vector<std::pair<std::string, std::string>> parts = {
      {outer_, chunk_of_}, {inner_, token_of_}, {step_, token_of_}};
  for (const auto& [part, tensor] : parts) {
    IndexTerm term;
    term.gathered = {access_of(tensor, {iterated_})};
    replacements[variable_of_rank(part)].terms = {term};
  }
  return substituted(tile, replacements, {});
}

}  // namespace einloom::transforms
