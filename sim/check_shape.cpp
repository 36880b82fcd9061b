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

// The rank of which `rank` counts the same positions (M: P); "" when it is none's.
std::string counted_by(const Cascade& cascade, const std::string& rank) {
  for (const DerivedRank& derived : cascade.derived_ranks()) {
    if (derived.rank != rank || derived.formula.kind != ExpressionKind::symbol) continue;
    const auto& ranks = cascade.ranks();  // a parameter counts no positions
    const bool known = std::any_of(ranks.begin(), ranks.end(),
                                   [&](const RankDecl& each) { return each.name == derived.formula.name; });
    return known ? derived.formula.name : "";
  }
  return "";
}

// Pairs of positions, over all axes of an input (MY: PY, MX: PX): a kernel may look at each.
double pairs(const Cascade& cascade, const Shape& shape) {
  double most = 1;
  for (const TensorDecl& tensor : cascade.tensors()) {
    if (tensor.role != TensorRole::input) continue;
    std::set<std::string> others;
    double product = 1;
    for (const std::string& rank : tensor.ranks) {
      const std::string other = counted_by(cascade, rank);
      if (other.empty() || !others.insert(other).second) continue;
      product *= static_cast<double>(shape.at(rank)) * static_cast<double>(shape.at(other));
    }
    most = std::max(most, product);
  }
  return most;
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
      if (repeated && !is_carried(rank.name) && !is_reduced(rank.name)) {
        if (!excessive() || set(rank.name, 1)) continue;
      }
      (repeated || is_tiled(rank.name) ? tiled : others).push_back(rank.name);
    }
    if (cut == Cut::together) {
      tiled.insert(tiled.end(), others.begin(), others.end());
      halve_together(tiled);
    } else {
      halve(tiled, [&](const std::string& rank) { return two_tiles(rank); });
      halve(others, [](const std::string&) { return kFew; });
      for (const auto& ranks : {tiled, others}) halve(ranks, [](const std::string&) { return std::int64_t{1}; });
    }
    return given_;
  }

 private:
  [[nodiscard]] bool is_carried(const std::string& rank) const {
    return std::any_of(cascade_.iterative_ranks().begin(), cascade_.iterative_ranks().end(),
                       [&](const RankDecl& iterative) {
                         return iterative.name == rank || counted_by(cascade_, iterative.name) == rank;
                       });
  }

  // Is a sum or another reduction made over it, or over a rank that counts the same?
  [[nodiscard]] bool is_reduced(const std::string& rank) const {
    return std::any_of(cascade_.einsums().begin(), cascade_.einsums().end(), [&](const Einsum& einsum) {
      return std::any_of(einsum.reductions.begin(), einsum.reductions.end(), [&](const Reduction& reduction) {
        const std::string reduced = rank_of_variable(reduction.variable);
        return reduced == rank || counted_by(cascade_, reduced) == rank;
      });
    });
  }

  // Two of the cascade's own tiles, where it or a rank that counts the same has any.
  [[nodiscard]] std::int64_t two_tiles(const std::string& rank) const {
    const Shape shape = cascade_.bind(given_, where_);
    std::int64_t extent = 1;
    for (const PartitionDecl& partition : cascade_.partitions()) {
      if (partition.rank != rank && counted_by(cascade_, partition.rank) != rank) continue;
      extent = std::max(extent, 2 * shape.at(partition.inner));
    }
    return extent;
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

  // The longest, again and again, while it stays at or above `least`.
  template <class Least>
  void halve(std::vector<std::string> ranks, const Least& least) {
    while (excessive() && !ranks.empty()) {
      const auto longest =
          std::max_element(ranks.begin(), ranks.end(),
                           [&](const std::string& a, const std::string& b) { return given_.at(a) < given_.at(b); });
      const std::int64_t half = (given_.at(*longest) + 1) / 2;
      if (given_.at(*longest) == 1 || half < least(*longest) || !set(*longest, half)) ranks.erase(longest);
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

  static constexpr std::int64_t kFew = 8;
  static constexpr double kPair = 4;       // … as so many operations
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
