// SPDX-License-Identifier: Apache-2.0
#include "mappings/steps/data_predicates.hpp"

#include <algorithm>
#include <limits>

#include "einsum/lattice.hpp"
#include "einsum/operands.hpp"

namespace einloom {
namespace {

std::int64_t& coefficient(Constraint& constraint, std::size_t v) { return constraint.form.coefficients[v]; }

bool counts_points(const std::vector<Constraint>& constraints, const std::vector<std::size_t>& variables,
                   const Box& box) {
  std::vector<std::int64_t> extents;
  for (std::size_t v : variables) extents.push_back(box[v].end - box[v].begin);
  std::vector<Constraint> moved;
  for (const Constraint& constraint : constraints) {
    Constraint each{{{}, constraint.form.constant}, constraint.is_not_equal};
    for (std::size_t v : variables) {
      each.form.coefficients.push_back(constraint.form.coefficients[v]);
      each.form.constant += constraint.form.coefficients[v] * box[v].begin;
    }
    moved.push_back(std::move(each));
  }
  return count_lattice_points(std::move(extents), std::move(moved)) > 0;
}

// Do two lists of variables have none in common?
bool are_apart(const std::vector<std::size_t>& a, const std::vector<std::size_t>& b) {
  return std::none_of(a.begin(), a.end(), [&](std::size_t v) { return std::find(b.begin(), b.end(), v) != b.end(); });
}

}  // namespace

ValueBounds bounds_in(const Constraint& constraint, const std::vector<std::size_t>& variables, const Box& box) {
  ValueBounds bounds{constraint.form.constant, constraint.form.constant};
  for (std::size_t v : variables) {
    const std::int64_t factor = constraint.form.coefficients[v];
    bounds.low += factor * (factor > 0 ? box[v].begin : box[v].end - 1);
    bounds.high += factor * (factor > 0 ? box[v].end - 1 : box[v].begin);
  }
  return bounds;
}

bool has_affine_point(const std::vector<Constraint>& constraints, const std::vector<std::size_t>& variables,
                      const Box& box) {
  int cutting = 0;  // constraints that some point of the box meets and another one does not
  for (const Constraint& constraint : constraints) {
    const auto [low, high] = bounds_in(constraint, variables, box);
    if (constraint.is_not_equal) {
      if (low == 0 && high == 0) return false;
      cutting += low <= 0 && high >= 0 ? 2 : 0;  // what it leaves has no corner to look at
    } else {
      if (low > 0) return false;
      cutting += high > 0 ? 1 : 0;
    }
  }
  // One alone: its best corner meets all the others as well.
  return cutting <= 1 || counts_points(constraints, variables, box);
}

DataPredicates::DataPredicates(const Cascade& cascade, int einsum, const Shape& shape, const KnownData& known)
    : compiled_(kernel::compile<double>(cascade, einsum, shape, Precision{})) {
  const Einsum& one = cascade.einsums()[static_cast<std::size_t>(einsum)];
  const std::vector<std::string> names = one.variables();
  const std::vector<std::int64_t> extents = variable_extents(one, shape);
  for (const kernel::CompiledAccess& access : compiled_.accesses) {
    Read read;
    for (std::size_t v = 0; v < names.size(); ++v) {
      if (access.uses[v]) read.variables.push_back(v);
      if (access.strides[v] != 0) read.direct.push_back(v);
    }
    reads_.push_back(std::move(read));
  }
  std::size_t at = 0;  // in compiled_.data_constraints, which follow the domain
  for (const Comparison& comparison : cascade.domain(einsum)) {
    if (comparison.is_affine()) continue;
    const std::size_t parts = resolve(comparison, names, shape).size();
    for (std::size_t i = 0; i < parts && known.knows(comparison); ++i) {
      keep(comparison, known, compiled_.data_constraints[at + i]);
    }
    at += parts;
  }
  Box all;
  std::vector<std::size_t> every;
  for (std::size_t v = 0; v < extents.size(); ++v) {
    all.push_back({0, extents[v]});
    every.push_back(v);
  }
  for (const Constraint& constraint : domain_constraints(cascade, einsum, shape)) {
    if (constraint.is_not_equal || bounds_in(constraint, every, all).high > 0) affine_.push_back(constraint);
  }
  for (std::size_t v = 0; v < names.size(); ++v) {
    bool takes_part = std::any_of(affine_.begin(), affine_.end(),
                                  [&](Constraint& constraint) { return coefficient(constraint, v) != 0; });
    for (const kernel::DataConstraint& constraint : data_) {
      takes_part = takes_part || constraint.form.coefficients[v] != 0;
      for (const kernel::Gather& gather : constraint.gathers) {
        takes_part = takes_part || compiled_.accesses[static_cast<std::size_t>(gather.access)].uses[v];
      }
    }
    if (takes_part) variables_.push_back(v);
  }
  point_.assign(names.size(), 0);
  find_runs(extents);
}

// Adds what the constraint needs, unless it always holds.
void DataPredicates::keep(const Comparison& comparison, const KnownData& known,
                          const kernel::DataConstraint& constraint) {
  ValueBounds bounds{constraint.form.constant, constraint.form.constant};
  for (std::size_t v = 0; v < constraint.form.coefficients.size(); ++v) {
    const std::int64_t reach = constraint.form.coefficients[v] * (compiled_.extents[v] - 1);
    bounds.low += std::min<std::int64_t>(0, reach);
    bounds.high += std::max<std::int64_t>(0, reach);
  }
  for (const kernel::Gather& gather : constraint.gathers) {
    const KnownData::Limits limits = known.limits(compiled_.accesses[static_cast<std::size_t>(gather.access)].tensor);
    bounds.low += std::min(gather.stride * limits.low, gather.stride * limits.high);
    bounds.high += std::max(gather.stride * limits.low, gather.stride * limits.high);
  }
  if (constraint.is_not_equal ? bounds.low > 0 || bounds.high < 0 : bounds.high <= 0) return;
  data_.push_back(constraint);
  const auto look_up = [&](int access, const auto& self) -> void {
    const kernel::CompiledAccess& compiled = compiled_.accesses[static_cast<std::size_t>(access)];
    reads_[static_cast<std::size_t>(access)].data = known.tensor(compiled.tensor).data();
    for (const kernel::Gather& inner : compiled.gathers) self(inner.access, self);
  };
  for (const kernel::Gather& gather : constraint.gathers) look_up(gather.access, look_up);
  const std::vector<std::string> deciding = known.deciding(comparison);
  for (const std::string& tensor : deciding) are_drawn_ = are_drawn_ || known.is_drawn(tensor);
  deciding_.insert(deciding.begin(), deciding.end());
}

bool DataPredicates::depends_on(std::size_t first) const {
  return std::any_of(data_.begin(), data_.end(), [&](const kernel::DataConstraint& constraint) {
    for (std::size_t v = first; v < constraint.form.coefficients.size(); ++v) {
      if (constraint.form.coefficients[v] != 0) return true;
      for (const kernel::Gather& gather : constraint.gathers) {
        if (compiled_.accesses[static_cast<std::size_t>(gather.access)].uses[v]) return true;
      }
    }
    return false;
  });
}

// A variable that data depends on through index tensors of it alone (`BM[h,PB[p],m1]`) changes nothing as long as
// their elements stay.
void DataPredicates::find_runs(const std::vector<std::int64_t>& extents) {
  runs_.resize(extents.size());
  for (std::size_t v : variables_) {
    std::vector<int> own;
    bool alone = extents[v] <= std::numeric_limits<std::int32_t>::max();
    for (std::size_t r = 0; r < reads_.size(); ++r) {
      const Read& read = reads_[r];
      if (read.data == nullptr || std::find(read.direct.begin(), read.direct.end(), v) == read.direct.end()) continue;
      alone = alone && read.variables.size() == 1 && compiled_.accesses[r].gathers.empty();
      own.push_back(static_cast<int>(r));
    }
    if (!alone) continue;
    std::vector<std::int32_t>& ends = runs_[v];
    ends.assign(static_cast<std::size_t>(extents[v]), static_cast<std::int32_t>(extents[v]));
    std::vector<std::int64_t> later, here(own.size());
    for (std::int64_t i = extents[v]; i-- > 0;) {
      point_[v] = i;
      for (std::size_t r = 0; r < own.size(); ++r) here[r] = element(own[r]);
      const auto place = static_cast<std::size_t>(i);
      if (place + 1 < ends.size()) ends[place] = here == later ? ends[place + 1] : static_cast<std::int32_t>(i + 1);
      later = here;
    }
    point_[v] = 0;
  }
}

std::int64_t DataPredicates::next(std::size_t variable, std::int64_t index) const {
  return runs_[variable].empty() ? index + 1 : runs_[variable][static_cast<std::size_t>(index)];
}

std::int64_t DataPredicates::place_of(int index) const {
  const kernel::CompiledAccess& access = compiled_.accesses[static_cast<std::size_t>(index)];
  std::int64_t place = access.base;
  for (std::size_t v : reads_[static_cast<std::size_t>(index)].direct) place += access.strides[v] * point_[v];
  for (const kernel::Gather& inner : access.gathers) place += inner.stride * element(inner.access);
  return place;
}

std::int64_t DataPredicates::element_at(int index, std::int64_t place) const {
  const std::int64_t size = compiled_.accesses[static_cast<std::size_t>(index)].tensor_size;
  if (place < 0 || place >= size) return 0;
  return static_cast<std::int64_t>(reads_[static_cast<std::size_t>(index)].data[place]);
}

// Calls `visit` with the element at one point of each run; stops when it returns false.
template <class Visit>
void DataPredicates::each_element(int index, const Box& box, const Visit& visit) {
  const std::vector<std::size_t>& variables = reads_[static_cast<std::size_t>(index)].variables;
  const kernel::CompiledAccess& access = compiled_.accesses[static_cast<std::size_t>(index)];
  for (std::size_t v : variables) point_[v] = box[v].begin;
  if (variables.empty()) {
    visit(element(index));
    return;
  }
  const std::size_t last = variables.back();
  const bool steps = runs_[last].empty() &&
                     std::none_of(access.gathers.begin(), access.gathers.end(), [&](const kernel::Gather& inner) {
                       return compiled_.accesses[static_cast<std::size_t>(inner.access)].uses[last];
                     });
  while (true) {
    if (steps) {
      std::int64_t place = place_of(index);
      for (std::int64_t i = box[last].begin; i < box[last].end; ++i, place += access.strides[last]) {
        if (!visit(element_at(index, place))) return;
      }
    } else {
      for (std::int64_t i = box[last].begin; i < box[last].end; i = next(last, i)) {
        point_[last] = i;
        if (!visit(element(index))) return;
      }
      point_[last] = box[last].begin;
    }
    std::size_t i = variables.size() - 1;
    while (i > 0) {
      const std::size_t v = variables[i - 1];
      point_[v] = next(v, point_[v]);
      if (point_[v] < box[v].end) break;
      point_[v] = box[v].begin;
      --i;
    }
    if (i == 0) return;
  }
}

DataPredicates::Met DataPredicates::look(const kernel::DataConstraint& constraint, const Box& box, bool& is_attained) {
  std::vector<std::size_t> moving;  // variables of parts that change in the box
  is_attained = true;
  const auto add = [&](const std::vector<std::size_t>& variables) {
    is_attained = is_attained && are_apart(variables, moving);
    moving.insert(moving.end(), variables.begin(), variables.end());
  };
  const ValueBounds form = bounds_in({constraint.form, false}, variables_, box);
  std::vector<std::size_t> affine;
  for (std::size_t v : variables_) {
    if (constraint.form.coefficients[v] != 0 && box[v].end - box[v].begin > 1) affine.push_back(v);
  }
  add(affine);
  ValueBounds bounds = form;
  const bool single = constraint.gathers.size() == 1;
  bool differs = false;
  for (const kernel::Gather& gather : constraint.gathers) {
    ValueBounds part{std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()};
    each_element(gather.access, box, [&](std::int64_t value) {
      part.low = std::min(part.low, gather.stride * value);
      part.high = std::max(part.high, gather.stride * value);
      // With one index tensor more elements would tell no more.
      differs = single && constraint.is_not_equal && part.low != part.high;
      return !differs && (!single || form.low + part.low > 0 || form.high + part.high <= 0 || constraint.is_not_equal);
    });
    bounds.low += part.low;
    bounds.high += part.high;
    if (part.low != part.high) {
      std::vector<std::size_t> variables;
      for (std::size_t v : reads_[static_cast<std::size_t>(gather.access)].variables) {
        if (box[v].end - box[v].begin > 1) variables.push_back(v);
      }
      add(variables);
    }
  }
  if (constraint.is_not_equal) {
    if (differs) return Met::sometimes;
    if (bounds.low == 0 && bounds.high == 0) return Met::never;
    return bounds.low > 0 || bounds.high < 0 ? Met::always : Met::sometimes;
  }
  if (bounds.low > 0) return Met::never;
  return bounds.high <= 0 ? Met::always : Met::sometimes;
}

bool DataPredicates::has_point(const Box& box) {
  cutting_.clear();
  by_data_.clear();
  for (const Constraint& constraint : affine_) {
    const auto [low, high] = bounds_in(constraint, variables_, box);
    if (constraint.is_not_equal ? low == 0 && high == 0 : low > 0) return false;
    if (constraint.is_not_equal ? low <= 0 && high >= 0 : high > 0) cutting_.push_back(constraint);
  }
  bool all_attained = true;
  for (const kernel::DataConstraint& constraint : data_) {
    bool is_attained = true;
    const Met met = look(constraint, box, is_attained);
    if (met == Met::never) return false;
    if (met == Met::always) continue;
    all_attained = all_attained && is_attained;
    by_data_.push_back(&constraint);
  }
  if (by_data_.empty()) return has_affine_point(cutting_, variables_, box);
  if (cutting_.empty() && by_data_.size() == 1 && all_attained) return true;
  searched_.clear();
  for (std::size_t v : variables_) {
    for (const kernel::DataConstraint* constraint : by_data_) {
      const bool seen =
          std::any_of(constraint->gathers.begin(), constraint->gathers.end(), [&](const kernel::Gather& gather) {
            return compiled_.accesses[static_cast<std::size_t>(gather.access)].uses[v];
          });
      if (!seen) continue;
      searched_.push_back(v);
      break;
    }
  }
  for (const kernel::DataConstraint* constraint : by_data_) {
    cutting_.push_back({constraint->form, constraint->is_not_equal});
  }
  Box inside = box;
  return search(0, inside);
}

// Goes through the runs of the searched variables from `depth` on. Inside one run of each, data is a constant.
bool DataPredicates::search(std::size_t depth, Box& box) {
  if (depth == searched_.size()) return found_here(box);
  const std::size_t v = searched_[depth];
  const Range range = box[v];
  const std::size_t affine = cutting_.size() - by_data_.size();
  bool found = false;
  for (std::int64_t i = range.begin; i < range.end && !found;) {
    const std::int64_t end = std::min(range.end, next(v, i));
    point_[v] = i;
    box[v] = {i, end};
    i = end;
    const bool possible =
        std::all_of(cutting_.begin(), cutting_.begin() + static_cast<std::ptrdiff_t>(affine), [&](Constraint& each) {
          return coefficient(each, v) == 0 || each.is_not_equal || bounds_in(each, variables_, box).low <= 0;
        });
    found = possible && search(depth + 1, box);
  }
  box[v] = range;
  return found;
}

bool DataPredicates::found_here(const Box& box) {
  const std::size_t affine = cutting_.size() - by_data_.size();
  for (std::size_t d = 0; d < by_data_.size(); ++d) {
    Constraint& at_point = cutting_[affine + d];
    at_point.form.constant = by_data_[d]->form.constant;
    for (const kernel::Gather& gather : by_data_[d]->gathers) {
      at_point.form.constant += gather.stride * element(gather.access);
    }
    const ValueBounds bounds = bounds_in(at_point, variables_, box);
    if (at_point.is_not_equal ? bounds.low == 0 && bounds.high == 0 : bounds.low > 0) return false;
  }
  return has_affine_point(cutting_, variables_, box);
}

}  // namespace einloom
