// SPDX-License-Identifier: Apache-2.0
#include "sim/pe_level/instruction_schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "base/diagnostic.hpp"
#include "einsum/kernel.hpp"
#include "sim/pe_level/observations.hpp"
#include "sim/pe_level/space_time.hpp"
#include "sim/pe_level/value_plan.hpp"

namespace einloom {
namespace {

// A controller accepts in one cycle, operands are read in the next, and PEs work from then on.
constexpr std::int64_t kFirstWork = 2;

// A value that the instruction itself computes. Cycles from the accept.
struct Produced {
  std::int64_t held = 0;  // its PE, or edge unit, may use it
  std::int64_t out = 0;   // it has left the array
};

// One Einsum's points, and where they are.
struct Points {
  SpaceTime map;
  std::int64_t rows = 1, columns = 1;  // of the array
  bool is_skewed = true;
  const ScheduledEinsum* einsum = nullptr;

  [[nodiscard]] std::int64_t physical(std::int64_t row) const { return einsum->reversed ? map.rows - 1 - row : row; }
  // Cycles after einsum->start.
  [[nodiscard]] std::int64_t wait(std::int64_t physical_row, std::int64_t column) const {
    const std::int64_t in_rows = einsum->station != Station::grid ? 0
                                 : einsum->skew > 0               ? physical_row
                                 : einsum->skew < 0               ? rows - 1 - physical_row
                                                                  : 0;
    return in_rows + (is_skewed ? column : 0);
  }
  [[nodiscard]] std::int64_t begin(std::int64_t step) const {
    return map.step_end.empty() ? step * map.issue_cycles : step == 0 ? 0 : map.step_end[at(step - 1)];
  }
  [[nodiscard]] std::int64_t end(std::int64_t step) const {  // last cycle
    return (map.step_end.empty() ? (step + 1) * map.issue_cycles : map.step_end[at(step)]) - 1;
  }
  static std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }
};

class Scheduler {
 public:
  Scheduler(const Program& program, const Machine& machine, const Cascade& cascade)
      : program_(program), machine_(machine), cascade_(cascade), geometry_(program, machine, cascade) {}

  std::vector<InstructionSchedule> run() {
    std::vector<std::vector<int>> bodies;
    for (std::size_t s = 0; s < program_.statements.size(); ++s) {
      const Statement& statement = at(static_cast<int>(s));
      if (statement.instruction.empty()) continue;
      const auto found = std::find_if(bodies.begin(), bodies.end(), [&](const std::vector<int>& body) {
        const Statement& first = at(body.front());
        return first.array == statement.array && first.loops == statement.loops &&
               first.body_offset == statement.body_offset;
      });
      (found == bodies.end() ? bodies.emplace_back() : *found).push_back(static_cast<int>(s));
    }
    for (const std::vector<int>& body : bodies) place(body);
    std::vector<InstructionSchedule> all;
    for (const std::vector<int>& body : bodies) all.push_back(schedule(body));
    find_registers(all);
    return all;
  }

 private:
  struct Placed {
    Station station = Station::grid;
    bool sums_over_rows = false, sums_over_columns = false, up = false, reversed = false;
    [[nodiscard]] bool is_at_top() const { return station == Station::top || (sums_over_rows && up); }
  };

  const Statement& at(int statement) const { return program_.statements[static_cast<std::size_t>(statement)]; }
  std::vector<const Access*> accesses(const Statement& statement) const {
    return geometry_.einsum(statement).expression.accesses();
  }
  // The statement of the same array that computes a tensor; -1: none, or a load stands between.
  int producer_of(const Statement& consumer, const Access& access) const {
    if (geometry_.is_loaded(consumer, access)) return -1;
    for (std::size_t s = 0; s < program_.statements.size(); ++s) {
      const Statement& producer = program_.statements[s];
      if (producer.array == consumer.array && producer.kind == StatementKind::operation &&
          geometry_.einsum(producer).name() == access.tensor) {
        return static_cast<int>(s);
      }
    }
    return -1;
  }
  // Does the access mean what the producer computes in the same body execution?
  bool is_of_this_body(const std::vector<int>& body, int producer, int consumer, const Access& access) const {
    if (producer < 0 || producer >= consumer) return false;
    if (std::find(body.begin(), body.end(), producer) == body.end()) return false;
    const Access& output = geometry_.einsum(at(producer)).output;
    for (std::size_t i = 0; i < output.indices.size(); ++i) {
      if (access.indices[i].variables().empty() != output.indices[i].variables().empty()) return false;
      if (access.indices[i].plain_offset() != output.indices[i].plain_offset()) return false;
    }
    return true;
  }

  // Stations and directions: what comes back into the array in the same instruction leaves at the top, everything else
  // at the bottom.
  void place(const std::vector<int>& body) {
    for (std::size_t i = body.size(); i-- > 0;) {
      const Statement& statement = at(body[i]);
      Placed placed;
      placed.sums_over_rows = geometry_.is_reduced(statement, Place::Axis::rows);
      placed.sums_over_columns = geometry_.is_reduced(statement, Place::Axis::columns);
      bool comes_back = false;
      for (std::size_t j = i + 1; j < body.size(); ++j) {
        const Placed& reader = placed_.at(body[j]);
        if (reader.station == Station::bottom) continue;
        for (const Access* access : accesses(at(body[j]))) {
          if (access->tensor == geometry_.einsum(statement).name()) {
            comes_back = comes_back || is_of_this_body(body, body[i], body[j], *access);
          }
        }
      }
      if (place_along(statement, Place::Axis::rows) == nullptr) {
        placed.station = comes_back ? Station::top : Station::bottom;
      } else {
        // A sum cannot climb past operands that come down.
        const auto all = accesses(statement);
        const bool meets = std::any_of(all.begin(), all.end(), [&](const Access* access) {
          return geometry_.varies(statement, *access, Place::Axis::columns) &&
                 !geometry_.varies(statement, *access, Place::Axis::rows);
        });
        placed.up = placed.sums_over_rows && comes_back && !meets;
      }
      placed_[body[i]] = placed;
    }
  }

  // Is what one spreads over an axis what the other spreads over it?
  bool is_same_axis(const Statement& producer, const Statement& consumer, const Access& access,
                    Place::Axis axis) const {
    const Place* from = place_along(producer, axis);
    const Place* to = place_along(consumer, axis);
    if (from == nullptr || to == nullptr) return from == to;
    const Access& output = geometry_.einsum(producer).output;
    const auto variable = [](const Statement& statement, const Place& place) {
      return statement.box[static_cast<std::size_t>(place.dimension)].variable;
    };
    for (std::size_t i = 0; i < output.indices.size(); ++i) {
      if (output.indices[i].plain_variable() != variable(producer, *from)) continue;
      return access.indices[i].plain_variable() == variable(consumer, *to) && from->unit == to->unit;
    }
    return false;
  }

  // May a PE use what it computed before?
  bool may_hold(int producer, int consumer, const Access& access) const {
    if (producer < 0) return false;
    const Placed& from = placed_.at(producer);
    return from.station == Station::grid && !from.sums_over_rows && !from.sums_over_columns &&
           is_same_axis(at(producer), at(consumer), access, Place::Axis::rows) &&
           is_same_axis(at(producer), at(consumer), access, Place::Axis::columns);
  }

  // ---- One instruction ----

  struct Work {
    bool shifts = false;
    std::int64_t start = 0, cycles = 0;
    int skew = 0;
  };

  InstructionSchedule schedule(const std::vector<int>& body) {
    InstructionSchedule result;
    result.instruction = at(body.front()).instruction;
    result.array = at(body.front()).array;
    result.is_skewed = std::any_of(body.begin(), body.end(), [&](int member) {
      return placed_.at(member).station == Station::grid || placed_.at(member).sums_over_columns ||
             reads_other_array(member);
    });
    produced_.clear();
    for (auto& busy : busy_) busy.clear();
    last_ = 0;
    for (int member : body) result.einsums.push_back(schedule_einsum(body, member, result.is_skewed));
    result.cycles = last_;
    check_busy(body, result);
    return result;
  }

  // Other arrays deliver column after column.
  bool reads_other_array(int member) const {
    const auto all = accesses(at(member));
    return std::any_of(all.begin(), all.end(), [&](const Access* access) {
      const Statement* producer = geometry_.producer_of(access->tensor);
      return producer != nullptr && producer->array != at(member).array && !geometry_.is_loaded(at(member), *access);
    });
  }

  ScheduledEinsum schedule_einsum(const std::vector<int>& body, int member, bool is_skewed) {
    const Statement& statement = at(member);
    const PeArray& array = geometry_.array(statement);
    Placed& placed = placed_.at(member);
    ScheduledEinsum einsum;
    einsum.statement = member;
    einsum.station = placed.station;
    einsum.sums_go_up = placed.up;
    einsum.skew = placed.station != Station::grid ? 0 : placed.up ? -1 : 1;
    const kernel::Compiled<double> kernel =
        kernel::compile<double>(cascade_, statement.einsum, program_.shape, Precision{Dtype::fp64});
    Points points{space_time_of(statement, array, 0), array.rows, array.columns, is_skewed, &einsum};
    einsum.tile_rows = points.map.rows;
    const std::vector<const Access*> all = accesses(statement);
    // Which way round the rows are: as what is held in them, if anything is.
    bool is_fixed = false;
    for (const Access* access : all) {
      const int producer = producer_of(statement, *access);
      if (placed.station != Station::grid || !may_hold(producer, member, *access)) continue;
      placed.reversed = einsum.reversed = placed_.at(producer).reversed;
      is_fixed = true;
      break;
    }
    std::vector<Walk> walks;
    for (std::size_t o = 0; o < all.size(); ++o) {
      walks.push_back(walk_of(kernel.accesses[o], points.map));
      einsum.operands.push_back(passage_of(body, member, *all[o]));
    }
    // Operands that are taken in first.
    std::int64_t start = kFirstWork;
    for (std::size_t o = 0; o < all.size(); ++o) {
      const Passage passage = einsum.operands[o].passage;
      if (passage != Passage::shifted_in && passage != Passage::parked) continue;
      check_stays(statement, *all[o], walks[o]);
      const auto* values = produced_of(body, member, *all[o]);
      Latch latch{static_cast<int>(o), 0, passage == Passage::shifted_in};
      latch.start = latch_start(points, walks[o], kernel.accesses[o].base, values, einsum.operands[o], latch.shifts);
      if (passage == Passage::parked && !is_fixed) {
        einsum.reversed = true;
        const std::int64_t turned =
            latch_start(points, walks[o], kernel.accesses[o].base, values, einsum.operands[o], false);
        einsum.reversed = placed.reversed = turned < latch.start;
        latch.start = std::min(latch.start, turned);
      }
      is_fixed = true;
      latch.start = reserve({latch.shifts, latch.start, latch.shifts ? array.columns : 1, 0}, array, Station::grid);
      const std::int64_t last = latch.start + (latch.shifts ? array.columns - 1 : 0);
      last_ = std::max(last_, last + (latch.shifts || !is_skewed ? 0 : array.columns - 1));
      einsum.operands[o].sent = latch.start - (points.map.rows - 1);
      einsum.latches.push_back(latch);
      start = std::max(start, last + 1);
    }
    einsum.is_latch = einsum.latches.size() == 1 && all.size() == 1 && kernel.steps.empty() && kernel.groups.empty() &&
                      points.map.steps == 1;
    if (einsum.is_latch) {
      einsum.skew = 0;
      einsum.start = einsum.latches.front().start;
    } else {
      for (std::size_t o = 0; o < all.size(); ++o) {
        start = std::max(start, earliest(points, walks[o], kernel.accesses[o].base, produced_of(body, member, *all[o]),
                                         einsum.operands[o]));
      }
      einsum.start = reserve({false, start, points.map.cycles(), einsum.skew}, array, einsum.station);
      const std::int64_t rows = einsum.skew == 0 ? 0 : array.rows - 1;
      last_ = std::max(last_, einsum.start + rows + points.map.cycles() - 1 + (is_skewed ? array.columns - 1 : 0));
      for (OperandPassage& operand : einsum.operands) {
        if (operand.passage == Passage::from_top) operand.sent = einsum.start;
        if (operand.passage == Passage::falls) operand.sent = einsum.start - array.rows;
      }
    }
    einsum.leaves = leaves(member);
    record(einsum, points, kernel, array);
    return einsum;
  }

  OperandPassage passage_of(const std::vector<int>& body, int member, const Access& access) const {
    const Statement& statement = at(member);
    const Placed& placed = placed_.at(member);
    const int producer = producer_of(statement, access);
    const bool at_top = producer >= 0 && placed_.at(producer).is_at_top();
    const bool own_column = producer >= 0 && is_same_axis(at(producer), statement, access, Place::Axis::columns);
    OperandPassage operand;
    operand.through_top = at_top && placed_.at(producer).station == Station::grid;
    if (placed.station != Station::grid) {
      operand.passage = placed.station == Station::bottom && at_top && own_column ? Passage::falls : Passage::at_edge;
      return operand;
    }
    if (may_hold(producer, member, access) && placed_.at(producer).reversed == placed.reversed) {
      operand.passage = Passage::held;
      return operand;
    }
    const bool rows = geometry_.varies(statement, access, Place::Axis::rows);
    const bool columns = geometry_.varies(statement, access, Place::Axis::columns);
    const bool comes_down = at_top && own_column && is_of_this_body(body, producer, member, access);
    operand.passage = rows && columns ? (comes_down ? Passage::parked : Passage::shifted_in)
                      : columns       ? Passage::from_top
                                      : Passage::from_left;
    return operand;
  }

  // What a PE takes in before it starts has to be the same in all of its steps.
  void check_stays(const Statement& statement, const Access& access, const Walk& walk) const {
    const bool stays = std::all_of(walk.in_step.begin(), walk.in_step.end(),
                                   [&](std::int64_t offset) { return offset == walk.in_step.front(); });
    if (stays) return;
    Diagnostic diagnostic;
    diagnostic.code = "instruction-operand";
    diagnostic.message = fmt::format(
        "`{}` reads other values of `{}` in every step, and they vary along the rows and the columns of `{}`; an "
        "instruction takes such values in once, before its PEs start",
        statement.name, access.tensor, geometry_.array(statement).name);
    diagnostic.span = statement.span;
    diagnostic.with_help("bind it so that the operand does not vary in time, or use fidelity cycle");
    throw UserError(diagnostic);
  }

  using Values = std::unordered_map<std::int64_t, Produced>;  // by offset, for the first tile

  const Values* produced_of(const std::vector<int>& body, int member, const Access& access) const {
    const int producer = producer_of(at(member), access);
    if (!is_of_this_body(body, producer, member, access)) return nullptr;
    return &produced_.at(producer);
  }

  static std::int64_t available(const Values* values, std::int64_t offset, bool held) {
    if (values == nullptr) return kFirstWork;
    const auto found = values->find(offset);
    if (found == values->end()) return kFirstWork;  // beyond a tile at the edge of the tensor
    return held ? found->second.held : found->second.out;
  }

  // When everything can be taken in, at the earliest.
  static std::int64_t latch_start(const Points& points, const Walk& walk, std::int64_t base, const Values* values,
                                  const OperandPassage& operand, bool shifts) {
    std::int64_t start = kFirstWork;
    for (std::int64_t r = 0; r < points.map.rows; ++r) {
      for (std::int64_t c = 0; c < points.map.columns; ++c) {
        const std::int64_t there = available(values, base + walk.at(r, c, 0), false) + (operand.through_top ? 1 : 0);
        // Column c's value enters after those of the columns behind it; a parked one comes down physical(r) rows.
        start = std::max(start, shifts ? there - (points.columns - 1 - c) : there - c + points.physical(r));
      }
    }
    return start;
  }

  // When the Einsum can start, as far as one operand goes.
  std::int64_t earliest(const Points& points, const Walk& walk, std::int64_t base, const Values* values,
                        const OperandPassage& operand) const {
    const Passage passage = operand.passage;
    const std::int64_t rows = points.rows;
    if (passage == Passage::shifted_in || passage == Passage::parked) return kFirstWork;
    const std::int64_t extra = passage == Passage::from_top || passage == Passage::falls ? operand.through_top : 0;
    const std::int64_t fall = passage == Passage::falls ? rows : 0;
    if (values == nullptr) return kFirstWork + fall;
    std::int64_t start = kFirstWork;
    for (std::int64_t step = 0; step < points.map.steps; ++step) {
      for (std::int64_t r = 0; r < points.map.rows; ++r) {
        for (std::int64_t c = 0; c < points.map.columns; ++c) {
          const std::int64_t there =
              available(values, base + walk.at(r, c, step), passage == Passage::held) + extra + fall;
          // At column 0 for what moves right, at row 0 for what moves down.
          std::int64_t wait = points.wait(points.physical(r), c);
          if (passage == Passage::from_left) wait = points.wait(points.physical(r), 0);
          if (passage == Passage::from_top) wait = points.wait(0, c);
          start = std::max(start, there - wait - points.begin(step));
        }
      }
    }
    return start;
  }

  // The first start from `work.start` on at which the station is free, in every row and column.
  std::int64_t reserve(Work work, const PeArray& array, Station station) {
    auto& busy = busy_[static_cast<std::size_t>(station)];
    const std::int64_t rows = station == Station::grid ? array.rows : 1;
    const auto interval = [&](const Work& each, std::int64_t row, std::int64_t column) {
      const std::int64_t skew = each.skew > 0 ? row : each.skew < 0 ? array.rows - 1 - row : 0;
      if (each.shifts) return std::pair(each.start + column, each.start + array.columns);
      return std::pair(each.start + skew + column, each.start + skew + column + each.cycles);
    };
    const auto collides = [&](const Work& other) {
      for (std::int64_t row = 0; row < rows; ++row) {
        for (const std::int64_t column : {std::int64_t{0}, array.columns - 1}) {
          const auto [a, b] = interval(work, row, column);
          const auto [c, d] = interval(other, row, column);
          if (a < d && c < b) return true;
        }
      }
      return false;
    };
    while (std::any_of(busy.begin(), busy.end(), collides)) ++work.start;
    busy.push_back(work);
    return work.start;
  }

  // Is a result that nothing carries out of the PEs read elsewhere?
  bool leaves(int member) const {
    const Statement& statement = at(member);
    const Placed& placed = placed_.at(member);
    if (placed.station != Station::grid || placed.sums_over_rows || placed.sums_over_columns) return false;
    if (statement.result_memory >= 0) return true;
    for (std::size_t s = 0; s < program_.statements.size(); ++s) {
      const Statement& reader = program_.statements[s];
      if (reader.kind != StatementKind::operation) continue;
      for (const Access* access : accesses(reader)) {
        if (access->tensor != geometry_.einsum(statement).name()) continue;
        if (reader.array != statement.array) return true;
        const int index = static_cast<int>(s);
        if (placed_.at(index).station != Station::grid || !may_hold(member, index, *access)) return true;
      }
    }
    return false;
  }

  // When which of its results is where.
  void record(ScheduledEinsum& einsum, const Points& points, const kernel::Compiled<double>& kernel,
              const PeArray& array) {
    const Placed& placed = placed_.at(einsum.statement);
    const Walk walk = walk_of(kernel.output, points.map);
    Values& values = produced_[einsum.statement];
    std::int64_t first = -1;
    for (std::int64_t step = 0; step < points.map.steps; ++step) {
      for (std::int64_t r = 0; r < points.map.rows; ++r) {
        for (std::int64_t c = 0; c < points.map.columns; ++c) {
          const std::int64_t row = placed.sums_over_rows ? (placed.up ? 0 : array.rows - 1) : points.physical(r);
          const std::int64_t column = placed.sums_over_columns ? array.columns - 1 : c;
          std::int64_t end = einsum.start + points.wait(row, column) + points.end(step);
          if (einsum.is_latch && einsum.latches.front().shifts) end = einsum.start + array.columns - 1;
          Produced found{end + 1, end + 1};
          if (einsum.leaves) {
            const std::int64_t last = einsum.start + points.wait(0, column) + points.end(points.map.steps - 1);
            found.out = (einsum.is_latch && einsum.latches.front().shifts ? end : last) + 1 + array.rows + row;
            last_ = std::max(last_, found.out - 1);
          }
          Produced& known = values[kernel.output.base + walk.at(r, c, step)];
          known.held = std::max(known.held, found.held);
          known.out = std::max(known.out, found.out);
          const std::int64_t at_column_0 = end + 1 - (points.is_skewed ? column : 0);
          first = first < 0 ? at_column_0 : std::min(first, at_column_0);
        }
      }
    }
    einsum.first_result = first;
    std::vector<std::int64_t> offsets = walk.in_step;
    std::sort(offsets.begin(), offsets.end());
    einsum.results = std::unique(offsets.begin(), offsets.end()) - offsets.begin();
  }

  void check_busy(const std::vector<int>& body, const InstructionSchedule& schedule) const {
    const Statement& first = at(body.front());
    const PeArray& array = geometry_.array(first);
    const Instruction& instruction = array.controller->instructions.at(schedule.instruction);
    if (schedule.cycles <= instruction.busy_cycles) return;
    Diagnostic diagnostic;
    diagnostic.code = "instruction-too-short";
    diagnostic.message = fmt::format("the PEs of `{}` need {} cycles for what the plan binds to `{}`; its `busy` is {}",
                                     array.name, schedule.cycles, schedule.instruction, instruction.busy_cycles);
    diagnostic.span = first.span;
    diagnostic.notes.push_back({fmt::format("`{}` declared here", schedule.instruction), instruction.span});
    diagnostic.with_help("make `busy` longer, or use fidelity cycle, which takes the table as it is");
    throw UserError(diagnostic);
  }

  // Which results PEs keep for their own later Einsums, and with which of them they are read for the last time. Left
  // out: what is not read as often as it is computed.
  void find_registers(std::vector<InstructionSchedule>& all) const {
    for (InstructionSchedule& schedule : all) {
      for (ScheduledEinsum& einsum : schedule.einsums) {
        if (einsum.station != Station::grid) continue;
        ScheduledEinsum* last = nullptr;
        for (InstructionSchedule& other : all) {
          for (ScheduledEinsum& reader : other.einsums) {
            if (other.array == schedule.array && holds(reader, einsum.statement)) last = &reader;
          }
        }
        if (last == nullptr || at(last->statement).instances != at(einsum.statement).instances) continue;
        einsum.keeps = true;
        last->releases.push_back(einsum.statement);
      }
    }
  }

  bool holds(const ScheduledEinsum& reader, int producer) const {
    const std::vector<const Access*> all = accesses(at(reader.statement));
    for (std::size_t o = 0; o < all.size(); ++o) {
      if (reader.operands[o].passage == Passage::held && producer_of(at(reader.statement), *all[o]) == producer) {
        return true;
      }
    }
    return false;
  }

  const Program& program_;
  const Machine& machine_;
  const Cascade& cascade_;
  const Geometry geometry_;
  std::map<int, Placed> placed_;    // by statement
  std::map<int, Values> produced_;  // by statement of the body
  std::vector<Work> busy_[3];       // by station
  std::int64_t last_ = 0;
};

}  // namespace

std::vector<InstructionSchedule> instruction_schedules(const Program& program, const Machine& machine,
                                                       const Cascade& cascade) {
  return Scheduler(program, machine, cascade).run();
}

}  // namespace einloom
