// SPDX-License-Identifier: Apache-2.0
// A plan: how one cascade runs on one machine. Tile extents, loop nests, bindings to arrays, what stays in which
// memory, how many iterations are in flight, and the phases of the `waterfall` fidelity. Values only, as written.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/scalar_expression.hpp"
#include "base/yaml_reader.hpp"

namespace einloom {

struct Name {
  std::string text;
  Span span;
};

struct NamedExpression {
  Name name;
  ScalarExpression value;
};

struct PlanOption {
  Name option, value;
};

struct NestNode;
using NestItem = std::variant<Name, NestNode>;  // an Einsum, or an inner nest
// Loops (outermost first) over a body, in program order.
struct NestNode {
  std::vector<Name> loops;
  std::vector<NestItem> body;
  Span span;
};

// Where an Einsum runs: which index varies along rows, along columns, and in time on each PE.
struct Binding {
  Name einsum;
  Name array;
  std::optional<Name> rows, columns;
  std::vector<Name> time;
  std::optional<Name> instruction;  // of the array's controller, where it has one
  Span span;
};

enum class Fetch { each_body, first_body };  // does every body that reads a tensor load it, or the first for all?

// A tensor that lives in a memory: inputs are loaded there, outputs stored from there, intermediates stay.
struct Keep {
  Name tensor;
  Name memory;                // "" with in_place_of
  std::vector<Name> across;   // loops over which a tile stays although they do not index it
  std::vector<Name> refetch;  // loops that load a tile again although they do not index it
  Fetch fetch = Fetch::each_body;
  std::optional<ScalarExpression> slots;    // tiles that fit at once; default 2
  std::optional<ScalarExpression> spilled;  // intermediate: the share of every tile that lives in DRAM; default 0
  std::optional<Name> in_place_of;          // intermediate: it overwrites this tensor's tiles
  std::vector<Keep> reload;                 // intermediate: goes through DRAM; where readers keep it (at most one)
  Span span;
};

enum class Barrier { array, machine };  // whose operations must have finished before iteration i + in_flight starts
enum class IssueOrder { oldest_first, listed_first };
enum class EmptyTiles { issue, skip };  // what becomes of tiles in which predicates leave no point

struct Phase {
  std::map<std::string, std::vector<Name>> arrays;  // Einsums side by side, by array
  std::optional<ScalarExpression> stall_cycles;     // charged once per tile
  bool with_dram = false;                           // DRAM's time for the phase's own moves is one more side of it
  Span span;
};

struct Plan {
  std::string name, description;
  Name cascade, machine;
  std::vector<PlanOption> options;          // the form of the cascade it is for, when nothing else chooses one
  std::vector<NamedExpression> parameters;  // for the expressions below, and for experiments to set
  // A cascade's partition parameter (M0) or level k of rank P (Pk); P0 is innermost, the level above the highest one
  // given covers what is left.
  std::vector<NamedExpression> tiles;
  std::vector<NestNode> nests;    // run one after the other
  std::vector<Name> skip_absent;  // loops that end where no later iteration has a point
  EmptyTiles empty_tiles = EmptyTiles::issue;
  Span empty_tiles_span;
  std::vector<Binding> bindings;
  std::vector<Keep> keeps;
  std::optional<ScalarExpression> in_flight;  // default 1
  Barrier barrier = Barrier::array;
  IssueOrder issue = IssueOrder::oldest_first;
  std::vector<Phase> phases;
  Span span;
};

[[nodiscard]] Plan load_plan(const YamlNode& document);
// load_plan reads the text back to the same plan, and print ∘ load ∘ print = print.
[[nodiscard]] std::string print_plan(const Plan& plan);

}  // namespace einloom
