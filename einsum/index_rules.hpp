// SPDX-License-Identifier: Apache-2.0
// What an index of an access must be: the variable of the tensor's rank or of a rank that counts the same positions,
// the parts of a partitioned rank joined, a state of an iteration, or a window.
// Contract: the access has as many indices as the tensor has ranks, and its variables exist.
#pragma once

#include <string>

#include "base/diagnostic.hpp"
#include "einsum/cascade_builder.hpp"

namespace einloom {

class IndexRules {
 public:
  IndexRules(const CascadeDraft& draft, Diagnostics& diagnostics) : draft_(draft), diagnostics_(diagnostics) {}

  // einsum-index-rank. `may_leave`: an operand of `first`, which may be indexed beyond its rank.
  void check_rank(const Access& access, const TensorDecl& tensor, std::size_t position, bool may_leave);
  // einsum-state-index: at the tensor's iterative rank.
  void check_state(const Access& access, const TensorDecl& tensor, std::size_t position);
  // Reports einsum-index-rank.
  void wrong_rank(const Access& access, const TensorDecl& tensor, std::size_t position, std::string help);

 private:
  std::string index_for(const std::string& rank) const;
  // `derived: {M: P, T: P}` says that all three ranks count the same positions.
  bool same_positions(const std::string& a, const std::string& b) const;
  // The rank whose positions `rank` counts. A rank is derived from earlier ones, so this ends.
  std::string first_of(std::string rank) const;
  bool is_rank(const std::string& name) const;

  const CascadeDraft& draft_;
  Diagnostics& diagnostics_;
};

}  // namespace einloom
