// SPDX-License-Identifier: Apache-2.0
// The rules between the components of a machine: one dram, at least one array, links that make sense and reach all.
// Contract: reports machine-no-dram, machine-several-drams, machine-no-array, link-to-itself, link-duplicate and
// component-unreachable; a rule whose inputs were already reported as wrong is not applied.
#pragma once

#include "arch/machine.hpp"
#include "base/diagnostic.hpp"

namespace einloom {

// Which parts of the document became part of the machine without loss.
struct MachineReadState {
  bool all_components = true;  // every component has a known kind
  bool all_links = true;       // every link names two components
};

void validate_machine(const Machine& machine, const MachineReadState& state, Diagnostics& diagnostics);

}  // namespace einloom
