// SPDX-License-Identifier: Apache-2.0
// What the lowering steps share: the documents, the Program being built and what earlier steps found out.
// Steps run in the order of mappings/lower.cpp; each reports into `diagnostics` and leaves valid state behind.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "arch/machine.hpp"
#include "base/diagnostic.hpp"
#include "einsum/affine.hpp"
#include "einsum/cascade.hpp"
#include "einsum/known_data.hpp"
#include "einsum/operands.hpp"
#include "mappings/plan.hpp"
#include "mappings/program.hpp"

namespace einloom {

// How an index variable of the cascade is cut: loops outermost first, then `inner` elements inside one tile.
struct Dimension {
  std::string variable;
  std::string stem;                    // of the names of its levels: p for p1, p_ for p_1
  std::int64_t extent = 1;             // of the whole rank
  std::int64_t inner = 1;              // elements in a tile
  std::int64_t last = 1;               // elements in the last tile
  std::vector<LoopDigit> loops;        // available loop variables, outermost first
  std::vector<std::string> last_when;  // loop variables that must be in their last iteration for `last` to apply
};

// What a binding places: a level of an index inside the tile (p1), or all of it that is left (p: level -1).
struct IndexLevel {
  std::string variable;
  int level = -1;
};

// Where the tiles of a tensor live.
struct Placement {
  const Keep* keep = nullptr;    // as written
  const Keep* reload = nullptr;  // set: the tensor goes through DRAM, and this is where readers keep it
  int memory = -1;               // where it is written; an input: loaded to
  int read_memory = -1;          // where readers find it
  std::string root;              // the tensor whose tiles it uses: itself, or the one it overwrites
  double spilled = 0;            // share of every tile that lives in DRAM
};

struct Lowering {
  const Cascade& cascade;
  const Machine& machine;
  const Plan& plan;
  const Span& where;
  Program program{};
  Diagnostics diagnostics{};

  std::optional<KnownData> known{};               // what predicates on data see, where a plan skips tiles
  std::map<std::string, double> parameters{};     // of the plan
  std::map<std::string, Dimension> dimensions{};  // by index variable
  std::map<std::string, int> statement_of{};      // Einsum → statement
  std::map<std::string, const Binding*> binding_of{};
  std::map<std::string, Placement> placement_of{};  // kept tensors

  // A plan expression's value; reports and returns nullopt when it has none. Names: tile extents and plan
  // parameters so far, ranks and parameters of the shape, machine properties.
  [[nodiscard]] std::optional<double> evaluate(const ScalarExpression& expression);
  [[nodiscard]] std::optional<std::int64_t> evaluate_count(const ScalarExpression& expression, const std::string& what,
                                                           std::int64_t minimum);

  [[nodiscard]] int tensor_index(const std::string& name);  // adds it when new
  [[nodiscard]] int array_index(const std::string& name) const;
  [[nodiscard]] int memory_index(const std::string& name) const;
  [[nodiscard]] const Memory& memory(int index) const { return machine.memories[static_cast<std::size_t>(index)]; }
  [[nodiscard]] const PeArray& array(int index) const { return machine.arrays[static_cast<std::size_t>(index)]; }
  [[nodiscard]] const Einsum& einsum(const Statement& statement) const {
    return cascade.einsums()[static_cast<std::size_t>(statement.einsum)];
  }
  // What an operation reads, index tensors of inherited predicates included.
  [[nodiscard]] std::vector<const Access*> accesses(const Statement& statement) const {
    return operand_accesses(cascade, statement.einsum);
  }
  [[nodiscard]] const TensorDecl& tensor(const std::string& name) const { return *cascade.find_tensor(name); }
  [[nodiscard]] Dtype dtype_of(const std::string& tensor_name) const {
    return tensor(tensor_name).dtype.value_or(program.dtype);
  }
  [[nodiscard]] ProgramLoop& loop(int index) { return program.loops[static_cast<std::size_t>(index)]; }
  // Does a loop advance this index variable?
  [[nodiscard]] bool advances(int loop_index, const std::string& variable);
  [[nodiscard]] int dram() const;  // index of the outermost memory
  // Does the loop advance a variable that the result has inside index tensors only? Its iterations fill one tile.
  [[nodiscard]] bool scatters_over(const Statement& operation, int loop_index);
  // nullptr when the tensor is kept in no memory.
  [[nodiscard]] const Placement* placement(const std::string& tensor) const;
  // How a name in a binding is meant; p0 (or p) names what is inside a tile of p.
  [[nodiscard]] IndexLevel index_level(const std::string& name) const;
  // Elements of a level: of P0, or P0-tiles in a P1 …
  [[nodiscard]] std::int64_t level_extent(const IndexLevel& index) const;
  // Does `load` bring what `reader` (an operation) reads through `access`?
  [[nodiscard]] bool serves(const Statement& load, const Statement& reader, const Access& access) const;
};

// Is the constraint, over these variables, the end of a partitioned rank: m1*M0+m0 < M?
[[nodiscard]] bool is_partition_bound(const Constraint& constraint, const PartitionDecl& partition,
                                      const std::vector<std::string>& variables, const Shape& shape);
// Affine predicates and bounds of an Einsum that leave out points of its ranks, ends of partitioned ranks apart.
[[nodiscard]] std::vector<Constraint> absent_constraints(const Cascade& cascade, int einsum, const Shape& shape);
// Does an access to states read one that `output` writes in an earlier iteration? X[i] where X[i+1] is written.
[[nodiscard]] bool reads_earlier_state(const Access& output, const Access& access);
// The first of the accesses that reads `tensor_name`, nullptr when none does.
[[nodiscard]] const Access* access_to(const std::vector<const Access*>& accesses, const std::string& tensor_name);
[[nodiscard]] std::vector<std::string> index_variables(const Access& access);
// What the plan says about the tiles of a storage that lies in a memory.
[[nodiscard]] const Keep* keep_of(const Lowering& lowering, const Storage& storage);

// Steps, in order.
void resolve_tiles(Lowering& lowering, const Shape& workload);  // tiles → dimensions
void check_names(Lowering& lowering);                           // every name of bindings exists; every Einsum is bound
void place_tensors(Lowering& lowering);                         // keep → placements
void build_nests(Lowering& lowering);                           // nests → loops and operation statements with guards
void place_moves(Lowering& lowering);                           // kept inputs and outputs → loads and stores
void skip_absent(Lowering& lowering);                           // loops that end early where nothing is left to do
void coalesce_loops(Lowering& lowering);                        // adjacent loops nothing distinguishes → one loop
void cost_statements(Lowering& lowering);    // durations, operations, bytes, per set of partial extents
void locate_moves(Lowering& lowering);       // moves → the part of their tensor they cover
void form_instructions(Lowering& lowering);  // bodies on arrays with a controller → instructions
void allocate_storage(Lowering& lowering);   // tensors → slots
void find_empty_tiles(Lowering& lowering);   // tiles without points → masks
void connect(Lowering& lowering);            // data, slot and iteration dependences
void connect_engines(Lowering& lowering);    // instructions → their engines
void read_phases(Lowering& lowering);        // phases of the waterfall fidelity
void check_capacities(Lowering& lowering);   // slots fit memories and are enough to make progress
void prune_dependences(Lowering& lowering);  // drops what other dependences imply
void check_progress(Lowering& lowering);     // the plan does not block itself

}  // namespace einloom
