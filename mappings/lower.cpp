// SPDX-License-Identifier: Apache-2.0
// The lowering pipeline: read this to know what happens between documents and Program.
#include "mappings/lower.hpp"

#include <algorithm>

#include "einsum/affine.hpp"
#include "einsum/counts.hpp"
#include "mappings/steps/lowering.hpp"

namespace einloom {
namespace {

// Has the Einsum absent points inside its ranks, by a predicate or by an index that leaves its tensor? One that holds
// everywhere does not count.
bool is_masked(const Cascade& cascade, int einsum, const Shape& shape) {
  const Einsum& one = cascade.einsums()[static_cast<std::size_t>(einsum)];
  const std::vector<std::string> variables = one.variables();
  const std::vector<std::int64_t> extents = variable_extents(one, shape);
  for (const Constraint& constraint : domain_constraints(cascade, einsum, shape)) {
    // What a shorter last tile leaves out is not issued.
    if (std::any_of(cascade.partitions().begin(), cascade.partitions().end(), [&](const PartitionDecl& partition) {
          return is_partition_bound(constraint, partition, variables, shape);
        })) {
      continue;
    }
    std::int64_t largest = constraint.form.constant;  // form <= 0 is required
    for (std::size_t i = 0; i < extents.size(); ++i) {
      largest += std::max<std::int64_t>(0, constraint.form.coefficients[i] * (extents[i] - 1));
    }
    if (constraint.is_not_equal || largest > 0) return true;
  }
  return false;
}

}  // namespace

Program lower(const Cascade& cascade, const Machine& machine, const Plan& plan, const Shape& workload, Dtype dtype,
              const Span& where) {
  Lowering lowering{cascade, machine, plan, where};
  lowering.program.cascade = cascade.name();
  lowering.program.plan = plan.name;
  lowering.program.machine = machine.name;
  lowering.program.dtype = dtype;
  for (const Einsum& einsum : cascade.einsums()) lowering.program.einsums.push_back(einsum.name());
  for (const PeArray& array : machine.arrays) lowering.program.arrays.push_back(array.name);
  for (const Memory& memory : machine.memories) lowering.program.memories.push_back(memory.name);

  resolve_tiles(lowering, workload);
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
  connect(lowering);
  connect_engines(lowering);
  read_phases(lowering);
  check_capacities(lowering);
  prune_dependences(lowering);
  check_progress(lowering);

  for (std::size_t e = 0; e < cascade.einsums().size(); ++e) {
    lowering.program.masked =
        lowering.program.masked || is_masked(cascade, static_cast<int>(e), lowering.program.shape);
  }
  lowering.program.required_operations = count_operations(cascade, lowering.program.shape);
  return std::move(lowering.program);
}

}  // namespace einloom
