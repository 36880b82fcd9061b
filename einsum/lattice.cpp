// SPDX-License-Identifier: Apache-2.0
// Counting lattice points: independent groups of variables multiply, outer*N + inner pairs join into one variable,
// and the last two variables are summed piece by piece as arithmetic series.
#include "einsum/lattice.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>

#include "base/diagnostic.hpp"

namespace einloom {
namespace {

__extension__ using Wide = __int128;

std::int64_t narrow(Wide value) {
  ensure(value >= 0 && value <= std::numeric_limits<std::int64_t>::max(), "a point count exceeds 64 bits");
  return static_cast<std::int64_t>(value);
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) {  // b > 0
  const std::int64_t q = a / b;
  return a % b != 0 && a < 0 ? q - 1 : q;
}
std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return -floor_div(-a, b); }

struct Problem {
  std::vector<std::int64_t> extents;
  std::vector<Constraint> constraints;
};

// The range of variable v that a constraint c·x + k <= 0 allows when the rest of the form is `rest`.
void clip(std::int64_t coefficient, std::int64_t rest, std::int64_t& low, std::int64_t& high) {
  if (coefficient > 0) {
    high = std::min(high, floor_div(-rest, coefficient) + 1);
  } else if (coefficient < 0) {
    low = std::max(low, ceil_div(rest, -coefficient));
  } else if (rest > 0) {
    high = low;
  }
}

// outer (coefficient c·N) and inner (coefficient c, extent N) always appear together: one variable of extent outer·N.
bool join_pair(Problem& problem) {
  const std::size_t n = problem.extents.size();
  for (std::size_t outer = 0; outer < n; ++outer) {
    for (std::size_t inner = 0; inner < n; ++inner) {
      if (outer == inner) continue;
      const std::int64_t factor = problem.extents[inner];
      const bool together =
          std::all_of(problem.constraints.begin(), problem.constraints.end(), [&](const Constraint& constraint) {
            return constraint.form.coefficients[outer] == factor * constraint.form.coefficients[inner];
          });
      if (!together) continue;
      problem.extents[inner] = narrow(static_cast<Wide>(factor) * problem.extents[outer]);
      problem.extents.erase(problem.extents.begin() + static_cast<std::ptrdiff_t>(outer));
      for (auto& constraint : problem.constraints) {
        auto& coefficients = constraint.form.coefficients;
        coefficients.erase(coefficients.begin() + static_cast<std::ptrdiff_t>(outer));
      }
      return true;
    }
  }
  return false;
}

Wide count(Problem problem);

// x runs over [0, extent of x); y's range is between integer lines in x. Needs unit coefficients of y.
Wide count_between_lines(const Problem& problem, std::size_t x, std::size_t y) {
  struct Line {
    std::int64_t slope, offset;
    [[nodiscard]] std::int64_t at(std::int64_t value) const { return slope * value + offset; }
  };
  std::int64_t first = 0, last = problem.extents[x];  // of x
  std::vector<Line> lower{{0, 0}}, upper{{0, problem.extents[y] - 1}};
  for (const auto& constraint : problem.constraints) {
    const std::int64_t cx = constraint.form.coefficients[x], cy = constraint.form.coefficients[y];
    if (cy == 0) {
      clip(cx, constraint.form.constant, first, last);
    } else if (cy > 0) {
      upper.push_back({-cx, -constraint.form.constant});
    } else {
      lower.push_back({cx, constraint.form.constant});
    }
  }
  if (first >= last) return 0;
  // Between neighbouring crossings the same pair of lines bounds y.
  std::vector<std::int64_t> cuts{first, last};
  std::vector<Line> all = lower;
  for (const auto& line : upper) all.push_back({line.slope, line.offset + 1});
  all.insert(all.end(), upper.begin(), upper.end());
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = i + 1; j < all.size(); ++j) {
      std::int64_t slope = all[i].slope - all[j].slope, offset = all[j].offset - all[i].offset;
      if (slope == 0) continue;
      if (slope < 0) {
        slope = -slope;
        offset = -offset;
      }
      for (const std::int64_t cut : {floor_div(offset, slope), floor_div(offset, slope) + 1}) {
        if (cut > first && cut < last) cuts.push_back(cut);
      }
    }
  }
  std::sort(cuts.begin(), cuts.end());
  Wide total = 0;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    const std::int64_t begin = cuts[i], end = cuts[i + 1];
    if (begin >= end) continue;
    const auto height = [&](std::int64_t at) {
      std::int64_t low = std::numeric_limits<std::int64_t>::min(), high = std::numeric_limits<std::int64_t>::max();
      for (const auto& line : lower) low = std::max(low, line.at(at));
      for (const auto& line : upper) high = std::min(high, line.at(at));
      return std::max<std::int64_t>(0, high - low + 1);
    };
    total += static_cast<Wide>(height(begin) + height(end - 1)) * (end - begin) / 2;
  }
  return total;
}

Wide count_one(const Problem& problem) {
  std::int64_t low = 0, high = problem.extents[0];
  for (const auto& constraint : problem.constraints) {
    clip(constraint.form.coefficients[0], constraint.form.constant, low, high);
  }
  return std::max<std::int64_t>(0, high - low);
}

// Fixes variable v at every value in turn.
Wide count_by_loop(const Problem& problem, std::size_t v) {
  Wide total = 0;
  for (std::int64_t value = 0; value < problem.extents[v]; ++value) {
    Problem rest = problem;
    rest.extents.erase(rest.extents.begin() + static_cast<std::ptrdiff_t>(v));
    for (auto& constraint : rest.constraints) {
      auto& coefficients = constraint.form.coefficients;
      constraint.form.constant += coefficients[v] * value;
      coefficients.erase(coefficients.begin() + static_cast<std::ptrdiff_t>(v));
    }
    total += count(std::move(rest));
  }
  return total;
}

bool unit_coefficients(const Problem& problem, std::size_t v) {
  return std::all_of(problem.constraints.begin(), problem.constraints.end(),
                     [&](const Constraint& constraint) { return std::abs(constraint.form.coefficients[v]) <= 1; });
}

// One connected group of variables, inequalities only.
Wide count_connected(Problem problem) {
  while (join_pair(problem)) {
  }
  const std::size_t n = problem.extents.size();
  if (n == 1) return count_one(problem);
  if (n == 2) {
    if (unit_coefficients(problem, 1)) return count_between_lines(problem, 0, 1);
    if (unit_coefficients(problem, 0)) return count_between_lines(problem, 1, 0);
  }
  const auto smallest = std::min_element(problem.extents.begin(), problem.extents.end()) - problem.extents.begin();
  return count_by_loop(problem, static_cast<std::size_t>(smallest));
}

// Variables linked by constraints; index of the group per variable.
std::vector<std::size_t> groups_of(const Problem& problem) {
  std::vector<std::size_t> group(problem.extents.size());
  std::iota(group.begin(), group.end(), 0u);
  for (const auto& constraint : problem.constraints) {
    std::optional<std::size_t> first;
    for (std::size_t v = 0; v < group.size(); ++v) {
      if (constraint.form.coefficients[v] == 0) continue;
      if (!first) first = v;
      const std::size_t from = group[v], to = group[*first];
      std::replace(group.begin(), group.end(), from, to);
    }
  }
  return group;
}

Wide count(Problem problem) {
  for (std::size_t i = 0; i < problem.constraints.size(); ++i) {
    if (!problem.constraints[i].is_not_equal) continue;
    // All points less those on the excluded hyperplane.
    Constraint below = problem.constraints[i];
    problem.constraints.erase(problem.constraints.begin() + static_cast<std::ptrdiff_t>(i));
    below.is_not_equal = false;
    Constraint above = below;
    for (auto& coefficient : above.form.coefficients) coefficient = -coefficient;
    above.form.constant = -above.form.constant;
    Problem on = problem;
    on.constraints.push_back(std::move(below));
    on.constraints.push_back(std::move(above));
    return count(std::move(problem)) - count(std::move(on));
  }
  const auto group = groups_of(problem);
  Wide product = 1;
  for (const auto& constraint : problem.constraints) {
    const auto& coefficients = constraint.form.coefficients;
    const bool constant = std::all_of(coefficients.begin(), coefficients.end(), [](auto c) { return c == 0; });
    if (constant && constraint.form.constant > 0) return 0;
  }
  for (std::size_t id = 0; id < group.size(); ++id) {
    Problem part;
    std::vector<std::size_t> members;
    for (std::size_t v = 0; v < group.size(); ++v) {
      if (group[v] == id) members.push_back(v);
    }
    if (members.empty()) continue;
    for (const std::size_t v : members) part.extents.push_back(problem.extents[v]);
    for (const auto& constraint : problem.constraints) {
      Constraint own{{{}, constraint.form.constant}, false};
      bool touches = false;
      for (const std::size_t v : members) {
        own.form.coefficients.push_back(constraint.form.coefficients[v]);
        touches = touches || constraint.form.coefficients[v] != 0;
      }
      if (touches) part.constraints.push_back(std::move(own));
    }
    if (part.constraints.empty()) {
      product *= part.extents[0];
    } else {
      product *= count_connected(std::move(part));
    }
    if (product == 0) return 0;
    ensure(product <= std::numeric_limits<std::int64_t>::max(), "a point count exceeds 64 bits");
  }
  return product;
}

}  // namespace

std::int64_t count_lattice_points(std::vector<std::int64_t> extents, std::vector<Constraint> constraints) {
  return narrow(count({std::move(extents), std::move(constraints)}));
}

}  // namespace einloom
