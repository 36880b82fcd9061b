// SPDX-License-Identifier: Apache-2.0
#include "einsum/transforms/point_values.hpp"

#include <algorithm>

#include "einsum/affine.hpp"
#include "einsum/transforms/defer_scaling.hpp"
#include "einsum/transforms/term_writer.hpp"

namespace einloom::transforms {
namespace {

class PointValues {
 public:
  PointValues(const Cascade& cascade, const RankGroup& group)
      : cascade_(cascade), group_(group), variable_(variable_of_rank(group.whole)), edit_(cascade) {}

  Cascade made() {
    for (const Einsum& einsum : cascade_.einsums()) {
      TensorDecl tensor = *cascade_.find_tensor(einsum.name());
      const bool is_state = tensor.initial.has_value();
      tensor.iterative_rank.clear();
      Einsum copied = einsum;
      if (!is_state) copied.expression = at_points(einsum.expression);
      edit_.add(std::move(tensor), std::move(copied));
    }
    return edit_.build(group_);
  }

 private:
  Expression at_points(const Expression& expression) {
    return rewritten(expression, [&](const Access& access) { return read(at_point(access)); });
  }

  // The access, or that of its value at the point.
  Access at_point(const Access& access) {
    const Einsum* writer = cascade_.find_einsum(access.tensor);
    const TensorDecl& tensor = *cascade_.find_tensor(access.tensor);
    const auto found = std::find(tensor.ranks.begin(), tensor.ranks.end(), group_.whole);
    if (!writer || tensor.initial || writer->scatters() || !writer->selection().empty() ||
        found == tensor.ranks.end()) {
      return access;
    }
    const auto position = static_cast<std::size_t>(found - tensor.ranks.begin());
    const IndexExpression& point = access.indices[position];
    const bool is_point =
        std::all_of(point.terms.begin(), point.terms.end(), [](const IndexTerm& term) { return term.is_constant(); });
    if (!is_point || writer->output.indices[position].plain_variable() != variable_) return access;
    Access result = access;
    result.tensor = value_at(*writer, tensor, point);
    result.indices.erase(result.indices.begin() + static_cast<std::ptrdiff_t>(position));
    return result;
  }

  // The tensor of the values at the point; one for each point.
  std::string value_at(const Einsum& writer, const TensorDecl& tensor, const IndexExpression& point) {
    const std::string key = writer.name() + "[" + print_index(point) + "]";
    const auto known = made_.find(key);
    if (known != made_.end()) return known->second;
    const VariableMap replacements{{variable_, point}};
    std::vector<std::string> ranks = tensor.ranks;
    std::erase(ranks, group_.whole);
    const Expression value = at_points(substituted(writer.expression, replacements, writer.span));
    std::vector<Comparison> predicates;
    for (const Comparison& predicate : writer.predicates) {
      predicates.push_back(substituted(predicate, replacements, writer.span));
    }
    const std::string name = edit_.fresh_name("P" + tensor.name);
    edit_.add(tensor_like(tensor, name, ranks),
              einsum_of(name, ranks, writer.reductions, value, predicates, writer.span));
    return made_[key] = name;
  }

  const Cascade& cascade_;
  RankGroup group_;
  std::string variable_;
  CascadeEdit edit_;
  std::map<std::string, std::string> made_;
};

}  // namespace

Cascade point_values(const Cascade& cascade, const std::string& rank) {
  return PointValues(cascade, group_of(cascade, rank)).made();
}

}  // namespace einloom::transforms
