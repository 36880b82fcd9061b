// SPDX-License-Identifier: Apache-2.0
#include "mappings/tile_region.hpp"

#include <algorithm>

#include "base/diagnostic.hpp"
#include "einsum/operands.hpp"

namespace einloom {
namespace {

// Index of a path loop at a position, guards included.
std::int64_t loop_index(const Program& program, const Statement& statement, std::size_t path,
                        const std::vector<std::int64_t>& position) {
  if (statement.guards[path] == Guard::first) return 0;
  if (statement.guards[path] == Guard::last) {
    return program.loops[static_cast<std::size_t>(statement.loops[path])].trip - 1;
  }
  const auto found = std::find(statement.effective.begin(), statement.effective.end(), static_cast<int>(path));
  return position[static_cast<std::size_t>(found - statement.effective.begin())];
}

}  // namespace

Box tile_box(const Program& program, const Statement& statement, const std::vector<std::int64_t>& position) {
  const unsigned variant = program.variant_at(statement, position);
  Box box;
  for (const BoxDimension& dimension : statement.box) {
    std::int64_t begin = 0;
    for (std::size_t path = 0; path < statement.loops.size(); ++path) {
      const ProgramLoop& loop = program.loops[static_cast<std::size_t>(statement.loops[path])];
      std::int64_t rest = loop_index(program, statement, path, position);
      for (std::size_t d = loop.digits.size(); d-- > 0;) {
        const LoopDigit& digit = loop.digits[d];
        if (digit.dimension == dimension.variable) begin += rest % digit.trip * digit.step;
        rest /= digit.trip;
      }
    }
    const bool shrinks = dimension.partial >= 0 && (variant >> dimension.partial & 1U) != 0;
    box.push_back({begin, begin + (shrinks ? dimension.last : dimension.full)});
  }
  return box;
}

const Access& touched_access(const Program& program, const Cascade& cascade, const Statement& statement) {
  if (statement.kind != StatementKind::load) {
    return cascade.find_einsum(program.tensors[static_cast<std::size_t>(statement.tensor)])->output;
  }
  return *operand_accesses(cascade, statement.access_einsum)[static_cast<std::size_t>(statement.access)];
}

std::vector<RankRegion> rank_regions(const Program& program, const Cascade& cascade, const Statement& statement) {
  const Access& access = touched_access(program, cascade, statement);
  const TensorDecl& tensor = *cascade.find_tensor(access.tensor);
  std::vector<RankRegion> regions;
  for (std::size_t i = 0; i < access.indices.size(); ++i) {
    RankRegion region;
    const bool iterative = tensor.iterative_rank == tensor.ranks[i];
    region.extent = program.shape.at(tensor.ranks[i]) + (iterative ? 1 : 0);
    for (const IndexTerm& term : access.indices[i].terms) {
      const std::int64_t factor = term.factor * (term.symbol.empty() ? 1 : program.shape.at(term.symbol));
      if (!term.gathered.empty()) region.whole = true;
      if (term.is_constant()) region.offset += factor;
      for (std::size_t v = 0; v < statement.box.size() && !term.variable.empty(); ++v) {
        if (statement.box[v].variable == term.variable) region.terms.push_back({static_cast<int>(v), factor});
      }
    }
    regions.push_back(std::move(region));
  }
  return regions;
}

Range covered_range(const RankRegion& region, const Box& first, const Box& last) {
  if (region.whole) return {0, region.extent};
  std::int64_t lowest = region.offset, highest = region.offset;
  for (const RankRegion::Term& term : region.terms) {
    const auto dimension = static_cast<std::size_t>(term.box);
    const std::int64_t a = term.factor * first[dimension].begin, b = term.factor * (last[dimension].end - 1);
    lowest += std::min(a, b);
    highest += std::max(a, b);
  }
  return {std::clamp<std::int64_t>(lowest, 0, region.extent), std::clamp<std::int64_t>(highest + 1, 0, region.extent)};
}

Box tensor_region(const Program& program, const Cascade& cascade, const Statement& statement,
                  const std::vector<std::int64_t>& position, const std::vector<int>& free_loops) {
  std::vector<std::int64_t> low = position, high = position;
  for (int loop : free_loops) {
    low[static_cast<std::size_t>(loop)] = 0;
    high[static_cast<std::size_t>(loop)] = statement.trips[static_cast<std::size_t>(loop)] - 1;
  }
  const Box first = tile_box(program, statement, low);
  const Box last = tile_box(program, statement, high);
  Box region;
  for (const RankRegion& rank : rank_regions(program, cascade, statement)) {
    region.push_back(covered_range(rank, first, last));
  }
  return region;
}

}  // namespace einloom
