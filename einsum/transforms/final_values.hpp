// SPDX-License-Identifier: Apache-2.0
// What a final is worth to those who read it while a merge form is written: at the tile, before the tile (a running
// state's previous one), at the end; and the factors that lead from one to the other.
// Contract: a final is accumulated before what reads it at the tile is written; maps and corrections that are needed
// over the tiles are added to the edit once each.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "einsum/transforms/cascade_edit.hpp"
#include "einsum/transforms/merge_form.hpp"
#include "einsum/transforms/merge_phases.hpp"

namespace einloom::transforms {

// How a final is there tile by tile: of the ranks of its tensor and the tiles'.
struct Accumulated {
  std::string tile;   // at_end: the tile's own value
  std::string state;  // running: the state
  std::vector<std::string> ranks;
};

enum class Correction {
  before_to_tile,  // of a running state
  tile_to_end      // of the tile's own value
};

class FinalValues {
 public:
  // `prefix` stands in front of the names of maps made at the tiles.
  FinalValues(const Cascade& cascade, const RankGroup& group, MergeStyle style, std::string prefix, CascadeEdit& edit,
              const MergePhases& phases);

  void enter_phase(int phase) { phase_ = phase; }
  // A part of a final, or the final, with its ranks; then how it is accumulated.
  void add_part(const std::string& part, const std::vector<std::string>& ranks) { part_ranks_[part] = ranks; }
  void accumulate(const std::string& part, Accumulated value);
  // What a final is made of in the rewritten cascade.
  void define(const std::string& tensor, const Expression& parts) { definitions_[tensor] = parts; }

  // With the finals as they are at the end.
  [[nodiscard]] Expression at_the_end(const Expression& expression) const;
  // With the finals of this phase as they are at the tile, those of earlier ones as they are at the end.
  [[nodiscard]] Expression at_the_tile(const Expression& expression);
  // What terms made with other values of the finals are multiplied with: a tensor over the tiles; nothing without a
  // shift.
  [[nodiscard]] std::optional<Access> correction(std::vector<Shift> shifts, const TensorDecl& like, const Span& span,
                                                 Correction which);
  // m1+`plus`
  [[nodiscard]] IndexExpression tile_index(std::int64_t plus) const;

 private:
  struct OfPhase {
    int phase = 0;
    Accumulated value;
  };

  const TensorDecl& decl(const std::string& tensor) const { return *cascade_.find_tensor(tensor); }
  bool is_late(const std::string& tensor) const;
  Access widened(const std::string& tensor, const std::vector<std::string>& ranks, const Access& access,
                 const IndexExpression& tile) const;
  const std::pair<std::string, std::vector<std::string>>& map_at_the_tile(const std::string& tensor);
  Expression definition(const std::string& tensor) const;
  VariableMap with_own_variables(std::vector<Shift>& shifts) const;
  Expression before_the_tile(const Expression& expression) const;

  const Cascade& cascade_;
  RankGroup group_;
  bool running_;
  std::string prefix_, outer_;
  CascadeEdit& edit_;
  const MergePhases& phases_;
  int phase_ = 0;
  std::map<std::string, OfPhase> accumulated_;  // by final, or by the part it is made of
  std::map<std::string, std::vector<std::string>> part_ranks_;
  std::map<std::string, Expression> definitions_;  // finals made of parts
  std::map<std::string, std::pair<std::string, std::vector<std::string>>> maps_;
  std::map<std::string, Access> corrections_;
};

}  // namespace einloom::transforms
