// SPDX-License-Identifier: Apache-2.0
#include "sim/pe_level/value_plan.hpp"

#include <map>

#include "base/diagnostic.hpp"

namespace einloom {

Walk walk_of(const kernel::CompiledAccess& access, const SpaceTime& map) {
  Walk walk;
  const std::size_t dimensions = map.extents.size();
  if (map.row.dimension >= 0) walk.per_row = access.strides[static_cast<std::size_t>(map.row.dimension)] * map.row.unit;
  if (map.column.dimension >= 0) {
    walk.per_column = access.strides[static_cast<std::size_t>(map.column.dimension)] * map.column.unit;
  }
  for (std::int64_t step = 0; step < map.steps; ++step) {
    std::int64_t offset = 0;
    for (std::size_t d = 0; d < dimensions; ++d) {
      offset += map.step_index[static_cast<std::size_t>(step) * dimensions + d] * access.strides[d];
    }
    walk.in_step.push_back(offset);
  }
  return walk;
}

namespace {

template <class T>
OperandPlan<T> operand_plan(const Geometry& geometry, const Statement& statement,
                            const kernel::CompiledAccess& compiled, ElementStore<T>& store) {
  const Access& access = *compiled.source;
  OperandPlan<T> plan;
  plan.elements = &store.of(access.tensor);
  plan.tensor = &compiled.tensor;
  plan.gathers = &compiled.gathers;
  const bool rows = geometry.varies(statement, access, Place::Axis::rows);
  const bool columns = geometry.varies(statement, access, Place::Axis::columns);
  plan.entry = rows && columns ? Entry::preloaded
               : rows          ? Entry::from_left
               : columns       ? Entry::from_top
                               : Entry::from_corner;
  plan.loaded = geometry.is_loaded(statement, access);
  if (plan.loaded) return plan;
  plan.refilled = geometry.is_refilled(statement, access);
  const Statement* producer = geometry.producer_of(access.tensor);
  ensure(producer != nullptr, "an operand is loaded or computed");
  if (!statement.instruction.empty() && producer->array == statement.array) return plan;  // the schedule says when
  if (geometry.stays(*producer, statement, access)) {
    plan.entry = Entry::held;
  } else {
    plan.way_cycles = geometry.way(*producer, statement, access);
  }
  return plan;
}

// Steps that work on the same result share a target: those with the same first `variables` indices. Only steps that
// count do; the last one of each then counts for the level around.
template <class T>
ReductionLevel level_of(const ValuePlan<T>& plan, int variables, std::vector<char>& counts) {
  const auto steps = static_cast<std::size_t>(plan.map.steps), dimensions = plan.map.extents.size();
  ReductionLevel level;
  level.is_first.assign(steps, 0);
  level.is_last.assign(steps, 0);
  std::map<std::vector<std::int64_t>, std::int32_t> known;
  std::vector<std::size_t> last;
  for (std::size_t step = 0; step < steps; ++step) {
    const auto* index = plan.map.step_index.data() + step * dimensions;
    const auto [found, fresh] =
        known.emplace(std::vector(index, index + variables), static_cast<std::int32_t>(known.size()));
    level.target.push_back(found->second);
    if (fresh) last.push_back(steps);
    if (counts[step] == 0) continue;
    auto& latest = last[static_cast<std::size_t>(found->second)];
    level.is_first[step] = latest == steps ? 1 : 0;
    latest = step;
  }
  for (const std::size_t step : last) level.is_last[step] = 1;
  level.targets = static_cast<std::int32_t>(last.size());
  counts = level.is_last;
  return level;
}

template <class T>
void find_levels(ValuePlan<T>& plan) {
  std::vector<char> counts(static_cast<std::size_t>(plan.map.steps), 1);
  plan.levels.resize(plan.kernel->groups.size());
  for (std::size_t g = plan.levels.size(); g-- > 0;) {
    plan.levels[g] = level_of(plan, plan.kernel->groups[g].first, counts);
  }
  if (!plan.selects()) return;
  plan.selection = level_of(plan, plan.kernel->outputs, counts);  // nothing advances its counter
  const int counter = plan.kernel->selection->counter;
  if (counter >= 0) plan.per_rank = plan.kernel->output.strides[static_cast<std::size_t>(counter)];
}

// Which level reduces what varies along an axis.
template <class T>
ReductionLevel& level_along(ValuePlan<T>& plan, const AxisPlace& place) {
  for (std::size_t g = 0; g < plan.levels.size(); ++g) {
    if (place.dimension < plan.kernel->groups[g].last) return plan.levels[g];
  }
  throw InternalError("what is reduced along an axis is reduced in one of the Einsum's reductions");
}

}  // namespace

template <class T>
ValuePlan<T> value_plan(const Program& program, const Geometry& geometry, const Statement& statement, unsigned variant,
                        const kernel::Compiled<T>& kernel, ElementStore<T>& store, const ScheduledEinsum* schedule) {
  ValuePlan<T> plan;
  plan.map = space_time_of(statement, geometry.array(statement), variant);
  plan.kernel = &kernel;
  for (const kernel::CompiledAccess& access : kernel.accesses) {
    plan.operands.push_back(operand_plan(geometry, statement, access, store));
    plan.operands.back().walk = walk_of(access, plan.map);
    plan.operands.back().steers = true;
  }
  for (const kernel::Register& each : kernel.registers) {
    if (each.source == kernel::Source::access) plan.operands[static_cast<std::size_t>(each.from)].steers = false;
  }
  for (const kernel::Alternatives& alternatives : kernel.alternatives) {
    for (const kernel::Alternatives::Choice& choice : alternatives.choices) {
      if (choice.access == kernel::kNone) continue;
      OperandPlan<T>& operand = plan.operands[static_cast<std::size_t>(choice.access)];
      operand.steers = false;
      operand.choice = &choice;
    }
  }
  plan.results = &store.of(program.tensors[static_cast<std::size_t>(statement.tensor)]);
  plan.result = walk_of(kernel.output, plan.map);
  find_levels(plan);
  plan.schedule = schedule;
  // In an array with a controller also a sum over a single row goes to the units at the edge.
  plan.moves_rows = schedule == nullptr ? geometry.reduces(statement, Place::Axis::rows)
                                        : geometry.is_reduced(statement, Place::Axis::rows);
  plan.moves_columns = schedule == nullptr ? geometry.reduces(statement, Place::Axis::columns)
                                           : geometry.is_reduced(statement, Place::Axis::columns);
  if (plan.moves_rows && !plan.selects()) level_along(plan, plan.map.row).rows = true;
  if (plan.moves_columns && !plan.selects()) level_along(plan, plan.map.column).columns = true;
  plan.unloads = schedule == nullptr ? geometry.unloads(statement) : schedule->leaves;
  plan.sums_go_up = schedule != nullptr && schedule->sums_go_up;
  return plan;
}

template ValuePlan<double> value_plan(const Program&, const Geometry&, const Statement&, unsigned,
                                      const kernel::Compiled<double>&, ElementStore<double>&, const ScheduledEinsum*);
template ValuePlan<float> value_plan(const Program&, const Geometry&, const Statement&, unsigned,
                                     const kernel::Compiled<float>&, ElementStore<float>&, const ScheduledEinsum*);

}  // namespace einloom
