// SPDX-License-Identifier: Apache-2.0
// The result of lowering, read by simulate, estimate and execute: a loop tree whose leaves are tile operations and
// moves, with explicit dependences, storage slots and the cost of every leaf. Never unrolled: sizes do not depend on
// trip counts.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/dtype.hpp"
#include "base/units.hpp"
#include "einsum/cascade.hpp"
#include "einsum/counts.hpp"
#include "mappings/plan.hpp"
#include "mappings/tile_mask.hpp"

namespace einloom {

// One digit of a loop's index: coalesced loops (b, h → bh) have several, outermost first.
struct LoopDigit {
  std::string variable;   // as in the plan (p2)
  std::string dimension;  // index variable of the cascade it advances (p)
  std::int64_t trip = 1;
  std::int64_t step = 1;  // elements of `dimension` per iteration
};

// A loop that gets longer with the loop around it: at index x of its parent it has min(trip, floor((slope · x + base) /
// divisor) + 1) iterations, at least 1. slope, base >= 0.
struct TripGrowth {
  std::int64_t slope = 0, base = 0, divisor = 1;
};

struct ProgramLoop {
  std::vector<LoopDigit> digits;
  std::int64_t trip = 1;    // product of the digits' trips
  int parent = -1;          // enclosing loop; -1 at top level
  std::int64_t volume = 1;  // body executions per iteration; with a growing loop inside, if that had all its trips
  std::optional<TripGrowth> growth{};
  std::int64_t offset = 0;  // body executions of earlier siblings, from the start of the parent's iteration
  [[nodiscard]] std::string name() const;  // variables joined: "b.h.p2"
  [[nodiscard]] std::int64_t trip_at(std::int64_t parent_index) const;
  [[nodiscard]] std::int64_t trips_before(std::int64_t parent_index) const;  // summed over the earlier ones
};

// In which iterations of an enclosing loop a statement acts.
enum class Guard { every, first, last };

enum class StatementKind { operation, load, store };

// Bytes one instance moves at one memory.
struct MemoryAccess {
  int memory = -1;
  int tensor = -1;
  std::int64_t read_bytes = 0;
  std::int64_t write_bytes = 0;
};

// What a selection (topk, argsort, sort, argmax, argmin) looks at and gives.
struct SelectionShape {
  std::string op;
  int over = -1;     // position in Statement::box of the index whose values it looks at
  int counter = -1;  // … of the index that counts its results; -1: it gives one
};

// Cost of one instance.
struct Work {
  std::int64_t duration_cycles = 0;          // operation: issue-slot cycles; move: 0 (bytes decide)
  std::int64_t tail_cycles = 0;              // operation: from the end of the issue slot until the last PE is done
  std::int64_t points = 0;                   // iteration points computed
  std::vector<std::int64_t> outer_points;    // values that each of Statement::outer_operations combines
  std::int64_t gathered = 0, scattered = 0;  // operation: address additions for what index tensors name
  std::int64_t comparisons = 0;              // of a selection, with those that merge the lists of neighbours
  std::int64_t pes = 0;                      // PEs that take part
  std::int64_t slot_pes = 0;  // PEs its issue slot stands for: `pes`, or the most of its instruction's Einsums
  std::int64_t move_bytes = 0;
  std::int64_t register_reads = 0, register_writes = 0;  // of one PE
  std::vector<MemoryAccess> accesses;
};

// Operations of an array that are the address addition for an element that an index tensor names.
inline constexpr const char* kGather = "gather";
inline constexpr const char* kScatter = "scatter";

// Edge lengths that shrink in the last iteration: the operation covers `last` elements when all `loops` (positions in
// the statement's path) are in their last iteration, `full` otherwise.
struct PartialExtent {
  std::string dimension;
  std::vector<int> loops;
  bool ends_sum = false;  // no extent: the last instance of a sum, of those that are issued
};

struct BoxDimension {
  std::string variable;
  std::int64_t full = 1, last = 1;
  int partial = -1;  // index into Statement::partials, -1 when full == last
};

// Where one index of an operation goes, in part or as a whole: along the rows or the columns of its array, or over time
// on each PE. The index's value is the sum over its places of position · unit.
struct Place {
  enum class Axis { rows, columns, time };
  Axis axis = Axis::time;
  int dimension = -1;       // position in Statement::box
  std::int64_t extent = 1;  // positions there are
  std::int64_t unit = 1;    // elements per position
};

// The range of one rank of a tensor that a tile covers: offset + Σ factor · (range of box dimension), clipped to the
// rank's extent.
struct RankRegion {
  struct Term {
    int box = -1;  // index into Statement::box
    std::int64_t factor = 1;
  };
  std::int64_t offset = 0;
  std::vector<Term> terms;
  std::int64_t extent = 1;
  bool whole = false;  // an index tensor says where: all of it may be touched
};

struct Statement {
  StatementKind kind = StatementKind::operation;
  std::string name;         // Einsum, or "load K", "store AV"
  int einsum = -1;          // operation
  int tensor = -1;          // output of an operation, or the tensor moved
  int array = -1;           // operation
  int from = -1, to = -1;   // move: memories
  double share = 1;         // move: of every tile; below 1 only what does not fit is moved, and no value is copied
  int reader_einsum = -1;   // load of a share: the Einsum that reads it; -1: all of its body
  int access_einsum = -1;   // load: the Einsum through one of whose accesses it is read,
  int access = -1;          // … and which one, of Expression::accesses()
  bool serves_all = false;  // load: for the readers of every body
  std::vector<int> loops;   // path, outermost first
  std::vector<Guard> guards;
  std::int64_t body_offset = 0;  // body executions before this statement's body, in an iteration of the innermost loop
  std::vector<int> effective;    // positions in `loops` whose guard is every
  std::vector<std::int64_t> trips;             // of the effective loops
  std::int64_t instances = 1;                  // positions; with a mask only some of them are issued
  std::shared_ptr<const TileMask> mask{};      // tiles that have points (`empty_tiles: skip`); null: all do
  std::shared_ptr<const TileMask> sum_ends{};  // with a mask: the last one issued of each sum, as far as it goes
  std::vector<PartialExtent> partials;         // at most kMaxPartials
  std::vector<Work> variants;                  // indexed by the set (bit mask) of partial extents that apply
  std::vector<BoxDimension> box;               // operation: one per Einsum variable, in Einsum::variables() order
  std::vector<Place> places;                   // operation: rows, columns, then time, slowest first
  int result_memory = -1;                      // operation: the memory that keeps its result; -1: registers
  std::vector<RankRegion> region;              // move: by rank of the tensor, outermost first
  std::int64_t element_bytes = 1;              // move: of the tensor
  std::vector<std::pair<std::string, std::int64_t>> operations_per_point;  // operation
  std::vector<OuterOperation> outer_operations;  // operation: reductions of another kind, over its first box dimensions
  std::optional<SelectionShape> selection;       // operation
  int gather_array = -1, scatter_array = -1;     // operation: whose units add addresses up; -1: nobody's
  std::string instruction;              // operation of an array with a controller: what it is part of; "" otherwise
  bool accumulates = false;             // reduces over a loop: combines with what earlier iterations stored
  std::vector<int> accumulation_loops;  // positions in `effective`; the first iteration of all of them starts afresh
  std::vector<int> scatter_loops;       // … over what only an index tensor of the result sees: all fill the same tile
  Span span;                            // in the plan
};
inline constexpr int kMaxPartials = 12;

enum class DependenceKind {
  data,       // consumer reads what producer wrote
  slot,       // consumer (a producer of a tensor) waits until a slot is free again
  iteration,  // consumer waits until an earlier iteration has finished
  engine      // consumer waits for its controller: for the instructions `shift` before it and earlier
};

// Index of the producer instance along one of its effective loops, given the consumer's position.
struct IndexSource {
  static constexpr int kLast = -1;   // the last index of the producer's loop
  static constexpr int kFirst = -2;  // index 0
  int consumer_loop = kLast;         // position in the consumer's `effective`, kLast or kFirst
  std::int64_t distance = 0;         // producer index = consumer index - distance; below 0: nothing to wait for
};

// What the transit of a result is made of, in cycles.
struct Way {
  std::int64_t down_rows = 0;      // its sum (or maximum) comes down the rows of the producer's array
  std::int64_t along_columns = 0;  // … along the columns
  std::int64_t unloading = 0;      // a tile leaves row by row
  std::int64_t last_pe = 0;        // the last PE finishes behind the first
  std::int64_t link = 0;           // to the consumer's array
  std::int64_t into_rows = 0;      // a tile enters the consumer's array row by row
};

struct Dependence {
  DependenceKind kind = DependenceKind::data;
  int producer = -1, consumer = -1;
  int tensor = -1;                  // data, slot
  int storage = -1;                 // slot
  int access = -1;                  // data, an operation waits: which of its accesses (operand_accesses) is waited for
  int on_behalf_of = -1;            // statement of the consumer's instruction whose dependence this is; -1: its own
  std::int64_t latency_cycles = 0;  // from the producer's end (operation: s + d) until the consumer may start
  std::int64_t transit_cycles = 0;  // the part of it spent travelling through an array or a link
  Way way;                          // adds up to transit_cycles
  std::vector<IndexSource> index;   // data, slot: one per effective loop of the producer
  // When every index is the consumer's own and both run over the same loops: need = consumer index - shift + 1.
  bool aligned = false;
  std::int64_t shift = 0;  // aligned distance; slots of `slot`, iterations of `iteration` and `engine`
};

// Tiles of one tensor that are live at once, in a memory or (memory == -1) in an array's registers.
struct Storage {
  int tensor = -1;
  int memory = -1;
  int array = -1;
  std::int64_t slots = 1;
  std::int64_t slot_bytes = 0;
  int producer = -1;                       // statement that acquires
  std::vector<int> consumers;              // statements that release
  std::vector<int> loops;                  // of the producer's effective loops (positions), those that index a slot
  std::shared_ptr<const TileMask> mask{};  // by position along these loops: slots that are taken at all; null: all
  // With a mask of the producer: by its position, the first instance issued of each tile, as far as the mask goes.
  std::shared_ptr<const TileMask> firsts{};
};

// Einsums side by side on each array, with what is charged besides (fidelity waterfall).
struct ProgramPhase {
  std::vector<std::vector<int>> statements_by_array;
  std::int64_t stall_cycles = 0;  // per tile
  std::vector<int> moves;         // whose DRAM time is one more side of the phase
};

struct Program {
  std::string cascade, plan, machine;
  std::vector<std::string> tensors;  // names; indices used above
  std::vector<std::string> einsums;
  std::vector<std::string> arrays, memories;
  Shape shape;  // ranks, parameters and tile extents
  std::map<std::string, std::int64_t> tile_extents;
  Dtype dtype = Dtype::bf16;
  std::vector<ProgramLoop> loops;
  std::vector<Statement> statements;  // in program order
  std::vector<Dependence> dependences;
  std::vector<Storage> storages;
  std::int64_t in_flight = 1;
  Barrier barrier = Barrier::array;
  IssueOrder issue = IssueOrder::oldest_first;
  std::vector<ProgramPhase> phases;
  std::int64_t iterations = 0;                              // body executions in all
  std::map<std::string, std::int64_t> required_operations;  // by the cascade's own counts, over all arrays
  bool grows = false;                                       // a loop does; its parent has no other one that does
  bool skips = false;                                       // statements have masks
  std::set<std::string> deciding;          // tensors by whose values tiles are passed over: inputs, or what is computed
  std::optional<std::uint64_t> data_seed;  // with which those inputs were drawn
  std::vector<std::string> dense;  // Einsums with predicates on data that all tiles are issued of which it could leave
  bool masked = false;             // predicates beyond partition bounds: absent points are issued like present ones

  // Does the producer's instance at a position take a slot? The first one of a tile that is issued does.
  [[nodiscard]] static bool takes_slot(const Storage& storage, const std::vector<std::int64_t>& position);
  // Iterations of instance `index` of a statement along its effective loops.
  void position_of(const Statement& statement, std::int64_t index, std::vector<std::int64_t>& position) const;
  // Which partial extents apply at a position (bit mask).
  [[nodiscard]] unsigned variant_at(const Statement& statement, const std::vector<std::int64_t>& position) const;
  // Instances of each variant, in closed form; sums to `instances`.
  [[nodiscard]] std::vector<std::int64_t> instances_by_variant(const Statement& statement) const;
  // Instances of a statement that are issued: all, or those that its mask leaves.
  [[nodiscard]] static std::int64_t issued(const Statement& statement) {
    return statement.mask ? statement.mask->count_all() : statement.instances;
  }
  // Sequence number of the body execution an instance belongs to.
  [[nodiscard]] std::int64_t iteration_of(const Statement& statement, const std::vector<std::int64_t>& position) const;
  // The growing loop directly inside `loop`, -1 when there is none.
  [[nodiscard]] int growing_child(int loop) const;
  // Instances of the statement among the first `executions` body executions.
  [[nodiscard]] std::int64_t instances_within(const Statement& statement, std::int64_t executions) const;
};

}  // namespace einloom
