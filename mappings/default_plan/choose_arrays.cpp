// SPDX-License-Identifier: Apache-2.0
// Every Einsum gets the array that has its operations, contractions the one with most PEs; then what varies along its
// axes: along the rows what is reduced, along the columns what the result is wide in.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "mappings/default_plan/draft.hpp"
#include "mappings/steps/selection_cost.hpp"

namespace einloom::planning {
namespace {

std::vector<std::string> lacking(const PeArray& array, const std::set<std::string>& needed) {
  std::vector<std::string> missing;
  for (const std::string& op : needed) {
    if (array.operations.count(op) == 0) missing.push_back(op);
  }
  return missing;
}

void report(const Machine& machine, const Einsum& einsum, const std::set<std::string>& needed, const Span& where,
            Diagnostics& diagnostics) {
  auto& problem =
      diagnostics.error("default-plan-no-array", where,
                        fmt::format("no array of machine `{}` can run `{}`, which needs `{}`; the default plan cannot "
                                    "bind it",
                                    machine.name, einsum.name(), fmt::join(needed, "`, `")));
  problem.note("the Einsum", einsum.span);
  std::string add;
  std::size_t fewest = needed.size() + 1;
  std::int64_t pes = 0;
  for (const PeArray& array : machine.arrays) {
    const std::vector<std::string> missing = lacking(array, needed);
    if (array.controller) {
      problem.note(
          fmt::format("`{}` works by instructions; a plan has to say which one an Einsum is part of", array.name),
          array.span);
    } else {
      problem.note(fmt::format("`{}` lacks `{}`", array.name, fmt::join(missing, "`, `")), array.span);
      const bool easier = missing.size() < fewest || (missing.size() == fewest && array.pes() < pes);
      if (!easier) continue;
      fewest = missing.size();
      pes = array.pes();
      add = fmt::format("add `{}` to the operations of `{}`", fmt::join(missing, "`, `"), array.name);
    }
  }
  problem.with_help(add.empty() ? "write a plan for this machine, or take another machine" : add);
}

const PeArray* array_for(const Draft& draft, const Einsum& einsum, const std::set<std::string>& needed) {
  const bool contraction = is_contraction(draft.cascade, einsum, draft.shape);
  const PeArray* best = nullptr;
  const auto better = [&](const PeArray& a, const PeArray& b) {
    const bool a_flat = a.rows == 1, b_flat = b.rows == 1;
    if (a_flat != b_flat) return contraction ? b_flat : a_flat;
    return a.pes() > b.pes();
  };
  for (const PeArray& array : draft.machine.arrays) {
    if (array.controller || !lacking(array, needed).empty()) continue;
    if (best == nullptr || better(array, *best)) best = &array;
  }
  return best;
}

class Axes {
 public:
  Axes(const Draft& draft, DraftEinsum& einsum) : draft_(draft), einsum_(einsum) {}

  void choose() {
    const PeArray& array = *einsum_.array;
    if (array.columns > 1) {
      einsum_.columns = widest(false, array.columns);
      const std::string reduced = array.rows == 1 ? widest(true, array.columns) : "";
      if (einsum_.columns.empty() || selects_faster(reduced, einsum_.columns)) einsum_.columns = reduced;
    }
    if (array.rows > 1) {
      einsum_.rows = widest(true, array.rows);
      if (einsum_.rows.empty()) einsum_.rows = widest(false, array.rows);
    }
  }

 private:
  // The variable, reduced or of the result, that fills most of an axis; the innermost of several. "" when none has more
  // than one value there.
  std::string widest(bool reduced, std::int64_t limit) const {
    std::string best;
    std::int64_t most = 1;
    for (const std::string& variable : einsum_.einsum->variables()) {
      if (einsum_.einsum->reduces(variable) != reduced || variable == einsum_.columns) continue;
      if (variable == einsum_.einsum->selected_variable()) continue;  // counts results, which come at once
      const std::int64_t extent = draft_.extent(variable);
      const Cut cut = cut_of(draft_.cascade, variable);
      // What a selection looks at is all inside its tile: over the axis as a whole, or cut into as much as fits there.
      const bool whole = einsum_.whole.count(variable) != 0;
      const bool divided = cut == Cut::tiles && (whole || undivided(*einsum_.einsum).count(variable) == 0);
      if ((cut == Cut::one_at_a_time && !whole) || (!divided && extent > limit)) continue;
      const std::int64_t filled = std::min(extent, limit);
      if (filled < most || filled == 1) continue;
      most = filled;
      best = variable;
    }
    return best;
  }

  // Is a selection of few rows done sooner with what it looks at over the columns, a row after the other, than with the
  // rows over the columns? Cycles for one comparison each, and k - 1 for a list to leave (sim/README.md).
  bool selects_faster(const std::string& selected, const std::string& rows) const {
    if (einsum_.einsum->selection().empty() || selected.empty()) return false;
    const std::string& counted = einsum_.einsum->selected_variable();
    const std::int64_t results = counted.empty() ? 1 : draft_.extent(counted);
    const auto cycles = [&](std::int64_t values) {
      const double searches =
          static_cast<double>(values) * static_cast<double>(comparisons_in_list(std::min(results, values)));
      return searches + static_cast<double>(results - 1);
    };
    const auto on_axis = [&](const std::string& variable) {
      return (draft_.extent(variable) - 1) / einsum_.array->columns + 1;
    };
    return static_cast<double>(draft_.extent(rows)) * cycles(on_axis(selected)) <
           static_cast<double>(on_axis(rows)) * cycles(draft_.extent(selected));
  }

  const Draft& draft_;
  DraftEinsum& einsum_;
};

}  // namespace

void choose_arrays(Draft& draft, const Span& where) {
  Diagnostics diagnostics;
  for (const Einsum& einsum : draft.cascade.einsums()) {
    const std::set<std::string> needed = operations(einsum);
    DraftEinsum one;
    one.einsum = &einsum;
    one.array = array_for(draft, einsum, needed);
    one.operands = operands(draft.cascade, einsum, draft.shape);
    one.result = result(draft.cascade, einsum, draft.shape);
    for (const std::string& variable : undivided(einsum)) {
      if (!einsum.selection().empty() && !is_iterative(draft.cascade, variable)) one.whole.insert(variable);
    }
    if (one.array == nullptr) {
      report(draft.machine, einsum, needed, where, diagnostics);
    } else {
      Axes(draft, one).choose();
    }
    draft.einsums.push_back(std::move(one));
  }
  diagnostics.throw_if_any();
}

}  // namespace einloom::planning
