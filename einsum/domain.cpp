// SPDX-License-Identifier: Apache-2.0
// Where an Einsum has points: its own predicates, its operands' and the bounds of the indices it computes.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "einsum/affine.hpp"
#include "einsum/validator.hpp"

namespace einloom {
namespace {

class DomainMaker {
 public:
  DomainMaker(const CascadeDraft& draft, Diagnostics& diagnostics) : draft_(draft), diagnostics_(diagnostics) {}

  std::vector<std::vector<Comparison>> make() {
    for (std::size_t i = 0; i < draft_.einsums.size(); ++i) {
      current_.clear();
      seen_.clear();
      for (const auto& comparison : draft_.einsums[i].predicates) add(comparison);
      if (draft_.einsums[i].scatters()) bounds(draft_.einsums[i].output, *draft_.find_tensor(draft_.einsums[i].name()));
      for (const auto& read : operand_reads(draft_, static_cast<int>(i))) {
        const TensorDecl& tensor = *draft_.find_tensor(read.access->tensor);
        if (read.guarded) continue;
        bounds(*read.access, tensor);
        if (read.producer >= 0 && tensor.iterative_rank.empty()) inherit(*read.access, read.producer);
      }
      domains_.push_back(current_);
    }
    return std::move(domains_);
  }

 private:
  void add(const Comparison& comparison) {
    if (seen_.insert(print_comparison(comparison)).second) current_.push_back(comparison);
  }

  // An index that is not one variable of its rank may leave the tensor: 0 <= index < extent.
  void bounds(const Access& access, const TensorDecl& tensor) {
    for (std::size_t k = 0; k < access.indices.size(); ++k) {
      const auto& index = access.indices[k];
      const std::string& rank = tensor.ranks[k];
      if (rank == tensor.iterative_rank) continue;
      const auto variable = index.plain_variable();
      if (variable && index.plain_offset() == 0 && rank_of_variable(*variable) == rank) continue;
      const bool never_negative = std::all_of(index.terms.begin(), index.terms.end(), [](const IndexTerm& term) {
        return term.factor >= 0 && term.gathered.empty();
      });
      if (!never_negative) add({index_of_constant(0, index.span), "<=", index, index.span});
      add({index, "<", index_of_symbol(rank, index.span), index.span});
    }
  }

  void inherit(const Access& access, int producer) {
    const Einsum& writer = draft_.einsums[static_cast<std::size_t>(producer)];
    if (writer.scatters() || !writer.selection().empty()) return;  // every element has a value
    std::map<std::string, IndexExpression> replacements;
    for (std::size_t k = 0; k < access.indices.size(); ++k) {
      const auto variable = writer.output.indices[k].plain_variable();
      if (variable) replacements[*variable] = access.indices[k];
    }
    for (const auto& comparison : domains_[static_cast<std::size_t>(producer)]) {
      if (mentions_reduced(comparison, writer)) continue;
      const auto left = substituted(comparison.left, replacements);
      const auto right = substituted(comparison.right, replacements);
      if (!left || !right) {
        diagnostics_
            .error("einsum-domain", access.span,
                   fmt::format("`{}` has points only where {}; with these indices that is no affine predicate",
                               access.tensor, print_comparison(comparison)))
            .note("the predicate comes from here", comparison.span);
        continue;
      }
      add({*left, comparison.op, *right, access.span});
    }
  }

  static bool mentions_reduced(const Comparison& comparison, const Einsum& writer) {
    for (const auto* side : {&comparison.left, &comparison.right}) {
      const auto variables = side->variables();
      if (std::any_of(variables.begin(), variables.end(),
                      [&](const std::string& name) { return writer.reduces(name); })) {
        return true;
      }
    }
    return false;
  }

  const CascadeDraft& draft_;
  Diagnostics& diagnostics_;
  std::vector<std::vector<Comparison>> domains_;
  std::vector<Comparison> current_;
  std::set<std::string> seen_;
};

}  // namespace

std::vector<std::vector<Comparison>> make_domains(const CascadeDraft& draft, Diagnostics& diagnostics) {
  return DomainMaker(draft, diagnostics).make();
}

}  // namespace einloom
