// SPDX-License-Identifier: Apache-2.0
// Tile extents → how every index variable of the cascade is cut into loops and tiles.
#include <fmt/format.h>

#include <algorithm>

#include "base/suggest.hpp"
#include "mappings/steps/lowering.hpp"

namespace einloom {
namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

struct TileLevel {
  std::string rank;
  int level = 0;
  bool apart = false;  // written P_1
};

// P1 → (P, 1) when P is a rank of the cascade that it does not partition itself; P_1 for any rank, also where P1 is the
// name of something else.
std::optional<TileLevel> tile_level(const Cascade& cascade, const std::string& name) {
  const std::vector<std::string> ranks = cascade.all_ranks();
  if (std::find(ranks.begin(), ranks.end(), name) != ranks.end()) return std::nullopt;
  for (const RankDecl& rank : cascade.ranks()) {
    if (name.size() <= rank.name.size() || name.compare(0, rank.name.size(), rank.name) != 0) continue;
    std::string digits = name.substr(rank.name.size());
    const bool apart = digits.front() == '_';
    if (apart) digits.erase(0, 1);
    if (!apart && cascade.partition_of(rank.name) != nullptr) continue;
    if (digits.size() == 1 && digits[0] >= '0' && digits[0] <= '8') return TileLevel{rank.name, digits[0] - '0', apart};
  }
  return std::nullopt;
}

bool is_parameter(const Cascade& cascade, const std::string& name) {
  const auto& parameters = cascade.parameters();
  return std::any_of(parameters.begin(), parameters.end(), [&](const ParameterDecl& p) { return p.name == name; });
}

std::vector<std::string> tile_names(const Cascade& cascade) {
  std::vector<std::string> names;
  for (const ParameterDecl& parameter : cascade.parameters()) names.push_back(parameter.name);
  for (const RankDecl& rank : cascade.ranks()) {
    if (cascade.partition_of(rank.name) != nullptr) continue;
    names.push_back(rank.name + "0");
    names.push_back(rank.name + "1");
  }
  return names;
}

// Levels of a tiled rank, innermost first: extents of P0, P1, … in elements-of-the-level-below.
struct RankLevels {
  std::map<int, std::pair<std::int64_t, Span>> extents;
  bool apart = false;
  Span span;  // of the name of the first one
};
using Levels = std::map<std::string, RankLevels>;

void cut_rank(Lowering& lowering, const std::string& rank, const RankLevels& given) {
  const auto& levels = given.extents;
  const std::string stem = given.apart ? "_" : "";
  Dimension dimension;
  dimension.variable = variable_of_rank(rank);
  dimension.stem = dimension.variable + stem;
  dimension.extent = lowering.program.shape.at(rank);
  dimension.inner = dimension.last = dimension.extent;
  if (levels.empty()) {
    // Untiled: either whole inside a tile, or (when a nest loops over it) one element at a time.
    dimension.loops = {LoopDigit{dimension.variable, dimension.variable, dimension.extent, 1}};
    lowering.dimensions[dimension.variable] = dimension;
    return;
  }
  std::int64_t below = 1;  // elements covered by one step of the level
  std::int64_t left = dimension.extent;
  int level = 0;
  for (; level <= 8; ++level) {
    const auto found = levels.find(level);
    if (found == levels.end()) break;
    const auto [wanted, span] = found->second;
    if (level == 0) {
      dimension.inner = std::min(wanted, dimension.extent);
      left = ceil_div(dimension.extent, wanted);
      dimension.last = dimension.extent - (left - 1) * wanted;
      below = wanted;
      continue;
    }
    if (left % wanted != 0) {
      lowering.diagnostics
          .error(
              "tile-not-dividing", span,
              fmt::format("{}{}{} = {} does not divide the {} tiles of the level below it; the iteration space must be "
                          "covered exactly once",
                          rank, stem, level, wanted, left))
          .with_help(
              fmt::format("write largest_divisor({}, {}), which is {}", left, wanted, largest_divisor(left, wanted)));
      return;
    }
    const std::string variable = dimension.stem + std::to_string(level);
    dimension.loops.insert(dimension.loops.begin(), LoopDigit{variable, dimension.variable, wanted, below});
    below *= wanted;
    left /= wanted;
  }
  const std::string top = dimension.stem + std::to_string(level);
  dimension.loops.insert(dimension.loops.begin(), LoopDigit{top, dimension.variable, left, below});
  if (dimension.last != dimension.inner) {
    for (const LoopDigit& digit : dimension.loops) dimension.last_when.push_back(digit.variable);
  }
  lowering.program.tile_extents[rank + stem + std::to_string(level)] = left;
  lowering.dimensions[dimension.variable] = dimension;
}

bool has_variable(const Einsum& einsum, const std::string& rank) {
  const std::vector<std::string> variables = einsum.variables();
  return std::find(variables.begin(), variables.end(), variable_of_rank(rank)) != variables.end();
}

void cut_partition(Lowering& lowering, const PartitionDecl& partition) {
  const Shape& shape = lowering.program.shape;
  const std::int64_t whole = shape.at(partition.rank);
  const std::int64_t wanted = shape.at(partition.inner);
  const std::int64_t trips = ceil_div(whole, wanted);
  Dimension outer;
  outer.variable = variable_of_rank(partition.outer);
  outer.extent = trips;
  outer.inner = outer.last = trips;
  outer.loops = {LoopDigit{outer.variable, outer.variable, trips, 1}};
  Dimension inner;
  inner.variable = variable_of_rank(partition.inner);
  inner.inner = std::min(wanted, whole);
  // An Einsum may use the inner part alone: then it has all of its values.
  const auto alone = [&](const Einsum& einsum) {
    return has_variable(einsum, partition.inner) && !has_variable(einsum, partition.outer);
  };
  const auto& einsums = lowering.cascade.einsums();
  inner.extent = std::any_of(einsums.begin(), einsums.end(), alone) ? wanted : inner.inner;
  inner.last = whole - (trips - 1) * wanted;
  if (trips == 1) inner.inner = inner.last;
  if (inner.last != inner.inner) inner.last_when = {outer.variable};
  lowering.dimensions[outer.variable] = outer;
  lowering.dimensions[inner.variable] = inner;
}

// Counts of operations, bytes and register accesses are 64-bit integers; an Einsum's points leave room for them.
void check_countable(Lowering& lowering) {
  constexpr double kMostPoints = 0x1p58;
  for (const Einsum& einsum : lowering.cascade.einsums()) {
    double points = 1;
    for (const std::string& variable : einsum.variables()) {
      points *= static_cast<double>(lowering.dimensions.at(variable).extent);
    }
    if (points <= kMostPoints) continue;
    lowering.diagnostics
        .error("workload-too-large", lowering.where,
               fmt::format("`{}` has {:.3g} points; at most {:.3g} can be counted", einsum.name(), points, kMostPoints))
        .with_help("make an extent smaller");
    return;
  }
}

}  // namespace

void resolve_tiles(Lowering& lowering, const Shape& workload) {
  const Cascade& cascade = lowering.cascade;
  if (lowering.plan.cascade.text != cascade.name()) {
    lowering.diagnostics.error(
        "plan-other-cascade", lowering.plan.cascade.span,
        fmt::format("the plan is for cascade `{}`; it was given `{}`", lowering.plan.cascade.text, cascade.name()));
    lowering.diagnostics.throw_if_any();  // everything else would only repeat it
  }
  Shape given = workload;
  lowering.program.shape = cascade.bind(given, lowering.where);
  for (const NamedExpression& parameter : lowering.plan.parameters) {
    if (const auto value = lowering.evaluate(parameter.value)) lowering.parameters[parameter.name.text] = *value;
  }
  Levels levels;
  for (const NamedExpression& tile : lowering.plan.tiles) {
    const std::string& name = tile.name.text;
    const auto level = tile_level(cascade, name);
    const bool parameter = is_parameter(cascade, name);
    if (!level && !parameter) {
      lowering.diagnostics
          .error("tile-unknown", tile.name.span,
                 fmt::format("`{}` is neither a parameter of cascade `{}` nor a tile level of one of its ranks", name,
                             cascade.name()))
          .with_help(suggestion(name, tile_names(cascade)));
      continue;
    }
    if (lowering.program.tile_extents.count(name) != 0 ||
        (level && levels[level->rank].extents.count(level->level) != 0)) {
      lowering.diagnostics.error("tile-repeated", tile.name.span, fmt::format("`{}` is given twice", name));
      continue;
    }
    if (level && !levels[level->rank].extents.empty() && levels[level->rank].apart != level->apart) {
      lowering.diagnostics
          .error("tile-levels-mixed", tile.name.span,
                 fmt::format("`{}` and the level before it of rank `{}` are written in two ways, with `_` and without",
                             name, level->rank))
          .with_help(fmt::format("write `{}{}{}`", level->rank, level->apart ? "" : "_", level->level));
      continue;
    }
    const auto value = lowering.evaluate_count(tile.value, fmt::format("`{}`", name), 1);
    if (!value) continue;
    lowering.program.tile_extents[name] = *value;
    if (parameter) {
      given.set(name, *value);
      lowering.program.shape = cascade.bind(given, lowering.where);
    } else {
      RankLevels& of_rank = levels[level->rank];
      if (of_rank.extents.empty()) of_rank.span = tile.name.span;
      of_rank.extents[level->level] = {*value, tile.value.span()};
      of_rank.apart = level->apart;
    }
  }
  lowering.diagnostics.throw_if_any();
  for (const auto& [rank, by_level] : levels) {
    int expected = 0;
    for (const auto& [level, entry] : by_level.extents) {
      if (level != expected) {
        lowering.diagnostics.error(
            "tile-level-missing", entry.second,
            fmt::format("`{0}{1}` is given but `{0}{2}` is not; levels count from 0, innermost first",
                        rank + (by_level.apart ? "_" : ""), level, expected));
        break;
      }
      ++expected;
    }
  }
  lowering.diagnostics.throw_if_any();
  for (const RankDecl& rank : cascade.ranks()) {
    if (const PartitionDecl* partition = cascade.partition_of(rank.name)) {
      cut_partition(lowering, *partition);
      const auto& einsums = cascade.einsums();
      if (std::any_of(einsums.begin(), einsums.end(), [&](const Einsum& e) { return has_variable(e, rank.name); })) {
        cut_rank(lowering, rank.name, levels[rank.name]);
      } else if (const RankLevels& given = levels[rank.name]; !given.extents.empty()) {
        lowering.diagnostics
            .error("tile-rank-partitioned", given.span,
                   fmt::format("no Einsum of cascade `{}` has rank `{}` whole, so there is nothing to cut into tiles",
                               cascade.name(), rank.name))
            .with_help(fmt::format("the cascade cuts it into `{}` and `{}`; set `{}`", partition->outer,
                                   partition->inner, partition->inner));
      }
    } else {
      cut_rank(lowering, rank.name, levels[rank.name]);
    }
  }
  if (lowering.diagnostics.empty()) check_countable(lowering);
  lowering.diagnostics.throw_if_any();
}

}  // namespace einloom
