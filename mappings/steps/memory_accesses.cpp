// SPDX-License-Identifier: Apache-2.0
#include "mappings/steps/memory_accesses.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace einloom {
namespace {

// Do consecutive instances add to the same tile?
bool sums_in_place(const Statement& statement) {
  return statement.accumulates && !statement.accumulation_loops.empty() &&
         statement.accumulation_loops.back() == static_cast<int>(statement.effective.size()) - 1;
}

std::int64_t extent_of(const std::vector<BoxDimension>& box, const std::string& variable, unsigned set) {
  const auto found =
      std::find_if(box.begin(), box.end(), [&](const BoxDimension& each) { return each.variable == variable; });
  return found == box.end() ? 1 : extent_in(*found, set);
}

std::int64_t box_extent(const Statement& statement, const std::string& variable) {
  for (const BoxDimension& box : statement.box) {
    if (box.variable == variable) return box.full;
  }
  return 1;
}

bool same_iterations(const Statement& a, const Statement& b) {
  return a.loops == b.loops && a.guards == b.guards && a.body_offset == b.body_offset;
}

std::int64_t indices_that_gather(const Access& access) {
  return std::count_if(access.indices.begin(), access.indices.end(),
                       [](const IndexExpression& index) { return index.gathers(); });
}

// Plain ones by what they say; gathers and multiples term by term.
bool index_alike(const IndexExpression& a, const IndexExpression& b) {
  if (a.plain_variable() && b.plain_variable()) {
    return a.plain_variable() == b.plain_variable() && a.plain_offset() == b.plain_offset();
  }
  return reads_alike(Access{"", {a}, {}}, Access{"", {b}, {}});
}

}  // namespace

std::int64_t MemoryAccesses::region_elements(const Access& access, const std::vector<BoxDimension>& box,
                                             unsigned set) const {
  std::int64_t elements = 1;
  for (std::size_t i = 0; i < access.indices.size(); ++i) elements *= covered(access, i, box, set);
  return elements;
}

std::int64_t MemoryAccesses::covered(const Access& access, std::size_t rank, const std::vector<BoxDimension>& box,
                                     unsigned set) const {
  const std::int64_t extent = lowering_.program.shape.at(lowering_.tensor(access.tensor).ranks[rank]);
  if (access.indices[rank].gathers()) return extent;
  std::int64_t elements = 1;
  for (const IndexTerm& term : access.indices[rank].terms) {
    if (term.variable.empty()) continue;
    const std::int64_t factor = term.factor * (term.symbol.empty() ? 1 : lowering_.program.shape.at(term.symbol));
    elements += std::abs(factor) * (extent_of(box, term.variable, set) - 1);
  }
  return std::min(elements, extent);
}

std::int64_t MemoryAccesses::tile_elements(const Access& access, const std::vector<BoxDimension>& box,
                                           unsigned set) const {
  const std::int64_t region = region_elements(access, box, set);
  std::set<std::string> fetched;  // variables of indices that gather: every point fetches its own element
  std::int64_t elements = 1;
  for (const IndexExpression& index : access.indices) {
    for (const std::string& variable : index.gathers() ? index.variables() : std::vector<std::string>{}) {
      if (fetched.insert(variable).second) elements *= extent_of(box, variable, set);
      if (elements >= region) return region;
    }
  }
  for (std::size_t i = 0; i < access.indices.size(); ++i) {
    const auto own = access.indices[i].plain_variable();
    if (access.indices[i].gathers() || (own && fetched.count(*own) != 0)) continue;
    elements *= covered(access, i, box, set);
  }
  return std::min(elements, region);
}

std::int64_t MemoryAccesses::result_bytes(const Access& output, const std::vector<BoxDimension>& box,
                                          unsigned set) const {
  return region_elements(output, box, set) * size_of(lowering_.dtype_of(output.tensor)).value();
}

std::int64_t MemoryAccesses::result_bytes(const Statement& operation, unsigned set) const {
  return result_bytes(lowering_.einsum(operation).output, operation.box, set);
}

std::int64_t MemoryAccesses::tile_bytes(const Access& access, const std::vector<BoxDimension>& box,
                                        unsigned set) const {
  return tile_elements(access, box, set) * size_of(lowering_.dtype_of(access.tensor)).value();
}

std::int64_t MemoryAccesses::on_chip(std::int64_t bytes, double spilled) {
  return bytes - std::llround(static_cast<double>(bytes) * spilled);
}

void MemoryAccesses::add(const Statement& statement, const Einsum& einsum, unsigned set, bool sum_ends,
                         Work& work) const {
  for (const Access* access : lowering_.accesses(statement)) {
    const Placement* placement = lowering_.placement(access->tensor);
    if (placement == nullptr || is_forwarded(statement, *access) || read_earlier(statement, *access)) {
      continue;
    }
    work.accesses.push_back({placement->read_memory, lowering_.tensor_index(access->tensor),
                             on_chip(tile_bytes(*access, statement.box, set), placement->spilled), 0});
    work.gathered += indices_that_gather(*access) * tile_elements(*access, statement.box, set);
  }
  const Placement* placement = lowering_.placement(einsum.name());
  if (placement == nullptr) return;
  const std::int64_t bytes = on_chip(tile_bytes(einsum.output, statement.box, set), placement->spilled);
  if (const std::int64_t scattering = indices_that_gather(einsum.output); scattering > 0) {
    std::int64_t placed = scattering;
    for (const std::string& variable : index_variables(einsum.output)) {
      placed *= extent_of(statement.box, variable, set);
    }
    work.scattered += placed;
  }
  const bool leaves = sum_ends || !sums_in_place(statement);
  work.accesses.push_back({placement->memory, statement.tensor, sum_ends || !leaves ? 0 : bytes, leaves ? bytes : 0});
}

bool MemoryAccesses::is_second_pass(const Statement& statement, const Access& access) const {
  for (const Statement& other : lowering_.program.statements) {
    if (other.kind != StatementKind::operation || &other == &statement || !same_iterations(other, statement)) continue;
    const Einsum& reader = lowering_.einsum(other);
    const Access* read = access_to(lowering_.accesses(other), access.tensor);
    if (read == nullptr) continue;
    const std::vector<std::string> indices = index_variables(*read);
    const bool reduces = std::any_of(indices.begin(), indices.end(), [&](const std::string& variable) {
      return reader.reduces(variable) && box_extent(other, variable) > 1;
    });
    if (reduces && depends_on(statement, reader.name())) return true;
  }
  return false;
}

bool MemoryAccesses::depends_on(const Statement& statement, const std::string& name) const {
  for (const Access* access : lowering_.accesses(statement)) {
    if (access->tensor == name) return true;
    const auto producer = lowering_.statement_of.find(access->tensor);
    if (producer == lowering_.statement_of.end()) continue;
    const Statement& writer = lowering_.program.statements[static_cast<std::size_t>(producer->second)];
    if (&writer < &statement && same_iterations(writer, statement) && depends_on(writer, name)) return true;
  }
  return false;
}

bool MemoryAccesses::is_forwarded(const Statement& statement, const Access& access) const {
  const auto producer = lowering_.statement_of.find(access.tensor);
  if (producer == lowering_.statement_of.end()) return false;
  const Statement& writer = lowering_.program.statements[static_cast<std::size_t>(producer->second)];
  if (!same_iterations(writer, statement)) return false;
  const Placement* placement = lowering_.placement(access.tensor);
  if (placement != nullptr && (placement->reload != nullptr || is_second_pass(statement, access))) return false;
  const Access& output = lowering_.einsum(writer).output;
  for (std::size_t i = 0; i < access.indices.size(); ++i) {
    if (!index_alike(access.indices[i], output.indices[i]) || access.indices[i].gathers()) return false;
  }
  return true;
}

bool MemoryAccesses::read_earlier(const Statement& statement, const Access& access) const {
  const auto same = [&](const Access& other) {
    return other.tensor == access.tensor && std::equal(other.indices.begin(), other.indices.end(),
                                                       access.indices.begin(), access.indices.end(), index_alike);
  };
  for (const Access* own : lowering_.accesses(statement)) {
    if (own == &access) break;
    if (same(*own)) return true;
  }
  for (const Statement& other : lowering_.program.statements) {
    if (&other == &statement) return false;
    if (other.kind != StatementKind::operation || other.array != statement.array ||
        !same_iterations(other, statement) || is_forwarded(other, access)) {
      continue;
    }
    for (const Access* read : lowering_.accesses(other)) {
      if (same(*read)) return true;
    }
  }
  return false;
}

}  // namespace einloom
