// SPDX-License-Identifier: Apache-2.0
// Draft → validated cascade.
#include "einsum/cascade_builder.hpp"

#include <algorithm>
#include <set>

#include "einsum/ops/op.hpp"
#include "einsum/validator.hpp"

namespace einloom {

const TensorDecl* CascadeDraft::find_tensor(const std::string& tensor) const {
  const auto found =
      std::find_if(tensors.begin(), tensors.end(), [&](const TensorDecl& decl) { return decl.name == tensor; });
  return found == tensors.end() ? nullptr : &*found;
}

const PartitionDecl* CascadeDraft::partition_of(const std::string& rank) const {
  const auto found = std::find_if(partitions.begin(), partitions.end(),
                                  [&](const PartitionDecl& partition) { return partition.rank == rank; });
  return found == partitions.end() ? nullptr : &*found;
}

const PartitionDecl* CascadeDraft::partition_with(const std::string& part) const {
  const auto found = std::find_if(partitions.begin(), partitions.end(), [&](const PartitionDecl& partition) {
    return partition.outer == part || partition.inner == part;
  });
  return found == partitions.end() ? nullptr : &*found;
}

int CascadeDraft::writer_of(const std::string& tensor) const {
  for (std::size_t i = 0; i < einsums.size(); ++i) {
    if (einsums[i].name() == tensor) return static_cast<int>(i);
  }
  return -1;
}

std::vector<std::string> CascadeDraft::rank_names() const {
  std::vector<std::string> names;
  for (const auto& rank : ranks) names.push_back(rank.name);
  for (const auto& partition : partitions) {
    names.push_back(partition.outer);
    names.push_back(partition.inner);
  }
  return names;
}

bool CascadeDraft::is_rank(const std::string& rank) const {
  const auto names = rank_names();
  return std::find(names.begin(), names.end(), rank) != names.end();
}

bool CascadeDraft::is_iterative(const std::string& rank) const {
  return std::any_of(iterative.begin(), iterative.end(), [&](const RankDecl& decl) { return decl.name == rank; });
}

void drop_unused(CascadeDraft& draft) {
  std::set<std::string> touched;
  for (const auto& einsum : draft.einsums) {
    touched.insert(einsum.name());
    for (const Access* access : einsum.reads()) touched.insert(access->tensor);
  }
  std::erase_if(draft.tensors, [&](const TensorDecl& tensor) { return !touched.contains(tensor.name); });
  const std::set<std::string> used = used_names(draft);
  std::erase_if(draft.partitions, [&](const PartitionDecl& partition) { return !used.contains(partition.outer); });
  std::erase_if(draft.derived, [&](const DerivedRank& derived) { return !used.contains(derived.rank); });
  std::erase_if(draft.ranks, [&](const RankDecl& rank) { return !used.contains(rank.name); });
  std::erase_if(draft.iterative, [&](const RankDecl& rank) { return !used.contains(rank.name); });
  std::erase_if(draft.parameters, [&](const ParameterDecl& decl) { return !used.contains(decl.name); });
  std::erase_if(draft.constants, [&](const ConstantDecl& decl) { return !used.contains(decl.name); });
}

namespace {

// Index tensors hold whole numbers whatever the workload's number format, unless they say otherwise.
void mark_index_tensors(CascadeDraft& draft) {
  std::set<std::string> index_tensors;
  const auto mark = [&](const IndexExpression& index) {
    for (const Access* access : index.accesses()) index_tensors.insert(access->tensor);
  };
  for (const auto& einsum : draft.einsums) {
    const Selection* selection = find_selection(einsum.selection());
    if (selection && selection->gives_index) index_tensors.insert(einsum.name());
    for (const auto& index : einsum.output.indices) mark(index);
    for (const Access* access : einsum.reads()) {
      for (const auto& index : access->indices) mark(index);
    }
  }
  for (auto& tensor : draft.tensors) {
    if (index_tensors.contains(tensor.name) && !tensor.dtype) tensor.dtype = Dtype::int32;
  }
}

}  // namespace

Cascade CascadeBuilder::build(CascadeDraft draft, Diagnostics& diagnostics) {
  if (!draft.options.empty() && !draft.incomplete) drop_unused(draft);
  validate_declarations(draft, diagnostics);
  validate_einsums(draft, diagnostics);
  validate_dataflow(draft, diagnostics);
  diagnostics.throw_if_any();

  Cascade cascade;
  cascade.domains_ = make_domains(draft, diagnostics);
  diagnostics.throw_if_any();
  cascade.graph_ = make_graph(draft);
  mark_index_tensors(draft);
  cascade.name_ = std::move(draft.name);
  cascade.description_ = std::move(draft.description);
  cascade.paper_ = std::move(draft.paper);
  cascade.family_ = std::move(draft.family);
  for (auto& preset : draft.presets) cascade.presets_.push_back(std::move(preset.name));
  cascade.reference_ = std::move(draft.reference);
  cascade.ranks_ = std::move(draft.ranks);
  cascade.partitions_ = std::move(draft.partitions);
  cascade.parameters_ = std::move(draft.parameters);
  cascade.constants_ = std::move(draft.constants);
  cascade.options_ = std::move(draft.options);
  cascade.derived_ = std::move(draft.derived);
  cascade.iterative_ = std::move(draft.iterative);
  cascade.tensors_ = std::move(draft.tensors);
  cascade.einsums_ = std::move(draft.einsums);
  cascade.checks_ = std::move(draft.checks);
  cascade.span_ = std::move(draft.span);
  return cascade;
}

}  // namespace einloom
