// SPDX-License-Identifier: Apache-2.0
// Reads the controller of an array: its engines and its table of instructions, as expressions over the machine's
// parameters.
// Contract: reports base's reader codes, value-range, not-whole, expression-*, value-unknown and
// controller-no-instructions; what it returns after an error is never used.
#pragma once

#include <string>

#include "arch/machine.hpp"
#include "arch/machine_parameters.hpp"
#include "base/diagnostic.hpp"
#include "base/yaml_reader.hpp"

namespace einloom {

[[nodiscard]] Controller read_controller(const YamlNode& node, const std::string& array,
                                         const MachineParameters& parameters, Diagnostics& diagnostics);

}  // namespace einloom
