// SPDX-License-Identifier: Apache-2.0
// The steps of a default plan, and the Plan that a finished draft stands for.
#include "mappings/default_plan/default_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "einsum/affine.hpp"
#include "einsum/known_data.hpp"
#include "einsum/lattice.hpp"
#include "mappings/default_plan/draft.hpp"
#include "mappings/steps/lowering.hpp"

namespace einloom {
namespace planning {
namespace {

// Do affine predicates leave the Einsum a point? Where there are too many to count, yes.
bool has_points(const Cascade& cascade, int einsum, const Shape& shape) {
  const std::vector<std::int64_t> extents =
      variable_extents(cascade.einsums()[static_cast<std::size_t>(einsum)], shape);
  const std::vector<Constraint> constraints = absent_constraints(cascade, einsum, shape);
  std::vector<std::int64_t> involved;
  std::vector<Constraint> narrowed;
  for (const Constraint& constraint : constraints)
    narrowed.push_back({{{}, constraint.form.constant}, constraint.is_not_equal});
  double volume = 1;
  for (std::size_t v = 0; v < extents.size(); ++v) {
    if (std::all_of(constraints.begin(), constraints.end(),
                    [&](const Constraint& each) { return each.form.coefficients[v] == 0; })) {
      continue;
    }
    involved.push_back(extents[v]);
    volume *= static_cast<double>(extents[v]);
    for (std::size_t c = 0; c < constraints.size(); ++c) {
      narrowed[c].form.coefficients.push_back(constraints[c].form.coefficients[v]);
    }
  }
  return volume > 0x1p58 || count_lattice_points(std::move(involved), std::move(narrowed)) > 0;
}

class Writer {
 public:
  Writer(const Draft& draft, const Span& where) : draft_(draft), where_(where) {}

  Plan plan() const {
    Plan plan;
    plan.name = fmt::format("{}__{}__{}", draft_.cascade.name(), draft_.machine.name, kDefaultPlan);
    plan.description = "Derived: each Einsum in a nest of its own, results on the chip as long as they fit";
    plan.cascade = name(draft_.cascade.name());
    plan.machine = name(draft_.machine.name);
    plan.span = where_;
    for (const std::string& rank : draft_.cascade.all_ranks()) {
      if (is_tiled(variable_of_rank(rank))) {
        plan.tiles.push_back({name(level_name(draft_.cascade, rank, 0)),
                              number(std::to_string(draft_.tile.at(variable_of_rank(rank))))});
      }
    }
    const NestNode outermost = nest(0);
    if (outermost.loops.empty() && std::all_of(outermost.body.begin(), outermost.body.end(), is_nest)) {
      for (const NestItem& item : outermost.body) plan.nests.push_back(std::get<NestNode>(item));
    } else {
      plan.nests.push_back(outermost);
    }
    // Tiles without points are skipped, unless there are no others; what data will leave is not looked at here.
    bool some_absent = false, some_present = false;
    for (int e = 0; e < static_cast<int>(draft_.einsums.size()); ++e) {
      some_absent = some_absent || has_known_predicate(draft_.cascade, e) ||
                    !absent_constraints(draft_.cascade, e, draft_.shape).empty();
      some_present = some_present || has_points(draft_.cascade, e, draft_.shape);
    }
    if (some_absent && some_present) plan.empty_tiles = EmptyTiles::skip;
    plan.empty_tiles_span = where_;
    for (const DraftEinsum& one : draft_.einsums) plan.bindings.push_back(binding(one));
    for (const TensorDecl& tensor : draft_.cascade.tensors()) plan.keeps.push_back(keep(tensor));
    for (const DraftEinsum& one : draft_.einsums) {
      Phase phase;
      phase.arrays[one.array->name] = {name(one.einsum->name())};
      phase.with_dram = true;
      phase.span = where_;
      plan.phases.push_back(std::move(phase));
    }
    return plan;
  }

 private:
  static bool is_nest(const NestItem& item) { return std::holds_alternative<NestNode>(item); }
  [[nodiscard]] Name name(const std::string& text) const { return {text, where_}; }
  [[nodiscard]] ScalarExpression number(const std::string& text) const { return ScalarExpression::parse(text, where_); }

  // Cut into tiles of several elements, so that the plan has levels of it.
  [[nodiscard]] bool is_tiled(const std::string& variable) const {
    const auto found = draft_.tile.find(variable);
    return found != draft_.tile.end() && found->second > 1 && draft_.is_looped(variable);
  }
  [[nodiscard]] std::string loop(const std::string& variable) const {
    return is_tiled(variable) ? level_name(draft_.cascade, variable, 1) : variable;
  }
  [[nodiscard]] std::string inside(const std::string& variable) const {
    return is_tiled(variable) ? level_name(draft_.cascade, variable, 0) : variable;
  }

  void add_loops(const std::vector<std::string>& variables, const std::set<std::string>& whole, NestNode& nest) const {
    for (const std::string& variable : variables) {
      if (whole.count(variable) == 0 && draft_.is_looped(variable)) nest.loops.push_back(name(loop(variable)));
    }
  }

  [[nodiscard]] NestNode nest(int index) const {
    const Group& group = draft_.groups[static_cast<std::size_t>(index)];
    NestNode node;
    node.span = where_;
    add_loops(group.loops, {}, node);
    for (const auto& item : group.items) {
      if (item.index() == 1) {
        node.body.emplace_back(nest(std::get<1>(item)));
        continue;
      }
      const DraftEinsum& one = draft_.einsums[static_cast<std::size_t>(std::get<0>(item))];
      NestNode own;
      own.span = where_;
      add_loops(one.own, one.whole, own);
      own.body.emplace_back(name(one.einsum->name()));
      node.body.emplace_back(std::move(own));
    }
    if (node.body.size() != 1) return node;
    NestNode only = std::get<NestNode>(node.body.front());
    only.loops.insert(only.loops.begin(), node.loops.begin(), node.loops.end());
    return only;
  }

  [[nodiscard]] Binding binding(const DraftEinsum& one) const {
    Binding binding;
    binding.einsum = name(one.einsum->name());
    binding.array = name(one.array->name);
    binding.span = where_;
    const auto level = [&](const std::string& variable) {
      return name(one.whole.count(variable) != 0 ? variable : inside(variable));
    };
    // What is whole inside the tile and longer than its axis: a tile of it along the axis, the tiles in time.
    const auto is_split = [&](const std::string& variable, std::int64_t limit) {
      return !variable.empty() && one.whole.count(variable) != 0 && draft_.extent(variable) > limit;
    };
    const bool rows_split = is_split(one.rows, one.array->rows);
    const bool columns_split = is_split(one.columns, one.array->columns);
    if (!one.rows.empty()) binding.rows = rows_split ? name(inside(one.rows)) : level(one.rows);
    if (!one.columns.empty()) binding.columns = columns_split ? name(inside(one.columns)) : level(one.columns);
    for (const std::string& variable : one.einsum->variables()) {
      if ((rows_split && variable == one.rows) || (columns_split && variable == one.columns)) {
        binding.time.push_back(name(loop(variable)));
        continue;
      }
      const bool placed = variable == one.rows || variable == one.columns;
      const bool single = draft_.tile.at(variable) == 1 && cut_of(draft_.cascade, variable) == Cut::one_at_a_time;
      const bool walked = single || (draft_.tile.at(variable) == 1 && draft_.is_looped(variable));
      if (placed || (walked && one.whole.count(variable) == 0)) continue;
      binding.time.push_back(level(variable));
    }
    return binding;
  }

  // Tiles of one set, by the names of the loops' trip counts.
  [[nodiscard]] std::string sets_of(const Home& home) const {
    std::string text = home.copies > 1 || home.loops.empty() ? std::to_string(home.copies) : "";
    for (const std::string& variable : home.loops) {
      const std::string rank = rank_of_variable(variable);
      const std::string trips = is_tiled(variable) ? level_name(draft_.cascade, rank, 1) : rank;
      text += (text.empty() ? "" : " * ") + trips;
    }
    return text;
  }

  [[nodiscard]] Keep keep(const TensorDecl& tensor) const {
    const Home& home = draft_.homes.at(tensor.name);
    Keep keep;
    keep.tensor = name(tensor.name);
    keep.memory = name(draft_.memory->name);
    keep.span = where_;
    keep.slots = number(home.resident ? sets_of(home) : std::to_string(home.slots));
    if (!home.across.empty()) keep.across.push_back(name(loop(home.across)));
    const bool read_again = tensor.role != TensorRole::input && !draft_.readers(tensor.name).empty();
    if (!home.resident && read_again) {
      Keep reload = keep;
      reload.across.clear();
      keep.reload.push_back(std::move(reload));
    }
    return keep;
  }

  const Draft& draft_;
  const Span& where_;
};

// Does an Einsum use the inner part of a partition without the outer one?
bool used_alone(const Cascade& cascade, const PartitionDecl& partition) {
  return std::any_of(cascade.einsums().begin(), cascade.einsums().end(), [&](const Einsum& einsum) {
    const std::vector<std::string> variables = einsum.variables();
    const auto has = [&](const std::string& rank) {
      return std::find(variables.begin(), variables.end(), variable_of_rank(rank)) != variables.end();
    };
    return has(partition.inner) && !has(partition.outer);
  });
}

void find_extents(Draft& draft) {
  for (const Einsum& einsum : draft.cascade.einsums()) {
    for (const std::string& variable : einsum.variables()) {
      const std::string rank = rank_of_variable(variable);
      std::int64_t extent = draft.shape.at(rank);
      const PartitionDecl* partition = draft.cascade.partition_with(rank);
      if (partition != nullptr && partition->inner == rank && !used_alone(draft.cascade, *partition)) {
        extent = std::min(extent, draft.shape.at(partition->rank));
      }
      draft.extents[variable] = extent;
    }
  }
}

}  // namespace
}  // namespace planning

Plan default_plan(const Cascade& cascade, const Machine& machine, const Shape& workload, Dtype dtype,
                  const Span& where) {
  planning::Draft draft{cascade, machine, dtype, cascade.bind(workload, where)};
  planning::find_extents(draft);
  planning::choose_arrays(draft, where);
  planning::group_einsums(draft);
  planning::choose_tiles(draft, where);
  return planning::Writer(draft, where).plan();
}

}  // namespace einloom
