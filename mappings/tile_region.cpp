// SPDX-License-Identifier: Apache-2.0
#include "mappings/tile_region.hpp"

#include <algorithm>

#include "base/diagnostic.hpp"

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

const Access* reading_access(const Program& program, const Cascade& cascade, const Statement& load) {
  const std::string& tensor = program.tensors[static_cast<std::size_t>(load.tensor)];
  for (const Statement& reader : program.statements) {
    if (reader.kind != StatementKind::operation || reader.loops != load.loops ||
        reader.body_offset != load.body_offset || (load.reader_einsum >= 0 && load.reader_einsum != reader.einsum)) {
      continue;
    }
    for (const Access* access : cascade.einsums()[static_cast<std::size_t>(reader.einsum)].reads()) {
      if (access->tensor == tensor) return access;
    }
  }
  return nullptr;
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
  const Access* access =
      statement.kind == StatementKind::load
          ? reading_access(program, cascade, statement)
          : &cascade.find_einsum(program.tensors[static_cast<std::size_t>(statement.tensor)])->output;
  ensure(access != nullptr, "a load has an Einsum that reads its tensor");
  return *access;
}

Box tensor_region(const Program& program, const Cascade& cascade, const Statement& statement,
                  const std::vector<std::int64_t>& position, const std::vector<int>& free_loops) {
  const Access& access = touched_access(program, cascade, statement);
  const TensorDecl& tensor = *cascade.find_tensor(access.tensor);
  std::vector<std::int64_t> low = position, high = position;
  for (int loop : free_loops) {
    low[static_cast<std::size_t>(loop)] = 0;
    high[static_cast<std::size_t>(loop)] = statement.trips[static_cast<std::size_t>(loop)] - 1;
  }
  const Box first = tile_box(program, statement, low);
  const Box last = tile_box(program, statement, high);
  Box region;
  for (std::size_t i = 0; i < access.indices.size(); ++i) {
    std::int64_t begin = 0, end = 1;
    for (const IndexTerm& term : access.indices[i].terms) {
      const std::int64_t factor = term.factor * (term.symbol.empty() ? 1 : program.shape.at(term.symbol));
      if (term.variable.empty()) {
        begin += factor;
        end += factor;
        continue;
      }
      for (std::size_t v = 0; v < statement.box.size(); ++v) {
        if (statement.box[v].variable != term.variable) continue;
        begin += factor * first[v].begin;
        end += factor * (last[v].end - 1);
      }
    }
    const bool iterative = tensor.iterative_rank == tensor.ranks[i];
    const std::int64_t extent = program.shape.at(tensor.ranks[i]) + (iterative ? 1 : 0);
    region.push_back({begin, std::min(end, extent)});
  }
  return region;
}

}  // namespace einloom
