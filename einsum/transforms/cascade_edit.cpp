// SPDX-License-Identifier: Apache-2.0
#include "einsum/transforms/cascade_edit.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "einsum/transforms/expression_algebra.hpp"

namespace einloom::transforms {

CascadeDraft draft_of(const Cascade& cascade) {
  CascadeDraft draft;
  draft.name = cascade.name();
  draft.description = cascade.description();
  draft.paper = cascade.paper();
  draft.family = cascade.family();
  draft.reference = cascade.reference();
  draft.ranks = cascade.ranks();
  draft.partitions = cascade.partitions();
  draft.parameters = cascade.parameters();
  draft.constants = cascade.constants();
  draft.derived = cascade.derived_ranks();
  draft.iterative = cascade.iterative_ranks();
  draft.tensors = cascade.tensors();
  for (TensorDecl& tensor : draft.tensors) tensor.iterative_rank.clear();
  draft.einsums = cascade.einsums();
  draft.span = cascade.span();
  return draft;
}

PartNames part_names(const Cascade& cascade, const std::string& rank) {
  const auto free = [&](const std::string& name) {
    const auto ranks = cascade.all_ranks();
    const auto named = [&](const auto& each) { return each.name == name; };
    return std::find(ranks.begin(), ranks.end(), name) == ranks.end() && !cascade.find_tensor(name) &&
           std::none_of(cascade.parameters().begin(), cascade.parameters().end(), named) &&
           std::none_of(cascade.constants().begin(), cascade.constants().end(), named);
  };
  for (const char* between : {"", "_", "__"}) {
    const PartNames names{rank + between + "1", rank + between + "0"};
    if (free(names.outer) && free(names.inner)) return names;
  }
  return {};
}

CascadeEdit::CascadeEdit(const Cascade& cascade) : draft_(draft_of(cascade)) {
  for (const TensorDecl& tensor : draft_.tensors) taken_.insert(tensor.name);
  std::erase_if(draft_.tensors, [](const TensorDecl& tensor) { return tensor.role != TensorRole::input; });
  draft_.einsums.clear();
}

std::string CascadeEdit::fresh_name(const std::string& wish) {
  std::string name = wish;
  for (int i = 2; !taken_.insert(name).second; ++i) name = fmt::format("{}_{}", wish, i);
  return name;
}

void CascadeEdit::add(TensorDecl tensor, Einsum einsum) {
  taken_.insert(tensor.name);
  draft_.tensors.push_back(std::move(tensor));
  draft_.einsums.push_back(std::move(einsum));
}

namespace {

// Einsums that need no iteration: they write none of its steps and read inputs, or others like them, alone.
void put_inputs_first(CascadeDraft& draft) {
  std::set<std::string> iterating;
  for (const RankDecl& rank : draft.iterative) iterating.insert(variable_of_rank(rank.name));
  std::set<std::string> early;
  for (const TensorDecl& tensor : draft.tensors) {
    if (tensor.role == TensorRole::input) early.insert(tensor.name);
  }
  for (const Einsum& einsum : draft.einsums) {
    const auto reads = einsum.reads();
    const bool made_early =
        std::all_of(reads.begin(), reads.end(), [&](const Access* access) { return early.contains(access->tensor); });
    const auto& indices = einsum.output.indices;
    const bool steps = std::any_of(indices.begin(), indices.end(), [&](const IndexExpression& index) {
      const auto names = index.variables();
      return std::any_of(names.begin(), names.end(), [&](const std::string& name) { return iterating.contains(name); });
    });
    if (made_early && !steps) early.insert(einsum.name());
  }
  std::stable_sort(draft.einsums.begin(), draft.einsums.end(), [&](const Einsum& a, const Einsum& b) {
    return early.contains(a.name()) && !early.contains(b.name());
  });
}

}  // namespace

Cascade CascadeEdit::build(const RankGroup& group) {
  remove_unread();
  rename();
  drop_unused(draft_);
  CascadeDraft as_added = draft_, inputs_first = draft_;
  order(group);
  put_inputs_first(inputs_first);
  // The order as added is right where the cascade iterates over other ranks and nothing here was made iterative; what
  // was made of inputs alone may have to leave such an iteration.
  for (CascadeDraft* draft : {&draft_, &as_added, &inputs_first}) {
    Diagnostics diagnostics;
    try {
      return CascadeBuilder::build(std::move(*draft), diagnostics);
    } catch (const UserError& error) {
      if (draft != &inputs_first) continue;
      throw InternalError(fmt::format("a transformation made an invalid cascade: {}", error.what()));
    }
  }
  throw InternalError("a transformation made no cascade");
}

void CascadeEdit::remove_unread() {
  for (bool removed = true; removed;) {
    removed = false;
    std::set<std::string> read;
    for (const Einsum& einsum : draft_.einsums) {
      for (const Access* access : einsum.reads()) {
        if (access->tensor != einsum.name()) read.insert(access->tensor);
      }
    }
    const auto useless = [&](const TensorDecl& tensor) {
      return tensor.role == TensorRole::intermediate && !read.contains(tensor.name);
    };
    for (const TensorDecl& tensor : draft_.tensors) {
      if (!useless(tensor)) continue;
      std::erase_if(draft_.einsums, [&](const Einsum& einsum) { return einsum.name() == tensor.name; });
      removed = true;
    }
    std::erase_if(draft_.tensors, useless);
  }
}

void CascadeEdit::rename() {
  for (const auto& [stand_in, original] : renames_) {
    if (draft_.find_tensor(original) || !draft_.find_tensor(stand_in)) continue;
    for (TensorDecl& tensor : draft_.tensors) {
      if (tensor.name == stand_in) tensor.name = original;
    }
    for (Einsum& einsum : draft_.einsums) {
      visit_accesses(einsum, [from = stand_in, to = original](Access& access) {
        if (access.tensor == from) access.tensor = to;
      });
    }
  }
}

// Stages: what needs no iteration, the first iteration, what needs its end, the second iteration, …
void CascadeEdit::order(const RankGroup& group) {
  const std::string variable = variable_of_rank(group.outer.empty() ? group.whole : group.outer);
  const auto writes = [&](const Einsum& einsum) {
    return std::any_of(einsum.output.indices.begin(), einsum.output.indices.end(),
                       [&](const IndexExpression& index) { return index.plain_variable() == variable; });
  };
  std::map<std::string, int> stages;
  for (const Einsum& einsum : draft_.einsums) {
    const bool inside = writes(einsum);
    int stage = inside ? 2 : 1;
    for (const Access* access : einsum.reads()) {
      const auto producer = stages.find(access->tensor);
      if (producer == stages.end()) continue;
      const bool steps_along =
          std::any_of(access->indices.begin(), access->indices.end(), [&](const IndexExpression& index) {
            const auto names = index.variables();
            return std::find(names.begin(), names.end(), variable) != names.end();
          });
      const bool same_step = inside && producer->second % 2 == 0 && steps_along;
      int after = producer->second;
      if (!same_step && after % 2 == 0) ++after;  // the iteration's end
      if (inside && after % 2 == 1) ++after;      // the next iteration
      stage = std::max(stage, after);
    }
    stages[einsum.name()] = stage;
  }
  std::stable_sort(draft_.einsums.begin(), draft_.einsums.end(),
                   [&](const Einsum& a, const Einsum& b) { return stages.at(a.name()) < stages.at(b.name()); });
  // Tensors: inputs, then in the order of their Einsums.
  std::stable_sort(draft_.tensors.begin(), draft_.tensors.end(), [&](const TensorDecl& a, const TensorDecl& b) {
    return draft_.writer_of(a.name) < draft_.writer_of(b.name);
  });
}

}  // namespace einloom::transforms
