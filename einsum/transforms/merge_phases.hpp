// SPDX-License-Identifier: Apache-2.0
// First half of merge_form: in which phase (traversal of the tiles) each Einsum can run, and how what it reads late is
// taken out of it. Nothing is written yet.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "einsum/passes.hpp"
#include "einsum/transforms/split_terms.hpp"

namespace einloom::transforms {

// A part of a map that becomes a tensor: made with the values known at the tile.
struct Core {
  std::string tensor;
  std::vector<std::string> ranks;
  Expression value;  // reads finals as the cascade does
};

enum class MergeRole {
  free,    // has nothing of the rank; late when it is made of finals
  inside,  // a map along the rank, or a reduction inside a tile
  reduces  // over the tiles: its result is a final
};

struct MergeStep {
  MergeRole role = MergeRole::free;
  int phase = 0;            // 0: needs no traversal
  bool is_split = false;    // `terms` stand for it in its phase
  std::vector<Term> terms;  // inside: made of cores; reduces: what is accumulated
  std::vector<Core> cores;
  bool accumulates = false;  // reduces: tile by tile, because its terms are corrected or its tiles' values are read
};

class MergePhases {
 public:
  // `fresh_name` gives the cores theirs; `prefix` says what they are made with.
  MergePhases(const Cascade& cascade, const RankGroup& group, std::string prefix,
              std::function<std::string(const std::string&)> fresh_name);

  [[nodiscard]] const MergeStep& step(int einsum) const { return steps_[static_cast<std::size_t>(einsum)]; }
  // nullptr for inputs.
  [[nodiscard]] const MergeStep* step_of(const std::string& tensor) const;
  // A final, or made of finals, of this phase.
  [[nodiscard]] bool is_late(const std::string& tensor, int phase) const;
  [[nodiscard]] const std::vector<std::string>& blocked() const { return blocked_; }

 private:
  void plan(int einsum);
  std::string whole_for(const std::string& tensor, std::set<std::string> seen) const;
  Split split(const Einsum& einsum, int phase, MergeRole role) const;
  std::string objection(const Einsum& einsum, const std::vector<Term>& terms, int phase) const;
  std::string objection_to_shift(const SignedTerm& term, int phase) const;
  bool follows(const Expression& expression, int phase) const;
  void make_cores(const Einsum& einsum, MergeStep& step);
  void mark_accumulated(const Expression& expression, int phase);
  const Einsum& einsum(int position) const { return cascade_.einsums()[static_cast<std::size_t>(position)]; }

  const Cascade& cascade_;
  RankGroup group_;
  std::string prefix_;
  std::function<std::string(const std::string&)> fresh_name_;
  std::set<std::string> along_;  // index variables of the parts
  std::vector<MergeStep> steps_;
  std::set<std::string> read_at_tiles_;
  std::vector<std::string> blocked_;
};

}  // namespace einloom::transforms
