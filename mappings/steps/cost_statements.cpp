// SPDX-License-Identifier: Apache-2.0
// What every statement costs: issue-slot cycles, points, operations, bytes at each memory, register accesses; for each
// set of extents that shrink in a last iteration.
//
// Registers: an operation with n operands reads n values and writes n (its result and n - 1 arrivals), per issue cycle;
// a mac counts its accumulator, which a fresh sum over time does not read the first time.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "einsum/affine.hpp"
#include "einsum/counts.hpp"
#include "mappings/growing_loops.hpp"
#include "mappings/steps/lowering.hpp"
#include "mappings/steps/memory_accesses.hpp"
#include "mappings/steps/register_accesses.hpp"
#include "mappings/steps/selection_cost.hpp"
#include "mappings/tile_region.hpp"

namespace einloom {
namespace {

class Costing {
 public:
  explicit Costing(Lowering& lowering) : lowering_(lowering), accesses_(lowering) {}

  void run() {
    for (Statement& statement : lowering_.program.statements) {
      number_instances(statement);
      if (statement.kind == StatementKind::operation) {
        cost_operation(statement);
      } else {
        cost_move(statement);
      }
    }
    lowering_.diagnostics.throw_if_any();
  }

 private:
  void number_instances(Statement& statement) {
    for (std::size_t i = 0; i < statement.loops.size(); ++i) {
      if (statement.guards[i] != Guard::every) continue;
      statement.effective.push_back(static_cast<int>(i));
      statement.trips.push_back(lowering_.loop(statement.loops[i]).trip);
    }
    statement.instances = LevelSpace(lowering_.program, statement).count();
  }

  // Extents of the statement's variables inside one tile.
  void find_box(Statement& statement, const std::vector<std::string>& variables) {
    for (const std::string& variable : variables) {
      statement.box.push_back(box_of(statement, variable, ends_with_rank(statement, variables, variable)));
    }
  }

  // What the innermost open loop over the variable steps over; levels without a loop here are inside the tile. The
  // inner part of a partition is shorter where its outer part says so.
  BoxDimension box_of(Statement& statement, const std::string& variable, bool has_outer) {
    const Dimension& dimension = lowering_.dimensions.at(variable);
    BoxDimension box{variable, dimension.extent, dimension.extent, -1};
    PartialExtent partial;
    partial.dimension = variable;
    if (dimension.loops.empty() && has_outer) {
      box.full = dimension.inner;
      box.last = dimension.last;
    }
    std::int64_t step = 0;
    for (std::size_t i = 0; i < statement.loops.size(); ++i) {
      for (const LoopDigit& digit : lowering_.loop(statement.loops[i]).digits) {
        const auto& names = dimension.last_when;
        if (std::find(names.begin(), names.end(), digit.variable) != names.end()) {
          partial.loops.push_back(static_cast<int>(i));
        }
        if (digit.dimension == variable) step = step == 0 ? digit.step : std::min(step, digit.step);
      }
    }
    if (step > 0) {
      box.full = std::min(step, dimension.extent);
      box.last = dimension.extent - (dimension.extent - 1) / box.full * box.full;
    }
    if (box.full == box.last || partial.loops.empty()) {
      box.last = box.full;
      return box;
    }
    add_partial(statement, partial, box.partial);
    return box;
  }

  // Is the inner part of a partition shorter where the rank ends (m1*M0+m0 < M)? Not when the Einsum knows of no end:
  // of pages, which a block table names, the last one is whole as well.
  [[nodiscard]] bool ends_with_rank(const Statement& statement, const std::vector<std::string>& variables,
                                    const std::string& variable) const {
    const PartitionDecl* partition = lowering_.cascade.partition_with(rank_of_variable(variable));
    if (partition == nullptr) return false;
    const std::string outer = variable_of_rank(partition->outer);
    if (std::find(variables.begin(), variables.end(), outer) == variables.end()) return false;
    int einsum = statement.einsum;
    if (statement.kind == StatementKind::load) einsum = statement.access_einsum;
    if (statement.kind == StatementKind::store) {
      einsum = lowering_.cascade.einsum_position(lowering_.program.tensors[static_cast<std::size_t>(statement.tensor)]);
    }
    const std::vector<std::string> own = lowering_.cascade.einsums()[static_cast<std::size_t>(einsum)].variables();
    const std::vector<Constraint> domain = domain_constraints(lowering_.cascade, einsum, lowering_.program.shape);
    return std::any_of(domain.begin(), domain.end(), [&](const Constraint& constraint) {
      return is_partition_bound(constraint, *partition, own, lowering_.program.shape);
    });
  }

  // Extents that shrink in the same iterations share a bit.
  static void add_partial(Statement& statement, const PartialExtent& partial, int& bit) {
    for (std::size_t k = 0; k < statement.partials.size() && !partial.ends_sum; ++k) {
      if ((!partial.dimension.empty() && statement.partials[k].dimension == partial.dimension) ||
          statement.partials[k].loops == partial.loops) {
        bit = static_cast<int>(k);
        return;
      }
    }
    ensure(statement.partials.size() < kMaxPartials, "more partial extents than a statement has bits for");
    bit = static_cast<int>(statement.partials.size());
    statement.partials.push_back(partial);
  }

  // One place of a binding, with the elements it has room for.
  struct BoundPlace {
    std::string variable;
    std::int64_t extent = 1;
    Place::Axis axis = Place::Axis::time;
    int level = -1;
    std::size_t order = 0;  // in the binding
  };

  std::vector<BoundPlace> places_of(const Binding& binding) {
    std::vector<BoundPlace> places;
    const auto add = [&](const Name& name, Place::Axis axis) {
      const IndexLevel index = lowering_.index_level(name.text);
      places.push_back({index.variable, lowering_.level_extent(index), axis, index.level, places.size()});
    };
    if (binding.rows) add(*binding.rows, Place::Axis::rows);
    if (binding.columns) add(*binding.columns, Place::Axis::columns);
    for (const Name& name : binding.time) add(name, Place::Axis::time);
    // Levels of one index from the inside out; what takes the whole index comes last.
    std::stable_sort(places.begin(), places.end(), [](const BoundPlace& a, const BoundPlace& b) {
      return static_cast<unsigned>(a.level) < static_cast<unsigned>(b.level);
    });
    return places;
  }

  void cost_operation(Statement& statement) {
    const Einsum& einsum = lowering_.einsum(statement);
    const Binding& binding = *lowering_.binding_of.at(einsum.name());
    const PeArray& array = lowering_.array(statement.array);
    find_box(statement, einsum.variables());
    const std::vector<BoundPlace> places = places_of(binding);
    for (const BoxDimension& box : statement.box) check_placed(einsum, binding, places, box, array);
    record_places(statement, places);
    statement.selection = selection_of(einsum);
    statement.gather_array = array_adding(kGather, statement.array);
    statement.scatter_array = array_adding(kScatter, statement.array);
    const Placement* placement = lowering_.placement(einsum.name());
    if (placement != nullptr) statement.result_memory = placement->memory;
    for (const auto& [op, count] : operations_per_point(einsum)) statement.operations_per_point.emplace_back(op, count);
    statement.outer_operations = outer_operations(einsum);
    find_accumulation(statement, einsum);
    int sum_bit = -1;  // set: this instance is the last one of a sum that leaves the PEs in between
    if (statement.accumulates) {
      PartialExtent last;
      last.ends_sum = lowering_.plan.empty_tiles == EmptyTiles::skip;
      for (int e : statement.accumulation_loops) {
        last.loops.push_back(statement.effective[static_cast<std::size_t>(e)]);
      }
      add_partial(statement, last, sum_bit);
    }
    const unsigned sets = 1U << statement.partials.size();
    for (unsigned set = 0; set < sets; ++set) {
      const bool sum_ends = sum_bit < 0 || (set >> sum_bit & 1U) != 0;
      statement.variants.push_back(operation_work(statement, einsum, array, places, set, sum_ends));
    }
  }

  // The array itself, or the first one that has the operation: addresses are added up in front of the memory.
  [[nodiscard]] int array_adding(const char* op, int own) const {
    if (lowering_.array(own).operations.count(op) != 0) return own;
    const auto& arrays = lowering_.machine.arrays;
    const auto found =
        std::find_if(arrays.begin(), arrays.end(), [&](const PeArray& each) { return each.operations.count(op) != 0; });
    return found == arrays.end() ? -1 : static_cast<int>(found - arrays.begin());
  }

  static void record_places(Statement& statement, const std::vector<BoundPlace>& places) {
    std::vector<std::pair<std::size_t, Place>> recorded;
    for (std::size_t dimension = 0; dimension < statement.box.size(); ++dimension) {
      std::int64_t unit = 1;
      for (const BoundPlace& place : places) {
        if (place.variable != statement.box[dimension].variable) continue;
        recorded.push_back({place.order, {place.axis, static_cast<int>(dimension), place.extent, unit}});
        unit *= place.extent;
      }
    }
    std::sort(recorded.begin(), recorded.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [order, place] : recorded) statement.places.push_back(place);
  }

  // A tile's elements of one index must fit the places the binding gives them, and those the array.
  void check_placed(const Einsum& einsum, const Binding& binding, const std::vector<BoundPlace>& places,
                    const BoxDimension& box, const PeArray& array) {
    std::int64_t left = box.full;
    for (const BoundPlace& place : places) {
      if (place.variable != box.variable) continue;
      const std::int64_t here = std::min(left, place.extent);
      if (place.axis != Place::Axis::time) {
        const bool rows = place.axis == Place::Axis::rows;
        check_fits(einsum, box.variable, here, rows ? *binding.rows : *binding.columns,
                   rows ? array.rows : array.columns, rows ? "rows" : "columns",
                   rows ? array.rows_span : array.columns_span);
      }
      left = (left + place.extent - 1) / place.extent;
    }
    if (left == 1) return;
    lowering_.diagnostics
        .error("index-unplaced", binding.span,
               fmt::format("a tile of `{}` has {} values of `{}`, which has no place in space or time", einsum.name(),
                           left, box.variable))
        .with_help(fmt::format("add it to `time`, or cut rank {} into tiles", rank_of_variable(box.variable)));
  }

  void check_fits(const Einsum& einsum, const std::string& variable, std::int64_t values, const Name& name,
                  std::int64_t limit, const std::string& axis, const Span& declared) {
    if (values <= limit) return;
    lowering_.diagnostics
        .error("tile-exceeds-array", name.span,
               fmt::format("a tile of `{}` spreads {} values of `{}` over {} {}", einsum.name(), values, variable,
                           limit, axis))
        .note(fmt::format("{} declared here", axis), declared)
        .with_help(fmt::format("make the tile of {} at most {}", rank_of_variable(variable), limit));
  }

  void find_accumulation(Statement& statement, const Einsum& einsum) {
    for (std::size_t e = 0; e < statement.effective.size(); ++e) {
      const int loop = statement.loops[static_cast<std::size_t>(statement.effective[e])];
      if (lowering_.scatters_over(statement, loop)) statement.scatter_loops.push_back(static_cast<int>(e));
      if (!einsum.selection().empty()) {
        check_selection(statement, einsum, loop);
        continue;
      }
      for (const Reduction& reduction : einsum.reductions) {
        if (lowering_.advances(loop, reduction.variable)) {
          if (is_inside_another(einsum, reduction)) report_divided(statement, einsum, reduction, loop);
          statement.accumulates = true;
          statement.accumulation_loops.push_back(static_cast<int>(e));
        }
      }
    }
  }

  // A selection looks at all values of its rank before it knows the first, and gives all its results at once.
  void check_selection(const Statement& statement, const Einsum& einsum, int loop) {
    if (lowering_.loop(loop).trip == 1) return;
    for (const std::string& variable : {einsum.reductions.front().variable, einsum.selected_variable()}) {
      if (variable.empty() || !lowering_.advances(loop, variable)) continue;
      lowering_.diagnostics
          .error(
              "selection-divided", statement.span,
              fmt::format(
                  "`{}` selects by {} over `{}`, but a loop cuts `{}` into {} parts; a selection sees all its values "
                  "at once and gives all its results at once",
                  einsum.name(), einsum.selection(), einsum.reductions.front().variable, variable,
                  lowering_.loop(loop).trip))
          .note("the Einsum", einsum.span)
          .with_help(
              fmt::format("keep all of `{}` inside the tile: take `{}` out of the loops and put `{}` into `time`",
                          variable, lowering_.loop(loop).name(), variable));
    }
  }

  // Does a reduction of another kind take up the results of this one?
  static bool is_inside_another(const Einsum& einsum, const Reduction& reduction) {
    for (const Reduction& around : einsum.reductions) {
      if (around.op != reduction.op) return true;
      if (&around == &reduction) return false;
    }
    return false;
  }

  // A part of a sum says nothing about the maximum of sums.
  void report_divided(const Statement& statement, const Einsum& einsum, const Reduction& reduction, int loop) {
    if (lowering_.loop(loop).trip == 1) return;
    lowering_.diagnostics
        .error("inner-reduction-divided", statement.span,
               fmt::format(
                   "`{}` reduces by {} what it has reduced by {} over `{}`, but a loop cuts `{}`: a part of the "
                   "inner result is of no use to the outer one",
                   einsum.name(), einsum.reductions.front().op, reduction.op, reduction.variable, reduction.variable))
        .note("the Einsum", einsum.span)
        .with_help(fmt::format("keep all of `{}` inside the tile, or split the Einsum in two", reduction.variable));
  }

  Work operation_work(const Statement& statement, const Einsum& einsum, const PeArray& array,
                      const std::vector<BoundPlace>& places, unsigned set, bool sum_ends) {
    Work work;
    std::int64_t in_time = 1;
    work.points = work.pes = 1;
    std::int64_t fresh_sums = einsum.reductions.empty() ? 0 : 1;
    bool partial_sums_arrive = false;  // from the neighbour
    const std::string counter = einsum.selected_variable();
    const std::optional<SelectionCost> selection = selection_cost(statement, array, set);
    for (const BoxDimension& box : statement.box) {
      if (box.variable == counter) continue;  // a selection is one operation for each value that it looks at
      std::int64_t left = extent_in(box, set);
      work.points *= left;
      for (const BoundPlace& place : places) {
        if (place.variable != box.variable) continue;
        const std::int64_t here = std::min(left, place.extent);
        const bool spatial = place.axis != Place::Axis::time;
        (spatial ? work.pes : in_time) *= here;
        if (!spatial && !einsum.reduces(box.variable)) fresh_sums *= here;
        partial_sums_arrive = partial_sums_arrive || (spatial && einsum.reduces(box.variable));
        left = (left + place.extent - 1) / place.extent;
      }
    }
    if (partial_sums_arrive) fresh_sums = 0;
    std::int64_t issue = 0;
    for (const auto& [op, count] : statement.operations_per_point) {
      if (selection && op == statement.selection->op) continue;
      issue += count * array.operations.at(op).issue_cycles;
      work.register_reads += count * registers_touched(op, array.operations.at(op));
    }
    if (selection) {
      issue += selection->cycles_of_value;
      work.register_reads += selection->registers_of_value;
    }
    work.register_reads *= in_time;
    work.duration_cycles = in_time * std::max<std::int64_t>(1, issue);  // a copy is issued like anything else
    if (selection) {
      work.duration_cycles += selection->leaving_cycles;
      work.register_reads += selection->leaving_registers;
      work.comparisons = work.points * selection->comparisons_of_value + work.pes * selection->merging_comparisons;
    }
    for (const OuterOperation& outer : statement.outer_operations) {
      const auto [points, times] = first_dimensions(statement, places, set, outer.variables);
      work.outer_points.push_back(points);
      work.duration_cycles += times * array.operations.at(outer.op).issue_cycles;
      work.register_reads += times * registers_touched(outer.op, array.operations.at(outer.op));
    }
    work.register_writes = work.register_reads;
    const bool sums = std::any_of(statement.operations_per_point.begin(), statement.operations_per_point.end(),
                                  [](const auto& entry) { return entry.first == "mac"; });
    if (sums && !statement.accumulates) work.register_reads -= fresh_sums;
    work.tail_cycles = array.rows - 1 + array.columns - 1;
    work.slot_pes = work.pes;
    accesses_.add(statement, einsum, set, sum_ends, work);
    return work;
  }

  // Points of the first dimensions of a tile, and how many of them follow each other on a PE.
  static std::pair<std::int64_t, std::int64_t> first_dimensions(const Statement& statement,
                                                                const std::vector<BoundPlace>& places, unsigned set,
                                                                std::size_t dimensions) {
    std::int64_t points = 1, in_time = 1;
    for (std::size_t d = 0; d < dimensions; ++d) {
      const BoxDimension& box = statement.box[d];
      std::int64_t left = extent_in(box, set);
      points *= left;
      for (const BoundPlace& place : places) {
        if (place.variable != box.variable) continue;
        if (place.axis == Place::Axis::time) in_time *= std::min(left, place.extent);
        left = (left + place.extent - 1) / place.extent;
      }
    }
    return {points, in_time};
  }

  void cost_move(Statement& move) {
    const Access& access = touched_access(lowering_.program, lowering_.cascade, move);
    find_box(move, index_variables(access));
    const unsigned sets = 1U << move.partials.size();
    for (unsigned set = 0; set < sets; ++set) {
      const bool scattered = move.kind == StatementKind::store && move.share == 1 &&
                             lowering_.cascade.find_einsum(access.tensor)->scatters();
      const std::int64_t bytes =
          scattered ? accesses_.result_bytes(access, move.box, set) : accesses_.tile_bytes(access, move.box, set);
      Work work;
      if (move.share < 1) {  // the other end is the array, which counts what it reads and writes
        work.move_bytes = std::max<std::int64_t>(1, bytes - MemoryAccesses::on_chip(bytes, move.share));
        const bool load = move.kind == StatementKind::load;
        work.accesses.push_back(
            {lowering_.dram(), move.tensor, load ? work.move_bytes : 0, load ? 0 : work.move_bytes});
      } else {
        work.move_bytes = bytes;
        work.accesses.push_back({move.from, move.tensor, work.move_bytes, 0});
        work.accesses.push_back({move.to, move.tensor, 0, work.move_bytes});
      }
      move.variants.push_back(work);
    }
  }

  Lowering& lowering_;
  MemoryAccesses accesses_;
};

}  // namespace

void cost_statements(Lowering& lowering) { Costing(lowering).run(); }

}  // namespace einloom
