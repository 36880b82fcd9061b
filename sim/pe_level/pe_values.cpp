// SPDX-License-Identifier: Apache-2.0
#include "sim/pe_level/pe_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <type_traits>
#include <utility>

#include "base/diagnostic.hpp"
#include "einsum/cascade.hpp"
#include "mappings/tile_region.hpp"
#include "sim/passed_tiles.hpp"
#include "sim/pe_level/grid_values.hpp"
#include "sim/pe_level/instruction_values.hpp"
#include "sim/regions.hpp"

namespace einloom {
namespace {

template <class T>
constexpr T kUnwritten = std::numeric_limits<T>::quiet_NaN();

}  // namespace

template <class T>
struct PeValues<T>::State {
  State(const Program& the_program, const Machine& the_machine, const Cascade& the_cascade, Dtype dtype,
        TensorStore<T> the_dram)
      : program(the_program),
        machine(the_machine),
        cascade(the_cascade),
        geometry(the_program, the_machine, the_cascade),
        dram(std::move(the_dram)),
        slots(the_program),
        store(make_store<T>(the_cascade, the_program.shape, kUnwritten<T>), slots),
        schedules(instruction_schedules(the_program, the_machine, the_cascade)),
        moves(the_program.statements.size()) {
    constexpr Dtype kWide = std::is_same_v<T, double> ? Dtype::fp64 : Dtype::fp32;
    std::size_t operands = 0;
    for (const Statement& statement : program.statements) {
      if (statement.kind != StatementKind::operation) continue;
      const bool stored = is_stored(program, program.tensors[static_cast<std::size_t>(statement.tensor)]);
      kernels.emplace(statement.einsum,
                      kernel::compile<T>(cascade, statement.einsum, program.shape, Precision{stored ? dtype : kWide}));
      operands = std::max(operands, kernels.at(statement.einsum).accesses.size());
    }
    for (const InstructionSchedule& schedule : schedules) {
      for (const ScheduledEinsum& einsum : schedule.einsums) schedule_of[einsum.statement] = {&schedule, &einsum};
    }
    for (std::size_t a = 0; a < program.arrays.size(); ++a) {
      const PeArray& array = machine.arrays[a];
      reach = std::max(reach, 2 * array.rows + array.columns);
      const int index = static_cast<int>(a);
      const std::size_t count = program.statements.size();
      if (array.controller) {
        grids.push_back(std::make_unique<InstructionValues<T>>(index, array, operands, count, store));
      } else {
        grids.push_back(std::make_unique<GridValues<T>>(index, array.rows, array.columns, operands, count, store));
      }
    }
    for (const Statement& statement : program.statements) {
      if (!statement.mask) continue;
      position.assign(statement.trips.size(), 0);
      pass_over(statement);
    }
  }

  // From `position` on: what is passed over leaves the identity of its reduction, in no PE and no slot.
  void pass_over(const Statement& what) {
    if (what.kind != StatementKind::operation) return;
    const kernel::Compiled<T>& kernel = kernels.at(what.einsum);
    const bool scatters = geometry.einsum(what).scatters();
    if (!scatters && kernel.groups.empty()) return;
    for_each_passed(what, position, [&](const std::vector<std::int64_t>& passed) {
      lay_out(what, passed, scatters ? T{} : kernel.groups.front().identity);
    });
  }

  // A tile holds `value` everywhere, in no PE and no slot.
  void lay_out(const Statement& what, const std::vector<std::int64_t>& where, T value) {
    const std::string& tensor = program.tensors[static_cast<std::size_t>(what.tensor)];
    std::vector<Element<T>>& elements = store.of(tensor);
    Element<T> element;
    element.value = value;
    element.out_since = kAlways;
    for_each_element(dram.at(tensor), tensor_region(program, cascade, what, where, {}),
                     [&](std::int64_t at) { elements[static_cast<std::size_t>(at)] = element; });
  }

  const ValuePlan<T>& plan_of(int statement, unsigned variant) {
    const auto key = std::pair(statement, variant);
    const auto found = plans.find(key);
    if (found != plans.end()) return found->second;
    const Statement& what = program.statements[static_cast<std::size_t>(statement)];
    const auto schedule = schedule_of.find(statement);
    return plans
        .emplace(key, value_plan<T>(program, geometry, what, variant, kernels.at(what.einsum), store,
                                    schedule == schedule_of.end() ? nullptr : schedule->second.second))
        .first->second;
  }

  // Is some point of the tile absent, or not known to be present?
  static bool may_be_absent(const kernel::Compiled<T>& kernel, const Box& box) {
    if (!kernel.data_constraints.empty()) return true;
    return std::any_of(kernel.constraints.begin(), kernel.constraints.end(), [&](const Constraint& constraint) {
      if (constraint.is_not_equal) return true;
      std::int64_t largest = constraint.form.constant;
      for (std::size_t v = 0; v < box.size(); ++v) {
        const std::int64_t factor = constraint.form.coefficients[v];
        largest += factor * (factor > 0 ? box[v].end - 1 : box[v].begin);
      }
      return largest > 0;
    });
  }

  void issue(int statement, const Head& head, const SlotUse& slot, std::int64_t now) {
    const Statement& what = program.statements[static_cast<std::size_t>(statement)];
    ArrayValues<T>& grid = *grids[static_cast<std::size_t>(what.array)];
    OperationValues<T> operation;
    operation.number = grid.next_number();
    operation.statement = statement;
    operation.instance = head.index;
    operation.plan = &plan_of(statement, head.variant);
    operation.box = tile_box(program, what, head.position);
    operation.slot = slot;
    operation.name = &what.name;
    const kernel::Compiled<T>& kernel = *operation.plan->kernel;
    operation.has_constraints = may_be_absent(kernel, operation.box);
    const auto base = [&](const kernel::CompiledAccess& access) {
      std::int64_t offset = access.base;
      for (std::size_t v = 0; v < operation.box.size(); ++v) offset += access.strides[v] * operation.box[v].begin;
      return offset;
    };
    for (const kernel::CompiledAccess& access : kernel.accesses) operation.operand_base.push_back(base(access));
    operation.result_base = base(kernel.output);
    operation.continues =
        what.accumulates && std::any_of(what.accumulation_loops.begin(), what.accumulation_loops.end(),
                                        [&](int loop) { return head.position[static_cast<std::size_t>(loop)] != 0; });
    carry_state(what, head.position, operation);
    if (const auto schedule = schedule_of.find(statement); schedule != schedule_of.end()) {
      operation.accepted = now;
      operation.is_skewed = schedule->second.first->is_skewed;
      operation.span = what.span;
    }
    // What no index names is 0, from the first instance that fills the tile on.
    if (geometry.einsum(what).scatters() && !operation.continues &&
        std::all_of(what.scatter_loops.begin(), what.scatter_loops.end(),
                    [&](int loop) { return head.position[static_cast<std::size_t>(loop)] == 0; })) {
      lay_out(what, head.position, T{});
    }
    grid.add(std::move(operation));
    if (!what.mask) return;
    position = head.position;
    if (increment(what, position)) pass_over(what);
  }

  // Behind the last iteration of a loop that ends early, a state keeps its value in the iterations left out.
  void carry_state(const Statement& what, const std::vector<std::int64_t>& at, OperationValues<T>& operation) const {
    const TensorDecl& decl = *cascade.find_tensor(program.tensors[static_cast<std::size_t>(what.tensor)]);
    if (!program.grows || decl.iterative_rank.empty()) return;
    for (std::size_t e = 1; e < what.effective.size(); ++e) {
      const int index = what.loops[static_cast<std::size_t>(what.effective[e])];
      const ProgramLoop& loop = program.loops[static_cast<std::size_t>(index)];
      if (!loop.growth || loop.digits.front().dimension != variable_of_rank(decl.iterative_rank)) continue;
      if (at[e] != loop.trip_at(at[e - 1]) - 1) return;
      const auto rank = std::find(decl.ranks.begin(), decl.ranks.end(), decl.iterative_rank) - decl.ranks.begin();
      operation.iterations_left_out = loop.trip - 1 - at[e];
      operation.next_state = dram.at(decl.name).strides()[static_cast<std::size_t>(rank)];
    }
  }

  // Of a spilled share, the tile's first elements; those that begin in its bytes.
  static std::int64_t elements_of(const Statement& what, unsigned variant) {
    if (what.share == 1) return std::numeric_limits<std::int64_t>::max();
    const std::int64_t bytes = what.variants[variant].move_bytes;
    return (bytes + what.element_bytes - 1) / what.element_bytes;
  }

  void load(const Statement& what, const Box& region, std::int64_t left, const SlotUse& slot, std::int64_t now,
            std::int64_t done) {
    const std::string& tensor = program.tensors[static_cast<std::size_t>(what.tensor)];
    const Tensor<T>& from = dram.at(tensor);
    std::vector<Element<T>>& elements = store.of(tensor);
    for_each_element(from, region, [&](std::int64_t at) {
      if (left-- <= 0) return;
      auto& copies = elements[static_cast<std::size_t>(at)].copies;
      std::erase_if(copies, [&](const auto& copy) { return !slots.holds(copy.slot, now - reach, 0); });
      copies.push_back({from.data()[at], done, slot});
    });
  }

  void put_away(const Statement& what, const Box& region, std::int64_t left, std::int64_t now) {
    const std::string& tensor = program.tensors[static_cast<std::size_t>(what.tensor)];
    const std::int64_t latency = machine.memories[static_cast<std::size_t>(what.from)].latency.value();
    Tensor<T>& to = dram.at(tensor);
    std::vector<Element<T>>& elements = store.of(tensor);
    for_each_element(to, region, [&](std::int64_t at) {
      if (left-- <= 0) return;
      Element<T>& element = elements[static_cast<std::size_t>(at)];
      const T* value = store.entering(element, now, latency, 0);
      if (value == nullptr && !program.masked) {
        throw InternalError(
            fmt::format("cycle {}: `{}` starts before element {} is in the memory", now, what.name, at));
      }
      to.data()[at] = value == nullptr ? element.value : *value;
      element.is_spilled = what.share < 1;
    });
  }

  const Program& program;
  const Machine& machine;
  const Cascade& cascade;
  const Geometry geometry;
  TensorStore<T> dram;
  SlotClock slots;
  ElementStore<T> store;
  std::map<int, kernel::Compiled<T>> kernels;              // by Einsum
  std::map<std::pair<int, unsigned>, ValuePlan<T>> plans;  // by statement and variant
  const std::vector<InstructionSchedule> schedules;
  std::map<int, std::pair<const InstructionSchedule*, const ScheduledEinsum*>> schedule_of;  // by statement
  std::vector<std::unique_ptr<ArrayValues<T>>> grids;                                        // by array
  std::int64_t reach = 0;                  // cycles from an edge to the last PE that may still use what entered there
  std::vector<std::deque<SlotUse>> moves;  // under way, by statement: their slots
  std::vector<std::int64_t> position;
};

template <class T>
PeValues<T>::PeValues(const Program& program, const Machine& machine, const Cascade& cascade, Dtype dtype,
                      TensorStore<T> dram)
    : state_(std::make_unique<State>(program, machine, cascade, dtype, std::move(dram))) {}
template <class T>
PeValues<T>::~PeValues() = default;

template <class T>
void PeValues<T>::starts(int statement, const Scoreboard& board, std::int64_t now) {
  // Inside an instruction a tile is written some time after the accept; what PEs keep has registers of its own.
  const auto schedule = state_->schedule_of.find(statement);
  const bool by_instruction = schedule != state_->schedule_of.end();
  const std::int64_t until_written = by_instruction ? schedule->second.second->first_result : 0;
  const SlotUse slot = state_->slots.start(statement, board, now + until_written, by_instruction);
  if (state_->program.statements[static_cast<std::size_t>(statement)].kind == StatementKind::operation) {
    state_->issue(statement, board.head(statement), slot, now);
  } else {
    state_->moves[static_cast<std::size_t>(statement)].push_back(slot);
  }
}

template <class T>
void PeValues<T>::moved(int statement, std::int64_t index, std::int64_t now, std::int64_t done) {
  const Statement& what = state_->program.statements[static_cast<std::size_t>(statement)];
  state_->program.position_of(what, index, state_->position);
  const Box region = tensor_region(state_->program, state_->cascade, what, state_->position, {});
  const std::int64_t elements = State::elements_of(what, state_->program.variant_at(what, state_->position));
  std::deque<SlotUse>& slots = state_->moves[static_cast<std::size_t>(statement)];
  const SlotUse slot = slots.front();
  slots.pop_front();
  if (what.kind == StatementKind::load) {
    state_->load(what, region, elements, slot, now, done);
  } else {
    state_->put_away(what, region, elements, now);
  }
}

template <class T>
void PeValues<T>::cycle(int array, const PeGrid& pes, std::int64_t now) {
  static_cast<GridValues<T>&>(*state_->grids[static_cast<std::size_t>(array)]).cycle(pes, now);
}

template <class T>
void PeValues<T>::cycle(int array, const InstructionGrid& pes, std::int64_t now) {
  static_cast<InstructionValues<T>&>(*state_->grids[static_cast<std::size_t>(array)]).cycle(pes, now);
}

template <class T>
void PeValues<T>::row_out(const IssuedOperation& operation, std::int64_t row, std::int64_t column, std::int64_t time) {
  const Statement& what = state_->program.statements[static_cast<std::size_t>(operation.statement)];
  state_->grids[static_cast<std::size_t>(what.array)]->row_out(operation.number, row, column, time);
}

template <class T>
const TensorStore<T>& PeValues<T>::dram() const {
  return state_->dram;
}

template class PeValues<double>;
template class PeValues<float>;

}  // namespace einloom
