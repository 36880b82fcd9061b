// SPDX-License-Identifier: Apache-2.0
// The arguments that say which points a command works on: specs, --set, --fidelity, --dtype.
// Contract: errors point into the command line or into the documents.
#pragma once

#include <string>
#include <vector>

#include "experiments/cli/command_line.hpp"
#include "experiments/documents.hpp"
#include "experiments/point.hpp"
#include "experiments/spec.hpp"

namespace einloom::cli {

struct SpecArguments {
  std::vector<std::string> specs;
  std::vector<std::string> settings;
  std::string fidelity, dtype;
};

void add_set_option(CLI::App& command, std::vector<std::string>& settings);
void add_dtype_option(CLI::App& command, std::string& dtype);

// The specs named, as the other arguments change them.
[[nodiscard]] std::vector<Spec> load_specs(const Library& library, const SpecArguments& arguments,
                                           const CommandLine& command_line);
// UserError run-no-points when none is left.
[[nodiscard]] std::vector<Point> load_points(const Library& library, const std::vector<Spec>& specs);

}  // namespace einloom::cli
