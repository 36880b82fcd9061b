// SPDX-License-Identifier: Apache-2.0
// The rules a cascade obeys, in three steps; each reports every error it finds and needs the earlier steps' promises
// only where it says so. Order of errors is the document's (Diagnostics sorts).
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/diagnostic.hpp"
#include "einsum/cascade_builder.hpp"

namespace einloom {

// Names, ranks, partitions, parameters and tensors on their own:
// cascade-name, cascade-duplicate-name, cascade-unknown-rank, cascade-partition, cascade-derived,
// cascade-unknown-family, cascade-unknown-reference.
void validate_declarations(const CascadeDraft& draft, Diagnostics& diagnostics);

// Each Einsum against the declarations. Sets TensorDecl::iterative_rank, and `incomplete` after an unknown name.
// einsum-unknown-tensor, einsum-unknown-variable, einsum-unknown-symbol, einsum-unknown-op, einsum-op-arity,
// einsum-index-count, einsum-index-rank, einsum-output-index, einsum-state-index, einsum-duplicate-variable,
// einsum-reduced-in-output, einsum-unbound-variable, einsum-unused-variable, tensor-no-initial,
// tensor-initial-not-iterative, einsum-first, einsum-selection.
void validate_einsums(CascadeDraft& draft, Diagnostics& diagnostics);

// Who writes and reads what, and in which order; after validate_einsums.
// tensor-written-twice, tensor-input-written, tensor-never-written, tensor-unused, einsum-read-before-write,
// einsum-cycle, einsum-iteration-interrupted, cascade-rank-unused, cascade-parameter-unused.
void validate_dataflow(const CascadeDraft& draft, Diagnostics& diagnostics);

// Cascade::domain of every Einsum; needs a valid draft. einsum-domain when an inherited predicate is not affine.
[[nodiscard]] std::vector<std::vector<Comparison>> make_domains(const CascadeDraft& draft, Diagnostics& diagnostics);

// One access of one Einsum and the Einsum that wrote it.
struct OperandRead {
  const Access* access = nullptr;
  int producer = -1;  // -1: an input
  int distance = 0;   // 1: the state the producer wrote in the previous iteration
  bool final_state = false;
  bool guarded = false;  // an operand of `first`: where it leaves its tensor the point stays
};
// Ranks, parameters and constants that something uses, partitions as a whole.
[[nodiscard]] std::set<std::string> used_names(const CascadeDraft& draft);
[[nodiscard]] std::vector<OperandRead> operand_reads(const CascadeDraft& draft, int einsum);
[[nodiscard]] DependenceGraph make_graph(const CascadeDraft& draft);

}  // namespace einloom
