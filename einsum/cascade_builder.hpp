// SPDX-License-Identifier: Apache-2.0
// Makes a Cascade from its parts: validates them, derives states, domains and the dependence graph.
// The loader and the transformations build cascades only through here, so no invalid cascade exists.
#pragma once

#include <string>
#include <vector>

#include "base/diagnostic.hpp"
#include "einsum/cascade.hpp"

namespace einloom {

struct PresetName {
  std::string name;
  Span span;
};

// What a document says. TensorDecl::iterative_rank is derived and need not be set.
struct CascadeDraft {
  std::string name, description, paper, family, reference;
  std::vector<PresetName> presets;
  std::vector<RankDecl> ranks;
  std::vector<PartitionDecl> partitions;
  std::vector<ParameterDecl> parameters;
  std::vector<ConstantDecl> constants;
  std::vector<DerivedRank> derived;
  std::vector<RankDecl> iterative;
  std::vector<TensorDecl> tensors;
  std::vector<Einsum> einsums;
  CascadeChecks checks;
  Span span, family_span, reference_span;
  // Einsums of other choices are left out: what only they use is dropped.
  std::vector<OptionDecl> options;
  // Some part could not be read and is missing: errors that may only echo that are not reported.
  bool incomplete = false;

  [[nodiscard]] const TensorDecl* find_tensor(const std::string& tensor) const;  // nullptr when absent
  [[nodiscard]] const PartitionDecl* partition_of(const std::string& rank) const;
  [[nodiscard]] const PartitionDecl* partition_with(const std::string& part) const;
  [[nodiscard]] int writer_of(const std::string& tensor) const;  // first Einsum that writes it, -1 when none
  [[nodiscard]] std::vector<std::string> rank_names() const;     // ranks, then parts
  [[nodiscard]] bool is_rank(const std::string& rank) const;
  [[nodiscard]] bool is_iterative(const std::string& rank) const;
};

// Tensors that no Einsum touches, then ranks and numbers that nothing left uses.
void drop_unused(CascadeDraft& draft);

class CascadeBuilder {
 public:
  // Throws UserError with what `diagnostics` already holds and all errors of the draft (codes in validator.hpp).
  [[nodiscard]] static Cascade build(CascadeDraft draft, Diagnostics& diagnostics);
};

}  // namespace einloom
