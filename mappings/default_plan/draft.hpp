// SPDX-License-Identifier: Apache-2.0
// A default plan while it is being made: which array each Einsum has and what varies along its axes, which loops
// Einsums share, how many elements a tile has, and where results live.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "arch/machine.hpp"
#include "base/dtype.hpp"
#include "mappings/default_plan/structure.hpp"

namespace einloom::planning {

// Loops that Einsums share, and what stands in them: Einsums, each in a nest of its own, and further groups.
struct Group {
  std::vector<std::string> loops;             // variables, outermost first
  std::vector<std::variant<int, int>> items;  // 0: a position in `einsums`, 1: one in `groups`
  int parent = -1;
};

struct DraftEinsum {
  const Einsum* einsum = nullptr;
  const PeArray* array = nullptr;
  std::string rows, columns;      // variables; "": none
  int group = 0;                  // the innermost one around it
  std::set<std::string> whole;    // what a selection looks at and counts: inside its tile, however it is cut elsewhere
  std::vector<std::string> own;   // variables of loops of its own, outermost first: those of its result, then reduced
  std::vector<Operand> operands;  // each different one once
  Operand result;
};

// Where the tiles of a tensor live.
struct Home {
  bool resident = true;            // all of its tiles that are alive; otherwise an intermediate goes through DRAM
  std::int64_t copies = 1;         // resident: sets of tiles
  std::int64_t slots = 2;          // not resident, and of inputs: tiles
  std::vector<std::string> loops;  // resident: whose iterations have tiles of their own in a set
  std::string across;              // resident: the iterative loop that its states stay across; "": none
};

struct Draft {
  const Cascade& cascade;
  const Machine& machine;
  Dtype dtype;
  Shape shape;
  std::vector<DraftEinsum> einsums{};          // in the cascade's order
  std::vector<Group> groups{};                 // the first one is around everything
  std::map<std::string, std::int64_t> tile{};  // elements inside a tile, by variable
  const Memory* memory = nullptr;
  std::map<std::string, Home> homes{};  // by tensor

  [[nodiscard]] std::int64_t extent(const std::string& variable) const { return extents.at(variable); }
  std::map<std::string, std::int64_t> extents{};  // by variable; of an inner part: its elements in a tile
  // Does a loop take its tiles? One over an iterative rank is there even if it has a single iteration.
  [[nodiscard]] bool is_looped(const std::string& variable) const;
  [[nodiscard]] bool is_looped(const DraftEinsum& einsum, const std::string& variable) const {
    return einsum.whole.count(variable) == 0 && is_looped(variable);
  }
  [[nodiscard]] std::int64_t trips(const std::string& variable) const {
    return (extent(variable) + tile.at(variable) - 1) / tile.at(variable);
  }
  // Groups around one, outermost first, itself included.
  [[nodiscard]] std::vector<int> path(int group) const;
  // Variables of the loops around an Einsum's tile, outermost first, those with one iteration left out.
  [[nodiscard]] std::vector<std::string> loops(const DraftEinsum& einsum) const;
  [[nodiscard]] std::int64_t tile_bytes(const Operand& operand, const DraftEinsum& einsum) const;
  [[nodiscard]] std::vector<const DraftEinsum*> readers(const std::string& tensor) const;
  [[nodiscard]] const DraftEinsum* writer(const std::string& tensor) const;  // nullptr: an input
};

// The steps, in order.
void choose_arrays(Draft& draft, const Span& where);
void group_einsums(Draft& draft);
void choose_tiles(Draft& draft, const Span& where);  // tile extents and the memory's contents

}  // namespace einloom::planning
