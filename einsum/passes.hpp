// SPDX-License-Identifier: Apache-2.0
// How often the fibres of a rank must be traversed, whatever the mapping: only algebra can change it.
//
// The rule (FuseMax's fibres, MICRO 2024, made an algorithm). A value is full in a rank when it has an element for each
// position, a summary when it has one for each tile (the outer part of a partition only). It is there either as the
// fibre is traversed, in the same step, or only after the traversal: what a reduction over the rank gives, and the last
// state of an iteration over it. An Einsum that reads a full value runs in the first pass in which all its operands are
// there as it goes; one that reads summaries only costs no traversal. Summaries are taken to stay at hand.
// Where another rank looks positions up (K[d-i], KC[BT[m1]]), what is made of one look-up and keeps its indices is
// there as they advance; others who look up the same positions read in the same pass. Queries and keys of self
// attention stand for the same positions but are ranks of their own.
#pragma once

#include <compare>
#include <map>
#include <string>
#include <vector>

#include "einsum/cascade.hpp"

namespace einloom {

// A rank with its parts, or the inner part of a partition alone: traversals inside one tile.
struct RankGroup {
  std::string name;          // M, or M0 for the inside of a tile
  std::string whole;         // the unpartitioned rank
  std::string outer, inner;  // parts; "" when not partitioned
  [[nodiscard]] bool inside_tile() const { return name == inner; }
};

// Every rank in the cascade's order; a partitioned one is followed by the inside of its tiles.
[[nodiscard]] std::vector<RankGroup> rank_groups(const Cascade& cascade);

enum class Footprint { none, summary, full };
// By the variables an access uses: `RD[b,M1,p]` reads one state of M and has no footprint.
[[nodiscard]] Footprint footprint_of(const Access& access, const TensorDecl& tensor, const RankGroup& group);

// Ordered by time: in pass 1, after pass 1, in pass 2, …; pass 0 needs no traversal.
struct PassTime {
  int pass = 0;
  bool after = false;
  [[nodiscard]] auto operator<=>(const PassTime&) const = default;
};

enum class PassKind {
  map,     // the reductions it has are not over the group's outermost rank
  reduce,  // over the rank: the result is there after the traversal
  scan,    // writes the next state of an iteration over the rank
  last     // reads the last state of one
};

struct EinsumPass {
  PassKind kind = PassKind::map;
  bool traverses = false;  // reads a full value: belongs to pass `runs.pass`
  PassTime runs;           // when its operands are there
  PassTime ready;          // when its result is
};

// Why pass `pass` is not part of the one before it: chain.front() reduces over the rank in an earlier pass, each reads
// the one before, chain.back() reads the fibre of `reread` again.
struct PassBarrier {
  int pass = 0;
  std::vector<int> chain;  // positions of Einsums
  std::string reread;
  bool again = false;  // reread is there or read in an earlier pass; else another tensor of the fibre is
};

struct RankPasses {
  RankGroup group;
  int passes = 0;                      // 0: nothing is full in this rank
  std::vector<EinsumPass> einsums;     // by position
  std::map<std::string, int> tensors;  // full tensors: passes in which they, or what is mapped from them, are read
  std::vector<PassBarrier> barriers;   // of pass 2, 3, …
};

[[nodiscard]] RankPasses count_passes(const Cascade& cascade, const RankGroup& group);
[[nodiscard]] std::vector<RankPasses> count_passes(const Cascade& cascade);  // of rank_groups
// 0 when the rank has no full values. The rank must exist (InternalError).
[[nodiscard]] int passes_over(const Cascade& cascade, const std::string& rank);

// Is this the inside of parts that are fibres of their own, as those of heads: no Einsum reduces over what is outside,
// or iterates over it? Other insides are tiles, whose passes stay on chip.
[[nodiscard]] bool is_fibre_of_its_own(const Cascade& cascade, const RankGroup& group);
// Ranks with several passes, the most first: `M 3, E 2`; insides only where they are fibres of their own. "1" without
// any.
[[nodiscard]] std::string passes_text(const Cascade& cascade);

// The chain that makes an Einsum run in its pass and not in an earlier one; empty in pass 1.
[[nodiscard]] std::vector<int> forcing_chain(const Cascade& cascade, const RankPasses& passes, int einsum);

// `GM = max(m) …, then CF, before A reads SLN again`, or `before AV goes over P again, in Q`, which nothing reads
// earlier; of a long chain the first and the last Einsums.
[[nodiscard]] std::string barrier_text(const Cascade& cascade, const RankPasses& passes, const PassBarrier& barrier);

}  // namespace einloom
