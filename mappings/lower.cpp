// SPDX-License-Identifier: Apache-2.0
// The lowering pipeline: read this to know what happens between documents and Program.
#include "mappings/lower.hpp"

#include <algorithm>

#include "einsum/affine.hpp"
#include "einsum/counts.hpp"
#include "mappings/steps/lowering.hpp"

namespace einloom {
namespace {

// By the cascade's own counts; of an Einsum that data leaves tiles of, one point of each tile is sure.
std::map<std::string, std::int64_t> required_operations(const Lowering& lowering) {
  const Program& program = lowering.program;
  if (program.deciding.empty()) return count_operations(lowering.cascade, program.shape);
  std::map<std::string, std::int64_t> required;
  for (const Statement& statement : program.statements) {
    if (statement.kind != StatementKind::operation) continue;
    if (statement.mask == nullptr) {
      for (const auto& [op, count] : count_operations(lowering.cascade, statement.einsum, program.shape)) {
        required[op] += count;
      }
    } else {
      for (const auto& [op, count] : statement.operations_per_point) required[op] += count * Program::issued(statement);
    }
  }
  return required;
}

}  // namespace

Program lower(const Cascade& cascade, const Machine& machine, const Plan& plan, const Shape& workload, Dtype dtype,
              const Span& where, std::optional<std::uint64_t> seed) {
  Lowering lowering{cascade, machine, plan, where};
  lowering.program.cascade = cascade.name();
  lowering.program.plan = plan.name;
  lowering.program.machine = machine.name;
  lowering.program.dtype = dtype;
  for (const Einsum& einsum : cascade.einsums()) lowering.program.einsums.push_back(einsum.name());
  for (const PeArray& array : machine.arrays) lowering.program.arrays.push_back(array.name);
  for (const Memory& memory : machine.memories) lowering.program.memories.push_back(memory.name);

  resolve_tiles(lowering, workload);
  if (seed && plan.empty_tiles == EmptyTiles::skip)
    lowering.known.emplace(cascade, lowering.program.shape, dtype, *seed);
  check_names(lowering);
  place_tensors(lowering);
  build_nests(lowering);
  place_moves(lowering);
  skip_absent(lowering);
  coalesce_loops(lowering);
  cost_statements(lowering);
  locate_moves(lowering);
  form_instructions(lowering);
  allocate_storage(lowering);
  find_empty_tiles(lowering);
  connect(lowering);
  connect_engines(lowering);
  read_phases(lowering);
  check_capacities(lowering);
  prune_dependences(lowering);
  check_progress(lowering);

  lowering.program.masked = !lowering.program.deciding.empty();
  for (std::size_t e = 0; e < cascade.einsums().size(); ++e) {
    lowering.program.masked =
        lowering.program.masked || !absent_constraints(cascade, static_cast<int>(e), lowering.program.shape).empty();
  }
  lowering.program.required_operations = required_operations(lowering);
  return std::move(lowering.program);
}

}  // namespace einloom
