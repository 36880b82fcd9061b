// SPDX-License-Identifier: Apache-2.0
// What every statement costs: issue-slot cycles, points, operations, bytes at each memory, register accesses; for each
// set of extents that shrink in a last iteration.
//
// Registers: an operation with n operands reads n values and writes n (its result and n - 1 arrivals), per issue cycle;
// a mac counts its accumulator, which a fresh sum over time does not read the first time.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "einsum/counts.hpp"
#include "mappings/growing_loops.hpp"
#include "mappings/steps/lowering.hpp"
#include "mappings/tile_region.hpp"

namespace einloom {
namespace {

std::int64_t operand_count(const std::string& op) {
  if (op == "mac") return 3;
  static const std::set<std::string> binary = {"add", "div", "max", "min", "mul", "pow", "sub"};
  return binary.count(op) != 0 ? 2 : 1;
}

class Costing {
 public:
  explicit Costing(Lowering& lowering) : lowering_(lowering) {}

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

  // Extents of an index variable inside one tile of this statement: what the innermost open loop over it steps over;
  // levels without a loop here are inside the tile.
  BoxDimension box_of(Statement& statement, const std::string& variable) {
    const Dimension& dimension = lowering_.dimensions.at(variable);
    BoxDimension box{variable, dimension.extent, dimension.extent, -1};
    PartialExtent partial;
    partial.dimension = variable;
    if (dimension.loops.empty()) {  // the inner part of a partition: its outer loop tells where it is shorter
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

  // Extents that shrink in the same iterations share a bit.
  static void add_partial(Statement& statement, const PartialExtent& partial, int& bit) {
    for (std::size_t k = 0; k < statement.partials.size(); ++k) {
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

  static std::int64_t extent(const BoxDimension& box, unsigned set) {
    return box.partial >= 0 && (set >> box.partial & 1U) != 0 ? box.last : box.full;
  }

  // Elements of a tensor that one tile touches through an access.
  std::int64_t tile_elements(const Access& access, const std::vector<BoxDimension>& box, unsigned set) {
    const TensorDecl& tensor = lowering_.tensor(access.tensor);
    std::int64_t elements = 1;
    for (std::size_t i = 0; i < access.indices.size(); ++i) {
      std::int64_t covered = 1;
      for (const IndexTerm& term : access.indices[i].terms) {
        if (term.variable.empty()) continue;
        const auto found =
            std::find_if(box.begin(), box.end(), [&](const BoxDimension& b) { return b.variable == term.variable; });
        const std::int64_t factor = term.factor * (term.symbol.empty() ? 1 : lowering_.program.shape.at(term.symbol));
        covered += std::abs(factor) * (extent(*found, set) - 1);
      }
      elements *= std::min(covered, lowering_.program.shape.at(tensor.ranks[i]));
    }
    return elements;
  }

  std::int64_t tile_bytes(const Access& access, const std::vector<BoxDimension>& box, unsigned set) {
    return tile_elements(access, box, set) * size_of(lowering_.dtype_of(access.tensor)).value();
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
    for (const std::string& variable : einsum.variables()) statement.box.push_back(box_of(statement, variable));
    const std::vector<BoundPlace> places = places_of(binding);
    for (const BoxDimension& box : statement.box) check_placed(einsum, binding, places, box, array);
    record_places(statement, places);
    const Placement* placement = lowering_.placement(einsum.name());
    if (placement != nullptr) statement.result_memory = placement->memory;
    for (const auto& [op, count] : operations_per_point(einsum)) statement.operations_per_point.emplace_back(op, count);
    find_accumulation(statement, einsum);
    int sum_bit = -1;  // set: this instance is the last one of a sum that leaves the PEs in between
    if (statement.accumulates) {
      PartialExtent last;
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
      for (const Reduction& reduction : einsum.reductions) {
        if (lowering_.advances(loop, reduction.variable)) {
          statement.accumulates = true;
          statement.accumulation_loops.push_back(static_cast<int>(e));
        }
      }
    }
  }

  Work operation_work(const Statement& statement, const Einsum& einsum, const PeArray& array,
                      const std::vector<BoundPlace>& places, unsigned set, bool sum_ends) {
    Work work;
    std::int64_t in_time = 1;
    work.points = work.pes = 1;
    std::int64_t fresh_sums = einsum.reductions.empty() ? 0 : 1;
    bool partial_sums_arrive = false;  // from the neighbour
    for (const BoxDimension& box : statement.box) {
      std::int64_t left = extent(box, set);
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
      const OperationCost& cost = array.operations.at(op);
      issue += count * cost.issue_cycles;
      // Each action of a multi-issue operation touches registers like the action itself.
      std::int64_t touched = 0;
      for (const auto& [action, times] : cost.actions) {
        touched += times * (times > 1 || cost.actions.size() > 1 ? operand_count(action) : operand_count(op));
      }
      work.register_reads += count * touched;
    }
    work.register_reads *= in_time;
    work.register_writes = work.register_reads;
    const bool sums = std::any_of(statement.operations_per_point.begin(), statement.operations_per_point.end(),
                                  [](const auto& entry) { return entry.first == "mac"; });
    if (sums && !statement.accumulates) work.register_reads -= fresh_sums;
    work.duration_cycles = std::max<std::int64_t>(1, in_time * issue);  // one cycle to be issued, even for a copy
    work.tail_cycles = array.rows - 1 + array.columns - 1;
    work.slot_pes = work.pes;
    add_memory_accesses(statement, einsum, set, sum_ends, work);
    return work;
  }

  // The share of some bytes that is not spilled.
  static std::int64_t on_chip(std::int64_t bytes, double spilled) {
    return bytes - std::llround(static_cast<double>(bytes) * spilled);
  }

  // Operands kept in a memory are read once per iteration and array, results kept there are written; what was computed
  // in the same iterations is forwarded. A sum that goes on in the next instance stays in the PEs; one that is taken up
  // again later is written and read back.
  void add_memory_accesses(const Statement& statement, const Einsum& einsum, unsigned set, bool sum_ends, Work& work) {
    for (const Access* access : einsum.expression.accesses()) {
      const Placement* placement = lowering_.placement(access->tensor);
      if (placement == nullptr || is_forwarded(statement, *access) || read_earlier(statement, *access, einsum)) {
        continue;
      }
      work.accesses.push_back({placement->read_memory, lowering_.tensor_index(access->tensor),
                               on_chip(tile_bytes(*access, statement.box, set), placement->spilled), 0});
    }
    const Placement* placement = lowering_.placement(einsum.name());
    if (placement == nullptr) return;
    const std::int64_t bytes = on_chip(tile_bytes(einsum.output, statement.box, set), placement->spilled);
    const bool leaves = sum_ends || !sums_in_place(statement);
    work.accesses.push_back({placement->memory, statement.tensor, sum_ends || !leaves ? 0 : bytes, leaves ? bytes : 0});
  }

  // Do consecutive instances add to the same tile?
  static bool sums_in_place(const Statement& statement) {
    return statement.accumulates && !statement.accumulation_loops.empty() &&
           statement.accumulation_loops.back() == static_cast<int>(statement.effective.size()) - 1;
  }

  // Does `einsum` read the tile a second time: does it need what another reader of the tile made of all of it?
  bool is_second_pass(const Statement& statement, const Access& access) {
    for (const Statement& other : lowering_.program.statements) {
      if (other.kind != StatementKind::operation || &other == &statement || !same_iterations(other, statement))
        continue;
      const Einsum& reader = lowering_.einsum(other);
      const Access* read = access_to(reader, access.tensor);
      if (read == nullptr) continue;
      const std::vector<std::string> indices = index_variables(*read);
      const bool reduces = std::any_of(indices.begin(), indices.end(), [&](const std::string& variable) {
        return reader.reduces(variable) && box_extent(other, variable) > 1;
      });
      if (reduces && depends_on(statement, reader.name())) return true;
    }
    return false;
  }

  std::int64_t box_extent(const Statement& statement, const std::string& variable) const {
    for (const BoxDimension& box : statement.box) {
      if (box.variable == variable) return box.full;
    }
    return 1;
  }

  static bool same_iterations(const Statement& a, const Statement& b) {
    return a.loops == b.loops && a.guards == b.guards && a.body_offset == b.body_offset;
  }

  // Does the statement need, directly or not, the result of an Einsum that stands before it in the same body?
  bool depends_on(const Statement& statement, const std::string& name) {
    for (const Access* access : lowering_.einsum(statement).expression.accesses()) {
      if (access->tensor == name) return true;
      const auto producer = lowering_.statement_of.find(access->tensor);
      if (producer == lowering_.statement_of.end()) continue;
      const Statement& writer = lowering_.program.statements[static_cast<std::size_t>(producer->second)];
      if (&writer < &statement && same_iterations(writer, statement) && depends_on(writer, name)) return true;
    }
    return false;
  }

  bool is_forwarded(const Statement& statement, const Access& access) {
    const auto producer = lowering_.statement_of.find(access.tensor);
    if (producer == lowering_.statement_of.end()) return false;
    const Statement& writer = lowering_.program.statements[static_cast<std::size_t>(producer->second)];
    if (!same_iterations(writer, statement)) return false;
    const Placement* placement = lowering_.placement(access.tensor);
    if (placement != nullptr && (placement->reload != nullptr || is_second_pass(statement, access))) return false;
    const Access& output = lowering_.einsum(writer).output;
    for (std::size_t i = 0; i < access.indices.size(); ++i) {
      if (access.indices[i].plain_variable() != output.indices[i].plain_variable() ||
          access.indices[i].plain_offset() != output.indices[i].plain_offset()) {
        return false;
      }
    }
    return true;
  }

  // Did an earlier statement of the same body and array read the same tile?
  bool read_earlier(const Statement& statement, const Access& access, const Einsum& einsum) {
    const auto same = [&](const Access& other) {
      if (other.tensor != access.tensor) return false;
      for (std::size_t i = 0; i < access.indices.size(); ++i) {
        if (other.indices[i].plain_variable() != access.indices[i].plain_variable()) return false;
        if (other.indices[i].plain_variable() && other.indices[i].plain_offset() != access.indices[i].plain_offset()) {
          return false;
        }
      }
      return true;
    };
    for (const Access* own : einsum.expression.accesses()) {
      if (own == &access) break;
      if (same(*own)) return true;
    }
    for (const Statement& other : lowering_.program.statements) {
      if (&other == &statement) return false;
      if (other.kind != StatementKind::operation || other.array != statement.array ||
          !same_iterations(other, statement) || is_forwarded(other, access)) {
        continue;
      }
      for (const Access* read : lowering_.einsum(other).expression.accesses()) {
        if (same(*read)) return true;
      }
    }
    return false;
  }

  void cost_move(Statement& move) {
    const Access& access = touched_access(lowering_.program, lowering_.cascade, move);
    for (const std::string& variable : index_variables(access)) move.box.push_back(box_of(move, variable));
    const unsigned sets = 1U << move.partials.size();
    for (unsigned set = 0; set < sets; ++set) {
      const std::int64_t bytes = tile_bytes(access, move.box, set);
      Work work;
      if (move.share < 1) {  // the other end is the array, which counts what it reads and writes
        work.move_bytes = std::max<std::int64_t>(1, bytes - on_chip(bytes, move.share));
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
};

}  // namespace

void cost_statements(Lowering& lowering) { Costing(lowering).run(); }

}  // namespace einloom
