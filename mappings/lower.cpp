// SPDX-License-Identifier: Apache-2.0
// The lowering pipeline: read this to know what happens between documents and Program.
#include "mappings/lower.hpp"

#include <algorithm>

#include "einsum/affine.hpp"
#include "einsum/counts.hpp"
#include "mappings/steps/lowering.hpp"

namespace einloom {

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
  find_empty_tiles(lowering);
  connect(lowering);
  connect_engines(lowering);
  read_phases(lowering);
  check_capacities(lowering);
  prune_dependences(lowering);
  check_progress(lowering);

  for (std::size_t e = 0; e < cascade.einsums().size(); ++e) {
    lowering.program.masked =
        lowering.program.masked || !absent_constraints(cascade, static_cast<int>(e), lowering.program.shape).empty();
  }
  lowering.program.required_operations = count_operations(cascade, lowering.program.shape);
  return std::move(lowering.program);
}

}  // namespace einloom
