// SPDX-License-Identifier: Apache-2.0
// What every statement costs: issue-slot cycles, points, operations, bytes at each memory, register accesses; for each
// set of extents that shrink in a last iteration.
//
// Registers: an operation with n operands reads n values and writes n (its result and n - 1 arrivals), per issue cycle;
// a mac counts its accumulator, which a fresh sum over time does not read the first time.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "einsum/counts.hpp"
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
      statement.instances *= statement.trips.back();
    }
  }

  // Extents of an index variable inside one tile of this statement.
  BoxDimension box_of(Statement& statement, const std::string& variable) {
    const Dimension& dimension = lowering_.dimensions.at(variable);
    BoxDimension box{variable, dimension.inner, dimension.last, -1};
    const bool untiled = dimension.loops.size() == 1 && dimension.loops.front().variable == variable;
    if (untiled) {
      const bool looped = std::any_of(statement.loops.begin(), statement.loops.end(),
                                      [&](int loop) { return lowering_.advances(loop, variable); });
      if (looped) box.full = box.last = 1;
    }
    if (box.full == box.last || dimension.last_when.empty()) {
      box.last = box.full;
      return box;
    }
    PartialExtent partial;
    partial.dimension = variable;
    for (std::size_t i = 0; i < statement.loops.size(); ++i) {
      for (const LoopDigit& digit : lowering_.loop(statement.loops[i]).digits) {
        const auto& names = dimension.last_when;
        if (std::find(names.begin(), names.end(), digit.variable) != names.end()) {
          partial.loops.push_back(static_cast<int>(i));
        }
      }
    }
    for (std::size_t k = 0; k < statement.partials.size(); ++k) {
      if (statement.partials[k].dimension == variable || statement.partials[k].loops == partial.loops) {
        box.partial = static_cast<int>(k);
        return box;
      }
    }
    ensure(statement.partials.size() < kMaxPartials, "more partial extents than a statement has bits for");
    box.partial = static_cast<int>(statement.partials.size());
    statement.partials.push_back(partial);
    return box;
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

  static std::string without_level(const Lowering& lowering, const std::string& name) {
    if (lowering.dimensions.count(name) != 0 || name.empty() || name.back() != '0') return name;
    return name.substr(0, name.size() - 1);
  }

  void cost_operation(Statement& statement) {
    const Einsum& einsum = lowering_.einsum(statement);
    const Binding& binding = *lowering_.binding_of.at(einsum.name());
    const PeArray& array = lowering_.array(statement.array);
    for (const std::string& variable : einsum.variables()) statement.box.push_back(box_of(statement, variable));
    const std::string rows = binding.rows ? without_level(lowering_, binding.rows->text) : "";
    const std::string columns = binding.columns ? without_level(lowering_, binding.columns->text) : "";
    std::set<std::string> in_time;
    for (const Name& name : binding.time) in_time.insert(without_level(lowering_, name.text));
    for (const BoxDimension& box : statement.box) {
      if (box.full == 1 || box.variable == rows || box.variable == columns || in_time.count(box.variable) != 0)
        continue;
      lowering_.diagnostics
          .error("index-unplaced", binding.span,
                 fmt::format("a tile of `{}` has {} values of `{}`, which has no place in space or time", einsum.name(),
                             box.full, box.variable))
          .with_help(fmt::format("add it to `time`, or cut rank {} into tiles", rank_of_variable(box.variable)));
    }
    check_fits(einsum, rows, binding.rows, array.rows, "rows", array.rows_span, statement);
    check_fits(einsum, columns, binding.columns, array.columns, "columns", array.columns_span, statement);
    for (const auto& [op, count] : operations_per_point(einsum)) statement.operations_per_point.emplace_back(op, count);
    find_accumulation(statement, einsum);
    const unsigned sets = 1U << statement.partials.size();
    for (unsigned set = 0; set < sets; ++set) {
      statement.variants.push_back(operation_work(statement, einsum, array, rows, columns, set));
    }
  }

  void check_fits(const Einsum& einsum, const std::string& variable, const std::optional<Name>& name,
                  std::int64_t limit, const std::string& axis, const Span& declared, const Statement& statement) {
    for (const BoxDimension& box : statement.box) {
      if (box.variable != variable || box.full <= limit) continue;
      lowering_.diagnostics
          .error("tile-exceeds-array", name->span,
                 fmt::format("a tile of `{}` spreads {} values of `{}` over {} {}", einsum.name(), box.full, variable,
                             limit, axis))
          .note(fmt::format("{} declared here", axis), declared)
          .with_help(fmt::format("make the tile of {} at most {}", rank_of_variable(variable), limit));
    }
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

  Work operation_work(const Statement& statement, const Einsum& einsum, const PeArray& array, const std::string& rows,
                      const std::string& columns, unsigned set) {
    Work work;
    std::int64_t in_time = 1;
    work.points = work.pes = 1;
    std::int64_t fresh_sums = einsum.reductions.empty() ? 0 : 1;
    for (const BoxDimension& box : statement.box) {
      const std::int64_t n = extent(box, set);
      work.points *= n;
      const bool spatial = box.variable == rows || box.variable == columns;
      (spatial ? work.pes : in_time) *= n;
      if (!spatial && !einsum.reduces(box.variable)) fresh_sums *= n;
      if (spatial && einsum.reduces(box.variable)) fresh_sums = 0;  // partial sums arrive from the neighbour
    }
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
    work.duration_cycles = in_time * issue;
    add_memory_accesses(statement, einsum, set, work);
    return work;
  }

  // Operands kept in a memory are read once per iteration and array, results kept there are written; what was computed
  // in the same iterations is forwarded.
  void add_memory_accesses(const Statement& statement, const Einsum& einsum, unsigned set, Work& work) {
    for (const Access* access : einsum.expression.accesses()) {
      const auto keep = lowering_.keep_of.find(access->tensor);
      if (keep == lowering_.keep_of.end()) continue;
      if (is_forwarded(statement, *access) || read_earlier(statement, *access, einsum)) continue;
      work.accesses.push_back({lowering_.memory_index(keep->second->memory.text),
                               lowering_.tensor_index(access->tensor), tile_bytes(*access, statement.box, set), 0});
    }
    const auto keep = lowering_.keep_of.find(einsum.name());
    if (keep != lowering_.keep_of.end()) {
      work.accesses.push_back({lowering_.memory_index(keep->second->memory.text), statement.tensor, 0,
                               tile_bytes(einsum.output, statement.box, set)});
    }
  }

  bool is_forwarded(const Statement& statement, const Access& access) {
    const auto producer = lowering_.statement_of.find(access.tensor);
    if (producer == lowering_.statement_of.end()) return false;
    const Statement& writer = lowering_.program.statements[static_cast<std::size_t>(producer->second)];
    if (writer.loops != statement.loops || writer.guards != statement.guards ||
        writer.body_offset != statement.body_offset) {
      return false;
    }
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
      if (other.kind != StatementKind::operation || other.array != statement.array || other.loops != statement.loops ||
          other.guards != statement.guards || other.body_offset != statement.body_offset) {
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
      Work work;
      work.move_bytes = tile_bytes(access, move.box, set);
      work.accesses.push_back({move.from, move.tensor, work.move_bytes, 0});
      work.accesses.push_back({move.to, move.tensor, 0, work.move_bytes});
      move.variants.push_back(work);
    }
  }

  Lowering& lowering_;
};

}  // namespace

void cost_statements(Lowering& lowering) { Costing(lowering).run(); }

}  // namespace einloom
