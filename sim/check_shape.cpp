// SPDX-License-Identifier: Apache-2.0
#include "sim/check_shape.hpp"

#include <algorithm>
#include <vector>

#include "base/diagnostic.hpp"
#include "einsum/counts.hpp"
#include "einsum/value_memory.hpp"
#include "mappings/lower.hpp"

namespace einloom {

namespace {

double operations(const Cascade& cascade, const Shape& shape) {
  double total = 0;
  for (const auto& [op, count] : count_operations(cascade, shape)) total += static_cast<double>(count);
  return total;
}

// Pairs of positions where ranks count the same ones (M: P), over all their axes: a kernel may look at each.
double pairs(const Cascade& cascade, const Shape& shape) {
  double product = 1;
  for (const DerivedRank& derived : cascade.derived_ranks()) {
    if (derived.formula.kind != ExpressionKind::symbol || !shape.find(derived.formula.name)) continue;
    product *= static_cast<double>(shape.at(derived.rank)) * static_cast<double>(shape.at(derived.formula.name));
  }
  return product;
}

bool has_loop(const NestNode& nest, const std::string& variable) {
  if (std::any_of(nest.loops.begin(), nest.loops.end(), [&](const Name& loop) { return loop.text == variable; })) {
    return true;
  }
  return std::any_of(nest.body.begin(), nest.body.end(), [&](const NestItem& item) {
    const NestNode* inner = std::get_if<NestNode>(&item);
    return inner != nullptr && has_loop(*inner, variable);
  });
}

// Elements of one tile that a statement moves.
double moved_elements(const Statement& statement) {
  double elements = 1;
  for (const RankRegion& rank : statement.region) {
    double range = 1;
    for (const RankRegion::Term& term : rank.terms) {
      const double length = static_cast<double>(statement.box[static_cast<std::size_t>(term.box)].full);
      range += static_cast<double>(std::abs(term.factor)) * (length - 1);
    }
    const double extent = static_cast<double>(rank.extent);
    elements *= rank.whole ? extent : std::min(range, extent);
  }
  return elements;
}

class Clip {
 public:
  Clip(const Cascade& cascade, const Machine& machine, const Plan& plan, const CheckOptions& options, const Span& where)
      : cascade_(cascade), machine_(machine), plan_(plan), options_(options), where_(where) {}

  Shape run(const Shape& workload, Cut cut, const std::set<std::string>& kept) {
    given_ = workload;
    std::vector<std::string> tiled, others;
    for (const RankDecl& rank : cascade_.ranks()) {
      if (cascade_.is_derived(rank.name) || !given_.find(rank.name) || kept.contains(rank.name)) continue;
      const bool repeated = std::any_of(plan_.nests.begin(), plan_.nests.end(), [&](const NestNode& nest) {
        return has_loop(nest, variable_of_rank(rank.name));
      });
      if (repeated && !is_carried(rank.name)) {
        if (!excessive() || set(rank.name, 1)) continue;
      }
      (repeated || is_tiled(rank.name) ? tiled : others).push_back(rank.name);
    }
    if (cut == Cut::together) {
      tiled.insert(tiled.end(), others.begin(), others.end());
      halve_together(tiled);
    } else {
      halve(tiled);
      halve(others);
    }
    return given_;
  }

 private:
  [[nodiscard]] bool is_carried(const std::string& rank) const {
    return std::any_of(cascade_.iterative_ranks().begin(), cascade_.iterative_ranks().end(),
                       [&](const RankDecl& iterative) { return iterative.name == rank; });
  }

  [[nodiscard]] bool is_tiled(const std::string& rank) const {
    return cascade_.partition_of(rank) != nullptr ||
           std::any_of(plan_.tiles.begin(), plan_.tiles.end(),
                       [&](const NamedExpression& tile) { return tile.name.text.compare(0, rank.size(), rank) == 0; });
  }

  [[nodiscard]] bool excessive() const {
    const Shape shape = cascade_.bind(given_, where_);
    const double budget = static_cast<double>(options_.operation_budget);
    if (operations(cascade_, shape) > budget || kPair * pairs(cascade_, shape) > budget) return true;
    if (value_bytes(cascade_, shape) > 8.0 * static_cast<double>(options_.element_budget)) return true;
    return work_of_schedule() > budget;
  }

  // Elements that all loads and stores copy, one more for each instance. 0 where the plan does not fit the shape: that
  // is reported where the check itself lowers it.
  [[nodiscard]] double work_of_schedule() const {
    try {
      const Program program = lower(cascade_, machine_, plan_, given_, options_.dtype, where_, options_.seed);
      double work = 0;
      for (const Statement& statement : program.statements) {
        const double each = statement.kind == StatementKind::operation ? 0 : moved_elements(statement);
        work += static_cast<double>(Program::issued(statement)) * (kInstance + each);
      }
      return work;
    } catch (const UserError&) {
      return 0;
    }
  }

  // A cut from which derived ranks do not come out whole is not made.
  bool set(const std::string& rank, std::int64_t extent) {
    const Shape before = given_;
    given_.set(rank, extent);
    try {
      static_cast<void>(cascade_.bind(given_, where_));
      return true;
    } catch (const UserError&) {
      given_ = before;
      return false;
    }
  }

  void halve(std::vector<std::string> ranks) {
    while (excessive() && !ranks.empty()) {
      const auto longest =
          std::max_element(ranks.begin(), ranks.end(),
                           [&](const std::string& a, const std::string& b) { return given_.at(a) < given_.at(b); });
      const std::int64_t extent = given_.at(*longest);
      if (extent == 1) return;
      if (!set(*longest, (extent + 1) / 2)) ranks.erase(longest);
    }
  }

  void halve_together(const std::vector<std::string>& ranks) {
    for (bool smaller = true; smaller && excessive();) {
      smaller = false;
      for (const std::string& rank : ranks) {
        const std::int64_t extent = given_.at(rank);
        smaller = (extent > 1 && set(rank, extent / 2)) || smaller;
      }
    }
  }

  static constexpr double kPair = 8;       // … as so many operations
  static constexpr double kInstance = 64;  // a tile operation or a move costs about as much as so many elements

  const Cascade& cascade_;
  const Machine& machine_;
  const Plan& plan_;
  const CheckOptions& options_;
  const Span& where_;
  Shape given_;
};

}  // namespace

Shape clip_for_check(const Cascade& cascade, const Machine& machine, const Plan& plan, const Shape& workload,
                     const CheckOptions& options, const Span& where, Cut cut, const std::set<std::string>& kept) {
  return Clip(cascade, machine, plan, options, where).run(workload, cut, kept);
}

}  // namespace einloom
