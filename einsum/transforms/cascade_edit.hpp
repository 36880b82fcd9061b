// SPDX-License-Identifier: Apache-2.0
// A cascade taken apart to be rewritten, and put together again: names that are free, Einsums that nobody reads left
// out, the order in which iterations stay whole.
// Contract: `build` goes through CascadeBuilder, so what comes out is a valid cascade or an InternalError.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "einsum/cascade_builder.hpp"
#include "einsum/passes.hpp"

namespace einloom::transforms {

[[nodiscard]] CascadeDraft draft_of(const Cascade& cascade);

// M1 and M0 for M, or M_1, M_0 where those are taken; "" when no names are left.
struct PartNames {
  std::string outer, inner;
};
[[nodiscard]] PartNames part_names(const Cascade& cascade, const std::string& rank);

class CascadeEdit {
 public:
  // Declarations are taken over; Einsums and tensors that are not inputs are added one by one.
  explicit CascadeEdit(const Cascade& cascade);

  [[nodiscard]] CascadeDraft& draft() { return draft_; }
  // `wish`, or with a number behind it when it is taken.
  [[nodiscard]] std::string fresh_name(const std::string& wish);
  void add(TensorDecl tensor, Einsum einsum);
  // When `original` turns out to be read by nobody, `stand_in` gets its name.
  void rename_when_free(const std::string& stand_in, const std::string& original) { renames_[stand_in] = original; }

  // Iterations over the parts' outer rank become contiguous.
  [[nodiscard]] Cascade build(const RankGroup& group);

 private:
  void remove_unread();
  void rename();
  void order(const RankGroup& group);

  CascadeDraft draft_;
  std::set<std::string> taken_;
  std::map<std::string, std::string> renames_;
};

}  // namespace einloom::transforms
